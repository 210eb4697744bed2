// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_RESTORE_CHECKPOINT_HPP
#define PERDURE_ENGINE_RESTORE_CHECKPOINT_HPP

// restore_checkpoint(from_fs, checkpoint, fs, target, options, progress): a checkpoint, made an engine of its own again.
//
// Effects: verifies the checkpoint, digests and all. Then as create_checkpoint: claims the target, places each file, by a link
//   where it is immutable, metadata and what grows by a copy, syncs the directories, writes the `current`, syncs the directory
//   above. The target has no `checkpoint.perdure`: it is an engine that goes on.
// Success: the target is an engine that opens by itself, and survives; the checkpoint is as it was, and stays so whatever the
//   engine does, which never changes a file that it called immutable.
// Failure, Crash: of the checkpoint as verify_checkpoint, with `unchanged`; of the target as create_checkpoint.
// Not promised: see both. That files which another process changes between the look and the link are seen.

#include <perdure/engine/detail/checkpoint_target.hpp>
#include <perdure/engine/verify_checkpoint.hpp>

namespace perdure {
inline namespace v1 {

template <Fs From, Fs To, class Progress = detail::no_progress>
[[nodiscard]] result<checkpoint_report> restore_checkpoint(From& from_fs, path_view checkpoint, To& fs, path_view target,
                                                           const checkpoint_options& options = {}, Progress&& progress = {}) {
  verify_options checks;
  checks.buffer = options.buffer;
  checks.list_bytes_max = options.list_bytes_max;
  detail::checkpoint_reader<From> reader(from_fs, checkpoint, checks);
  const auto record = reader.open();
  if (!record) return record.error();
  const auto checked = detail::check_checkpoint(reader, *record);
  if (!checked) return checked.error();
  const auto current_path = reader.path_of(record->current.name);
  if (!current_path) return current_path.error();
  detail::byte_buffer content;
  PERDURE_TRY(read_file(from_fs, *current_path, content, record->current.size_bytes));

  detail::checkpoint_target<To> into(fs, target, options);
  into.report.version = record->version;
  into.report.watermark = record->watermark;
  PERDURE_TRY(into.claim());
  const auto place = [&]() -> result<void> {
    for (bytes rest = record->list; !rest.empty();) {
      const auto one = detail::file_list::next(rest);
      if (!one) return one.error();
      if (rest.empty()) break;  // the `current`
      const auto from = reader.path_of(one->name);
      if (!from) return from.error();
      pinned_file file{*from, one->name, one->size_bytes, pinned::immutable, nullptr};
      if ((one->flags & detail::stored_file::is_growing) != 0) file.pinned = pinned::growing;
      if ((one->flags & detail::stored_file::has_digest) != 0) file.of = &one->of;
      PERDURE_TRY(into.place(from_fs, file, progress));
    }
    PERDURE_TRY(into.place_waiting(progress));
    const checkpoint_current current{record->current.name, content.view()};
    PERDURE_TRY(into.settle(current));
    return into.publish(current);
  };
  const auto placed = place();
  if (!placed) return into.failed(placed.error());
  return into.report;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_RESTORE_CHECKPOINT_HPP
