// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_LOAD_SNAPSHOT_HPP
#define PERDURE_ENGINE_LOAD_SNAPSHOT_HPP

// load_snapshot<E>(objects, head, base, options) -> loaded_snapshot<E>
//
//   auto loaded = perdure::load_snapshot<index>(objects, head, perdure::base_file(fs, "data/base.bin", "index"));
//   if (!loaded) return loaded.error();
//   if (!loaded->exists()) return start_empty();             // there is no head: nothing was ever persisted
//   index& mine = perdure::engine_in<index>(loaded->engine());
//
// Effects: follows the head to the manifest, checks its version, its generation and the size of every section, makes an engine of
//   it, and writes the base file where it holds anything else. A head that is only visible is made durable first
//   (head_access::settled); with head_access::observed nothing is written but the base file. A generation that the head still
//   names is loaded instead of the newest one where options say so.
// Success: the engine as it was saved, every byte that it was made of proved by its digest, what it did not read as well; or
//   "nothing yet", where there is no head. The base file holds the section of this snapshot.
// Failure: nothing else is "nothing yet". corrupt: a head of somebody else, an object that is missing or altered, a manifest of
//   another generation; version_unsupported: a head or a manifest of a later format; not_found: a generation that the head does
//   not name; invalid_storage_root: the directory of the base file or of the head is missing; of the engine, operation `read`;
//   else as the Store, the Slot and atomic_write have it. Engines that are in memory are none of its business.
// Crash: the base file is as it was, or as this snapshot has it.
// Not promised: that a collector leaves a snapshot alone which the head no longer names, while it is loaded: that is corrupt, and
//   is loaded again from the head as it is then.
//
// Memory: the manifest, a MiB of the section that is read, what content_store needs, and what the engine takes.

#include <perdure/engine/detail/snapshot_objects.hpp>

