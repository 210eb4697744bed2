// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_UPLOAD_CHECKPOINT_HPP
#define PERDURE_ENGINE_UPLOAD_CHECKPOINT_HPP

// upload_checkpoint(fs, checkpoint, objects, pin, options): a checkpoint as contents of a Store, under one id.
//
//   perdure::content_store objects(store);
//   auto pin = objects.pin("backup");
//   auto sent = perdure::upload_checkpoint(fs, "backup/monday", objects, *pin);
//   pin->hold();                              // content_pin.hpp: then publish sent->id, where the collector's roots are read
//
// Effects: reads every file that `checkpoint.perdure` names and puts it as a content of its own; then one content that names
//   them. What is there already is not sent: of the files of a checkpoint before, or of another engine, nothing; of a file that
//   grew, what is new.
// Success: everything below the id is durable, and was what the checkpoint says, every byte of it, where its digest is known.
//   Equal checkpoints have equal ids. download_checkpoint.hpp makes a checkpoint of it again, checkpoint_roots.hpp tells a
//   collector.
// Failure: `unchanged`: what was put is named by nobody, and uploading again goes on from there. Of the checkpoint as
//   verify_checkpoint has it: corrupt is half of one, or one that was altered; too_large: of what names the files, also over 1
//   GiB, or of the `current`; cancelled; of the Store as content_store::put.
// Crash: as a failure. The next collection takes what is not named.
// Not promised: anything about who publishes the id. That a file which another process changes meanwhile is seen, where its
//   digest is not known.

#include <perdure/engine/detail/checkpoint_reader.hpp>
#include <perdure/engine/detail/checkpoint_upload.hpp>

namespace perdure {
inline namespace v1 {

struct upload_options {
  std::uint64_t list_bytes_max = 64 << 20;  // of the file that names the others
  content_work work = {};                   // of each file: who is told how far it is, and the threads that may be used
};

struct uploaded_checkpoint {
  content_id id;
  std::uint64_t version = 0;
  std::uint64_t watermark = 0;
  std::uint64_t files = 0;
  std::uint64_t size_bytes = 0;   // of them
  std::uint64_t new_objects = 0;  // what travelled
  std::uint64_t new_bytes = 0;
};

template <Fs F, detail::ContentObjects O>
[[nodiscard]] result<uploaded_checkpoint> upload_checkpoint(F& fs, path_view checkpoint, O& objects, typename O::pin_type& pin,
                                                            const upload_options& options = {}) {
  verify_options checks;
  checks.list_bytes_max = options.list_bytes_max;
  detail::checkpoint_reader<F> reader(fs, checkpoint, checks);
  const auto record = reader.open();
  if (!record) return record.error();
  if (record->current.size_bytes > detail::uploaded_bytes_max)  // nobody would read it
    return failure(code::too_large, operation::put).about({record->current.name.data(), record->current.name.size()});
  // It is what half of one does not have: of that nothing is sent.
  PERDURE_TRY(reader.check(record->current));
  uploaded_checkpoint done{{}, record->version, record->watermark, record->files, record->total_bytes, 0, 0};
  detail::byte_buffer contents;
  for (bytes rest = record->list; !rest.empty();) {
    const auto one = detail::file_list::next(rest);
    if (!one) return one.error();
    const auto put = [&](byte_source source) { return objects.put(pin, source, options.work); };
    const auto stored = reader.template read<stored_content>(*one, put);
    if (!stored) return stored.error();
    contents.append(bytes(stored->id.root.bytes, sizeof(digest)));
    done.new_objects += stored->new_objects;
    done.new_bytes += stored->new_bytes;
  }
  detail::byte_buffer whole;
  PERDURE_TRY(detail::encode_upload(reader.whole_list(), contents.view(), whole));
  if (whole.size() > detail::uploaded_bytes_max)  // nobody would read it
    return failure(code::too_large, operation::put).about({checkpoint.data(), checkpoint.size()});
  const auto named = objects.put(pin, whole.view());
  if (!named) return named.error();
  done.id = named->id;
  done.new_objects += named->new_objects;
  done.new_bytes += named->new_bytes;
  return done;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_UPLOAD_CHECKPOINT_HPP
