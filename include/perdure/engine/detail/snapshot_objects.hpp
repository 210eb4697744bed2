// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_DETAIL_SNAPSHOT_OBJECTS_HPP
#define PERDURE_ENGINE_DETAIL_SNAPSHOT_OBJECTS_HPP

// What persisting and loading have in common: the head as its slot has it, manifests as the content store has them, the base
// file.

#include <perdure/engine/snapshot_head.hpp>
#include <perdure/engine/snapshot_manifest.hpp>
#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/manifest/slot.hpp>
#include <perdure/store/content_store.hpp>

namespace perdure {
inline namespace v1 {

// A file that holds one section of the newest snapshot, for an engine that maps it.
template <Fs F>
class base_file {
 public:
  // At least so durable: else unsupported.
  base_file(F& fs, path_view path, bytes section, enum durability at_least = durability::full) noexcept
      : fs_(&fs), path_(path), section_(section), at_least_(at_least) {}

  [[nodiscard]] bytes section() const noexcept { return section_; }
  // A directory that is missing is not one in which there is nothing yet.
  [[nodiscard]] result<void> check() const {
    const path_view parent = split_path<F>(path_).parent;
    const auto there = fs_->stat(parent);
    if (!there) {
      const bool missing = there.error().code() == code::not_found;
      return detail::about_path(missing ? failure(code::invalid_storage_root, operation::stat) : there.error(), parent);
    }
    if (there->kind == file_kind::directory) return {};
    return detail::about_path(failure(code::not_a_directory, operation::stat), parent);
  }
  // A writer writes always: what is there may be what an earlier call of it could not make durable, and no later sync can tell.
  using writer = atomic_writer<F>;
  [[nodiscard]] result<writer> begin() const {
    // Whether names can be made durable is learned by doing it: a sync before that is one to spare.
    const enum durability before = at_least_ < durability::ordered ? at_least_ : durability::ordered;
    return writer::open(*fs_, path_, {.at_least = before});
  }
  [[nodiscard]] result<void> commit(writer& of) const {
    const auto written = of.commit();
    // Of the file alone: the head is not in doubt.
    if (!written) return written.error().with(doubt::none);
    const bool lasts = written->durability >= at_least_;
    return lasts ? result<void>() : detail::about_path(failure(code::unsupported, operation::sync_dir), path_);
  }
  // read(sink) -> result<void> tells all of it, and once more where the file holds something else.
  template <class Read>
  [[nodiscard]] result<void> refresh(std::uint64_t size_bytes, Read&& read) const {
    if (holds(size_bytes, read)) return {};
    auto file = begin();
    if (!file) return file.error().with(doubt::none);
    PERDURE_TRY(read([&](bytes piece) { return file->write(piece); }));
    return commit(*file);
  }

 private:
  // As atomic_write has it with content::skip_unchanged: being there is not being durable, and where that cannot be had of it,
  // the file is written like any other.
  template <class Read>
  [[nodiscard]] bool holds(std::uint64_t size_bytes, Read& read) const {
    const auto info = stat_link(*fs_, path_);
    const bool tells = info || info.error().code() == code::unsupported;
    if (!tells || (info && info->kind != file_kind::file)) return false;  // to open a pipe is to wait for somebody
    auto there = fs_->open(path_, {.links = links::refuse});
    if (!there) return false;
    const auto size = there->size();
    if (!size || *size != size_bytes) return false;
    std::uint64_t at = 0;
    const auto compared = read([&](bytes piece) -> result<void> {
      for (; !piece.empty(); piece = piece.from(4096)) {
        std::byte held[4096];
        const bytes expected = piece.first(sizeof(held));
        const auto got = there->read_at(at, mutable_bytes(held, expected.size()));
        if (!got || !(bytes(held, *got) == expected)) return failure(code::conflict, operation::read);
        at += expected.size();
      }
      return {};
    });
    if (!compared || !there->sync(sync_what::all)) return false;
    const auto synced = fs_->sync_dir(split_path<F>(path_).parent);
    return synced || (synced.error().code() == code::unsupported && at_least_ < durability::full);
  }

  F* fs_;
  path_view path_;
  bytes section_;
  enum durability at_least_;
};

struct no_base_file {
  [[nodiscard]] bytes section() const noexcept { return {}; }
  [[nodiscard]] result<void> check() const noexcept { return {}; }
  // Never begun: it is of no section.
  struct writer {
    [[nodiscard]] result<void> write(bytes) const noexcept { return {}; }
  };
  [[nodiscard]] result<writer> begin() const noexcept { return writer(); }
  [[nodiscard]] result<void> commit(writer&) const noexcept { return {}; }
  template <class Read>
  [[nodiscard]] result<void> refresh(std::uint64_t, Read&&) const noexcept {
    return {};
  }
};

namespace detail {

// In words, for a constraint that is not met is many lines about what a Store has not.
template <class O>
struct is_over_a_store {
  static_assert(!Store<O>,
                "This takes a content_store, and not the Store that it is over: perdure::content_store objects(store);");
  static constexpr bool value = !Store<O>;
};

// A content_store, whatever it is over and however it packs its objects.
template <class O>
concept ContentObjects = is_over_a_store<O>::value &&
                         requires(O& objects, typename O::pin_type& pin, const content_id& id, bytes content, byte_sink sink) {
                           { objects.pin(content) } -> results_in<typename O::pin_type>;
                           { objects.put(pin, content) } -> results_in<stored_content>;
                           { objects.writer(pin).finish() } -> results_in<stored_content>;
                           { objects.get(id, sink) } -> results_in<std::uint64_t>;
                           { objects.size(id) } -> results_in<std::uint64_t>;
                         };

template <class B>
inline constexpr bool is_base_file = false;
template <class F>
inline constexpr bool is_base_file<base_file<F>> = true;
template <>
inline constexpr bool is_base_file<no_base_file> = true;

// Where something should be, that it is not there is no answer: nobody may take it for "nothing yet".
[[nodiscard]] inline failure instead_of_not_found(const failure& why, enum code other) noexcept {
  if (why.code() != code::not_found) return why;
  return failure(other, why.operation(), why.system_code()).with(why.doubt()).about(why.path());
}

template <class Token>
struct found_head {
  Token token = {};
  enum earlier earlier = earlier::nothing;
  snapshot_head head;
};

template <Slot H, class Look>
[[nodiscard]] result<found_head<typename H::token>> look_at_head(Look&& look) {
  byte_buffer text;
  const auto now = look(growing_room(text, snapshot_head::size_bytes_max));
  if (!now) return instead_of_not_found(now.error(), code::invalid_storage_root);
  found_head<typename H::token> found{now->token, now->earlier, {}};
  if (!now->exists()) return found;
  const auto head = decode_head(now->value);
  if (!head) return head.error();
  found.head = *head;
  return found;
}
template <Slot H>
[[nodiscard]] result<found_head<typename H::token>> load_head(H& slot) {
  return look_at_head<H>([&](slot_room room) { return slot.load(room); });
}
template <Slot H>
[[nodiscard]] result<found_head<typename H::token>> observe_head(H& slot) {
  return look_at_head<H>([&](slot_room room) { return slot.observe(room); });
}

// All of a content, which has no more bytes than this. That an object is missing is damage.
template <ContentObjects O>
[[nodiscard]] result<void> read_content(O& objects, const content_id& id, byte_buffer& into, std::uint64_t size_bytes_max) {
  into.clear();
  const auto got = objects.get(id, [&](bytes piece) -> result<void> {
    if (piece.size() > size_bytes_max - into.size()) return failure(code::corrupt, operation::get);
    into.append(piece);
    return {};
  });
  return got ? result<void>() : instead_of_not_found(got.error(), code::corrupt);
}

// The view is of `text`.
template <ContentObjects O>
[[nodiscard]] result<snapshot_manifest> read_manifest(O& objects, const snapshot_entry& of, byte_buffer& text) {
  PERDURE_TRY(read_content(objects, of.manifest, text, snapshot_manifest_bytes_max));
  const auto manifest = decode_manifest(text.view());
  if (!manifest) return manifest;
  if (manifest->generation != of.generation) return failure(code::corrupt, operation::read).about("generation of the manifest");
  return manifest;
}

}  // namespace detail

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_DETAIL_SNAPSHOT_OBJECTS_HPP
