// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_PERSIST_SNAPSHOT_HPP
#define PERDURE_ENGINE_PERSIST_SNAPSHOT_HPP

// persist_snapshot(engine, objects, head, base, options) -> persisted_snapshot
//
//   perdure::content_store objects(store);                                    // what it consists of
//   perdure::file_slot head(fs, "data/head.json");                            // which one it is: any Slot
//   auto done = perdure::persist_snapshot(engine, objects, head, perdure::base_file(fs, "data/base.bin", "index"), {.keep = 3});
//
// The engine, or its view, has a generation (engine.hpp); the base file is optional (no_base_file).
//
// Effects
//   1  looks at the head: one of a later generation is a conflict, before anything is written
//   2  takes a pin, and puts each section as a content of its own; what is there already is not sent again
//   3  writes the section of the base file into it, by an atomic_writer
//   4  puts the manifest (snapshot_manifest.hpp), which names the sections
//   5  replaces the head (snapshot_head.hpp): this snapshot, and behind it the last keep - 1 that were there
//   6  ends the pin
//   Equal engines give equal manifests, and the head that names this one already is left as it is: that is a success. No nonce is
//   in any of it. Memory: the manifest, and what content_writer needs: sections are stored while the engine writes them.
// Success: the snapshot survives, and the base file holds it or a later one.
// Failure: `unchanged` but where it says unknown: the head is as it was, or a later one of somebody else. conflict: there is a
//   snapshot of a later generation, or another one of this generation; of two writers the slower one. An engine that cannot be
//   encoded: operation `write`, as engine.hpp has it; invalid_argument where it has no section for the base file.
//   invalid_storage_root: the directory of the base file, or that of the head, is missing. Unknown, of the head alone: asked
//   again, it did not tell what became of it. cancelled; busy, when the head changed under it tries_max times; else as the Store,
//   the Slot and atomic_write have it.
// Crash: the head is the old one or the new one, and what it names is whole. The base file may be of this snapshot already, or of
//   one that lost: load_snapshot puts it right. A pin may be left, which somebody has to end (content_pin.hpp), and objects that
//   nobody names, which a collection takes.
// Not promised: the base file of a writer who lost. Any order but that of generations: who assigns the same one twice to
//   different contents is told so by conflict, if at all.

#include <perdure/engine/detail/snapshot_objects.hpp>

