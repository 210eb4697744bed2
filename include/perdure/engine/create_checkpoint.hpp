// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_CREATE_CHECKPOINT_HPP
#define PERDURE_ENGINE_CREATE_CHECKPOINT_HPP

// create_checkpoint(engine, fs, target, options, progress): an engine that runs, captured in a directory of its own.
//
//   PERDURE_TRY(perdure::make_dirs(fs, "backup"));
//   auto made = perdure::create_checkpoint(tree, fs, "backup/monday");
//   // made->watermark: every record with a number below it is inside
//
// Effects
//   0  Looks at options.previous, where there is one.
//   1  Claims the target by make_dir.
//   2  Takes the watermark.
//   3  Holds deletions back.
//   4  Flushes the engine, and
//   5  pins a version of it.
//   6  Places each file of the pin: by a link, where it is immutable and there can be one between the two Fs; else as a copy, by
//      sharing extents, inside the system, or through memory. Where it is the same file that options.previous has, it is linked
//      from there instead of copied. With several workers, some of them at a time. Writes the metadata.
//   7  Writes `checkpoint.perdure`, which names each file with its size and digest; syncs the directories in it, then the target;
//      or the volume, and with it what was copied and what will be the `current` (options.volume_sync_at_least).
//   8  Writes the `current` of that version as atomic_write does, and syncs the directory that the target is in; behind a sync of
//      the volume it has only its name to be given, and the target to be synced.
//   After each file, in the order of the pin, it calls progress(checkpoint_progress) -> visit.
// Success: the target is an engine that opens by itself, and survives. The report says how many files were placed how. Where the
//   system cannot sync a directory the report says durability::none: a crash may then leave a part of it, also with its
//   `current`, which verify_checkpoint and restore_checkpoint refuse.
// Failure: `unchanged`: there is no target; what was made is removed. `unknown` with doubt `visible`: the claim may have
//   happened, or something could not be removed, or the `current` may be there; with doubt `durable`: the checkpoint is there,
//   and a crash may take it. Only the last two may be a checkpoint, and nothing of it was removed: verify_checkpoint tells, and
//   of what it refuses discard_checkpoint makes an end.
//   already_exists (anything of that name), not_found (its directory), not_a_directory, permission (no reason to copy), cancelled
//   (progress answered stop), corrupt (a file that is read and is shorter than the pin says), invalid_argument (a name that no
//   checkpoint may have), unsupported (a file that cannot be synced), too_large, the engine's own of flush and pin, else as the
//   two Fs have them.
// Crash: no target; or one without a `current`, which opening and restore_checkpoint refuse and discard_checkpoint removes; or
//   the whole checkpoint. The last one, once success was returned. Also after a failure that left no target: what was removed may
//   come back.
// Not promised: that an immutable file is what the engine says: with checkpoint_digests::known nobody looks, nor at one in the
//   previous checkpoint: what was altered there is altered here, which verify_checkpoint tells. That two processes which
//   discard and create one target at a time do not hinder each other. The durability of the directories above the target's own.

#include <perdure/engine/detail/checkpoint_target.hpp>

namespace perdure {
inline namespace v1 {

template <CheckpointSource E, Fs To, class Progress = detail::no_progress>
[[nodiscard]] result<checkpoint_report> create_checkpoint(E& engine, To& fs, path_view target,
                                                          const checkpoint_options& options = {}, Progress&& progress = {}) {
  detail::checkpoint_target<To> into(fs, target, options);
  PERDURE_TRY(into.claim());  // 1
  const auto capture = [&]() -> result<void> {
    into.report.watermark = engine.visible_watermark();  // 2: what the flush is sure to have
    const auto held = engine.hold_deletions();           // 3
    if (!held) return held.error();
    PERDURE_TRY(engine.flush());  // 4
    auto pin = engine.pin();      // 5
    if (!pin) return pin.error();
    into.report.version = pin->version();
    PERDURE_TRY(pin->for_each_file([&](auto& from, const pinned_file& file) { return into.place(from, file, progress); }));  // 6
    PERDURE_TRY(into.place_waiting(progress));
    PERDURE_TRY(pin->for_each_metadata([&](path_view to, bytes content) { return into.put(to, content); }));
    const checkpoint_current current = pin->current();
    PERDURE_TRY(into.describe_self(current));  // 7
    PERDURE_TRY(into.settle(current));
    return into.publish(current);  // 8
  };
  const auto captured = capture();
  if (!captured) return into.failed(captured.error());
  return into.report;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_CREATE_CHECKPOINT_HPP