namespace perdure {
inline namespace v1 {

enum class head_access : std::uint8_t {
  settled,   // for who will go on from it
  observed,  // for who only looks: it may be lost again
};

inline constexpr std::uint64_t newest_generation = UINT64_MAX;

struct load_snapshot_options {
  enum head_access head = head_access::settled;
  std::uint64_t generation = newest_generation;
};

template <Engine E>
class loaded_snapshot {
 public:
  loaded_snapshot() noexcept : engine_(failure(code::not_found, operation::load)) {}
  loaded_snapshot(const snapshot_entry& from, loaded_engine<E>&& made) : snapshot_(from), engine_(detail::moved(made)) {}

  // False: nothing yet.
  [[nodiscard]] bool exists() const noexcept { return engine_.has_value(); }
  [[nodiscard]] const snapshot_entry& snapshot() const noexcept { return snapshot_; }
  [[nodiscard]] loaded_engine<E>& engine() noexcept { return *engine_; }

 private:
  snapshot_entry snapshot_;
  result<loaded_engine<E>> engine_;
};

namespace detail {

// What an engine_source shows of a manifest's contents.
template <ContentObjects O>
class snapshot_source {
 public:
  snapshot_source(O& objects, const snapshot_manifest& manifest) noexcept : objects_(objects), manifest_(manifest) {}

  [[nodiscard]] bytes envelope() const noexcept { return manifest_.envelope; }
  [[nodiscard]] std::size_t sections() const noexcept { return manifest_.count; }
  [[nodiscard]] bytes section_name(std::size_t number) const noexcept { return manifest_.sections[number].name; }
  [[nodiscard]] std::uint64_t section_bytes(std::size_t number) const noexcept { return manifest_.sections[number].size_bytes; }
  [[nodiscard]] result<std::size_t> read_section(std::size_t number, std::uint64_t offset, mutable_bytes into) const {
    const auto got = into.size() < ahead_bytes ? read_ahead(number, offset, into) : read(number, offset, into);
    if (got && offset == read_[number]) read_[number] += *got;
    return got;
  }

  [[nodiscard]] result<void> check_sizes() const {
    for (const snapshot_section& one : manifest_) {
      const auto size = objects_.size(one.id);
      if (!size) return instead_of_not_found(size.error(), code::corrupt);
      if (*size != one.size_bytes) return failure(code::corrupt, operation::read).about(one.name);
    }
    return {};
  }
  // What the engine left out.
  [[nodiscard]] result<void> check_rest() const {
    for (std::size_t i = 0; i < manifest_.count; ++i) {
      if (read_[i] == manifest_.sections[i].size_bytes) continue;
      const auto verified = objects_.verify(manifest_.sections[i].id);
      if (!verified) return instead_of_not_found(verified.error(), code::corrupt);
    }
    return {};
  }

 private:
  static constexpr std::size_t ahead_bytes = std::size_t{1} << 20;

  [[nodiscard]] result<std::size_t> read(std::size_t number, std::uint64_t offset, mutable_bytes into) const {
    const auto got = objects_.get_range(manifest_.sections[number].id, offset, into);
    return got ? got : instead_of_not_found(got.error(), code::corrupt);
  }
  // For an engine that reads in small pieces, or each chunk would be got and proved as often as there are pieces of it.
  [[nodiscard]] result<std::size_t> read_ahead(std::size_t number, std::uint64_t offset, mutable_bytes into) const {
    std::size_t filled = 0;
    while (filled != into.size()) {
      const std::uint64_t from = offset + filled;
      if (number != ahead_of_ || from < ahead_from_ || from - ahead_from_ >= ahead_.size()) {
        ahead_of_ = engine_sections_max;
        if (!ahead_.resize(ahead_bytes)) return no_memory();
        const auto got = read(number, from, mutable_bytes(ahead_.data(), ahead_bytes));
        if (!got) return got;
        if (*got == 0) break;
        ahead_.truncate(*got);
        ahead_of_ = number;
        ahead_from_ = from;
      }
      const bytes some = bytes(ahead_.data(), ahead_.size()).from(static_cast<std::size_t>(from - ahead_from_));
      const bytes piece = some.first(into.size() - filled);
      std::memcpy(into.data() + filled, piece.data(), piece.size());
      filled += piece.size();
    }
    return filled;
  }

  O& objects_;
  const snapshot_manifest& manifest_;
  mutable room<std::byte> ahead_;  // what was read of a section, from here on
  mutable std::size_t ahead_of_ = engine_sections_max;
  mutable std::uint64_t ahead_from_ = 0;
  mutable std::uint64_t read_[engine_sections_max] = {};  // so much of each, from its beginning on
};

template <ContentObjects O, class Base>
[[nodiscard]] result<void> refresh_base(O& objects, const snapshot_manifest& manifest, const Base& base) {
  if (base.section().empty()) return {};
  const snapshot_section* const one = manifest.find(base.section());
  if (one == nullptr) return failure(code::corrupt, operation::read).about(base.section());
  return base.refresh(one->size_bytes, [&](byte_sink sink) -> result<void> {
    const auto got = objects.get(one->id, sink);
    return got ? result<void>() : instead_of_not_found(got.error(), code::corrupt);
  });
}

}  // namespace detail

template <Engine E, detail::ContentObjects O, Slot H, class Base = no_base_file>
  requires detail::is_base_file<Base>
[[nodiscard]] result<loaded_snapshot<E>> load_snapshot(O& objects, H& head, const Base& base = {},
                                                       const load_snapshot_options& options = {}) {
  PERDURE_TRY(base.check());
  const auto now = options.head == head_access::settled ? detail::load_head(head) : detail::observe_head(head);
  if (!now) return now.error();
  if (!now->head.exists()) return loaded_snapshot<E>();
  const snapshot_entry* wanted = now->head.begin();
  while (options.generation != newest_generation && wanted != now->head.end() && wanted->generation != options.generation)
    ++wanted;
  if (wanted == now->head.end()) return failure(code::not_found, operation::load);

  detail::byte_buffer text;
  const auto manifest = detail::read_manifest(objects, *wanted, text);
  if (!manifest) return manifest.error();
  const detail::snapshot_source<O> shown(objects, *manifest);
  PERDURE_TRY(shown.check_sizes());
  auto loaded = E::load(engine_source(shown));
  if (!loaded) return detail::instead_of_not_found(loaded.error(), code::corrupt);
  PERDURE_TRY(shown.check_rest());
  PERDURE_TRY(detail::refresh_base(objects, *manifest, base));
  return result<loaded_snapshot<E>>(in_place, *wanted, detail::moved(*loaded));
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_LOAD_SNAPSHOT_HPP