namespace perdure {
inline namespace v1 {

struct persist_options {
  std::size_t keep = 1;          // so many snapshots stay named by the head, this one among them; 64 at most
  bytes owner = {};              // of the pin: for people
  std::uint32_t tries_max = 16;  // when others replace the head meanwhile
  content_work work = {};        // of the contents: who is told how far they are, and the threads that may be used
};

struct persisted_snapshot {
  snapshot_entry snapshot;
  bool was_there = false;        // the head named it already
  bool pin_is_left = false;      // it could not be ended, and hinders a collection: content_pin.hpp says who may end it
  std::uint64_t size_bytes = 0;  // of all sections
  std::uint64_t objects = 0;
  std::uint64_t new_objects = 0;
  std::uint64_t new_bytes = 0;
};

namespace detail {

// The target of an engine_sink: each section is a content, on its way while the engine writes it.
template <ContentObjects O, class Base>
class snapshot_ingest {
 public:
  snapshot_ingest(O& objects, typename O::pin_type& pin, const Base& base, std::uint64_t generation, const content_work& work)
      : base_(base), contents_(objects.writer(pin, work)), encoder_(manifest_), needs_base_(!base.section().empty()) {
    done.snapshot.generation = generation;
  }

  [[nodiscard]] result<void> envelope(bytes content) {
    if (content.size() > snapshot_envelope_bytes_max) return failure(code::too_large, operation::write).about("envelope");
    return encoder_.begin(done.snapshot.generation, content);
  }
  [[nodiscard]] result<void> section(bytes name) {
    PERDURE_TRY(end());
    if (is_named(name)) return failure(code::invalid_argument, operation::write).about(name);
    const auto size = static_cast<std::uint8_t>(name.size());
    names_.append(bytes(&size, 1));
    names_.append(name);
    name_size_ = name.size();
    inside_ = true;
    if (!needs_base_ || !(name == base_.section())) return {};
    file_ = base_.begin();
    return file_ ? result<void>() : file_.error().with(doubt::none);
  }
  [[nodiscard]] result<void> write(bytes piece) {
    if (file_) {
      const auto written = file_->write(piece);
      if (!written) return written.error().with(doubt::none);
    }
    return contents_.write(piece);
  }
  // The id of the manifest.
  [[nodiscard]] result<void> finish() {
    PERDURE_TRY(end());
    if (needs_base_) return failure(code::invalid_argument, operation::write).about(base_.section());
    PERDURE_TRY(encoder_.finish());
    PERDURE_TRY(contents_.write(manifest_.view()));
    const auto stored = stored_now();
    if (!stored) return stored.error();
    done.snapshot.manifest = stored->id;
    return {};
  }

  persisted_snapshot done;

 private:
  [[nodiscard]] bool is_named(bytes name) const {
    for (bytes left = names_.view(); !left.empty();) {
      const auto size = static_cast<std::size_t>(left.data()[0]);
      if (left.from(1).first(size) == name) return true;
      left = left.from(1 + size);
    }
    return false;
  }
  [[nodiscard]] result<stored_content> stored_now() {
    const auto stored = contents_.finish();
    if (!stored) return stored;
    done.objects += stored->objects;
    done.new_objects += stored->new_objects;
    done.new_bytes += stored->new_bytes;
    return stored;
  }
  [[nodiscard]] result<void> end() {
    if (!inside_) return {};
    inside_ = false;
    const auto stored = stored_now();
    if (!stored) return stored.error();
    done.size_bytes += stored->size_bytes;
    const bytes name = names_.view().from(names_.size() - name_size_);
    if (file_) {
      PERDURE_TRY(base_.commit(*file_));
      file_ = failure(code::not_found, operation::open);
      needs_base_ = false;
    }
    return encoder_.add({name, stored->id, stored->size_bytes});
  }

  const Base& base_;
  typename O::writer_type contents_;
  byte_buffer manifest_;
  manifest_encoder encoder_;
  result<typename Base::writer> file_ = failure(code::not_found, operation::open);  // while its section is written
  byte_buffer names_;                                                               // each behind its size
  std::size_t name_size_ = 0;
  bool inside_ = false;
  bool needs_base_;
};

// What a head says to a snapshot that wants to be its newest.
enum class admitted : std::uint8_t { yes, is_there, no };
[[nodiscard]] inline admitted admit(const snapshot_head& head, const snapshot_entry& next) noexcept {
  if (!head.exists() || head.newest().generation < next.generation) return admitted::yes;
  return head.newest() == next ? admitted::is_there : admitted::no;
}

template <Slot H>
[[nodiscard]] result<bool> publish(H& slot, const snapshot_entry& next, const persist_options& options) {
  const failure lost(code::conflict, operation::replace);
  bool in_doubt = false;
  for (std::uint32_t tries = 0; tries < options.tries_max; ++tries) {
    const auto now = load_head(slot);
    if (!now) return in_doubt ? now.error().with(doubt::visible) : now.error();
    if (in_doubt && now->earlier == earlier::took_effect) return false;
    const admitted answer = admit(now->head, next);
    if (answer == admitted::is_there) return !in_doubt;
    if (in_doubt && now->earlier == earlier::untold) return failure(code::io, operation::replace).with(doubt::visible);
    if (answer == admitted::no) return lost;
    in_doubt = false;
    snapshot_head head = now->head;
    head.add(next, options.keep);
    char text[snapshot_head::size_bytes_max];
    const auto replaced = slot.replace(now->token, encode_head(head, text));
    if (replaced) return false;
    const failure& why = replaced.error();
    in_doubt = why.doubt() != doubt::none;
    const bool again = in_doubt || why.code() == code::conflict || why.code() == code::busy;
    if (!again) return instead_of_not_found(why, code::invalid_storage_root);
  }
  return failure(code::busy, operation::replace).with(in_doubt ? doubt::visible : doubt::none);
}

}  // namespace detail

template <detail::HasSave E, detail::ContentObjects O, Slot H, class Base = no_base_file>
  requires detail::is_base_file<Base>
[[nodiscard]] result<persisted_snapshot> persist_snapshot(const E& engine, O& objects, H& head, const Base& base = {},
                                                          const persist_options& options = {}) {
  const auto& seen = view_of(engine);
  static_assert(detail::HasGeneration<detail::remove_cvref<decltype(seen)>>, "A snapshot needs generation(): see engine.hpp");
  const std::uint64_t generation = seen.generation();
  PERDURE_TRY(base.check());
  const auto before = detail::load_head(head);
  if (!before) return before.error();
  if (before->head.exists() && before->head.newest().generation > generation) return failure(code::conflict, operation::replace);

  auto pin = objects.pin(options.owner);
  if (!pin) return pin.error().with(doubt::none);
  detail::snapshot_ingest<O, Base> ingest(objects, *pin, base, generation, options.work);
  engine_sink sink(ingest);
  const result<void> saved = seen.save(sink);
  PERDURE_TRY(sink.finish());
  if (!saved) return saved.error();
  PERDURE_TRY(ingest.finish());

  // From here on somebody may load it, whatever this process hears of that, or however it ends.
  pin->hold();
  const auto published = detail::publish(head, ingest.done.snapshot, options);
  if (!published && published.error().doubt() != doubt::none) return published.error();
  ingest.done.pin_is_left = !pin->end();
  if (!published) return published.error();
  ingest.done.was_there = *published;
  return ingest.done;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_PERSIST_SNAPSHOT_HPP
