// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_DOWNLOAD_CHECKPOINT_HPP
#define PERDURE_ENGINE_DOWNLOAD_CHECKPOINT_HPP

// download_checkpoint(objects, id, fs, target, options, progress): what upload_checkpoint has put, as a checkpoint again.
//
// Effects: reads what names the others; claims the target by make_dir; writes each file, `checkpoint.perdure`, syncs the
//   directories in the target and the target, writes the `current`, and syncs the directory that the target is in. With
//   download_target::resume the target may be there, if it has no `current`: what it has of the right size and digest is kept,
//   and made durable; what it has of these names else is replaced. After each file it calls progress(checkpoint_progress) ->
//   visit.
// Success: the target is the checkpoint that was uploaded, byte for byte, and survives. Every byte was proved by its digest on
//   the way. The report counts what was kept as `reused`.
// Failure: as create_checkpoint, and of the contents as content_store::get: corrupt, also where one is missing, and where two
//   files have one name, or one the name of another's directory: that is told before there is a target. With
//   download_target::resume nothing is removed once there is a target, and the failure has doubt `visible`; a target that ends in
//   "." or ".." is invalid_argument.
// Crash: as create_checkpoint: no target, or one without a `current`, which may be resumed or discarded, or the whole one.
// Not promised: that a target which is resumed has nothing else in it, when it was begun with another id. That two who resume one
//   target at a time do not hinder each other. That names which differ, and are one to the target's Fs (by case), are refused
//   where a target is resumed: verify_checkpoint tells. That a directory which is resumed through a symbolic link survives under
//   its own name. That what is kept is on the disk if a process before this one was told that a sync failed.

#include <perdure/engine/detail/checkpoint_target.hpp>
#include <perdure/engine/detail/checkpoint_upload.hpp>

namespace perdure {
inline namespace v1 {

enum class download_target : std::uint8_t { claim, resume };

struct download_options {
  enum download_target target = download_target::claim;
  content_work work = {};
};

template <detail::ContentObjects O, Fs To, class Progress = detail::no_progress>
[[nodiscard]] result<checkpoint_report> download_checkpoint(O& objects, const content_id& id, To& fs, path_view target,
                                                            const download_options& options = {}, Progress&& progress = {}) {
  detail::byte_buffer whole;
  const auto uploaded = detail::read_upload(objects, id, whole);
  if (!uploaded) return uploaded.error();
  const detail::checkpoint_record& record = uploaded->record;
  PERDURE_TRY(detail::refuse_equal_names(record.list));
  if (record.current.size_bytes > detail::uploaded_bytes_max)
    return failure(code::corrupt, operation::get).about({record.current.name.data(), record.current.name.size()});
  detail::byte_buffer current;
  PERDURE_TRY(detail::read_content(objects, uploaded->content_of(record.files - 1), current, record.current.size_bytes));
  if (current.view().size() != record.current.size_bytes || !(sha256_of(current.view()) == record.current.of))
    return failure(code::corrupt, operation::get).about({record.current.name.data(), record.current.name.size()});

  const checkpoint_options how;
  detail::checkpoint_target<To> into(fs, target, how);
  into.report.version = record.version;
  into.report.watermark = record.watermark;
  if (options.target == download_target::resume) {
    PERDURE_TRY(into.claim_or_resume(record.current.name));
  } else {
    PERDURE_TRY(into.claim());
  }
  const auto fill = [&]() -> result<void> {
    std::uint64_t number = 0;
    for (bytes rest = record.list; !rest.empty(); ++number) {
      const auto one = detail::file_list::next(rest);
      if (!one) return one.error();
      if (rest.empty()) break;  // the `current`
      const auto pour = [&](byte_sink sink) -> result<void> {
        const auto got = objects.get(uploaded->content_of(number), sink, options.work);
        return got ? result<void>() : detail::instead_of_not_found(got.error(), code::corrupt);
      };
      PERDURE_TRY(into.fill(*one, pour, progress));
    }
    PERDURE_TRY(into.describe_self(uploaded->list));
    const checkpoint_current last{record.current.name, current.view()};
    PERDURE_TRY(into.settle(last));
    return into.publish(last);
  };
  const auto filled = fill();
  if (!filled) return into.failed(filled.error());
  return into.report;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_DOWNLOAD_CHECKPOINT_HPP
