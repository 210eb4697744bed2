// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_DETAIL_CHECKPOINT_UPLOAD_HPP
#define PERDURE_ENGINE_DETAIL_CHECKPOINT_UPLOAD_HPP

// What a checkpoint is in a content store: contents, and one more that names them. A sealed frame (sealed_format.hpp) of the kind
// "CKUP", version 1, with two sections:
//
//   "list"       the file `checkpoint.perdure`, as it is
//   "contents"   of each file in it, in its order, the content_id (content_id.hpp): 32 bytes
//
// Equal checkpoints have equal ids.

#include <perdure/engine/detail/checkpoint_record.hpp>
#include <perdure/engine/detail/snapshot_objects.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

inline constexpr four_bytes uploaded_kind = "CKUP";
inline constexpr std::uint64_t uploaded_bytes_max = std::uint64_t{1} << 30;

struct uploaded_list {
  bytes list;  // checkpoint.perdure
  bytes contents;
  checkpoint_record record;

  [[nodiscard]] content_id content_of(std::uint64_t number) const noexcept {
    return {stored_at<digest>(contents.data() + number * sizeof(digest))};
  }
};

[[nodiscard]] inline result<void> encode_upload(bytes list, bytes contents, byte_buffer& into) {
  frame_encoder frame(uploaded_kind, into);
  PERDURE_TRY(frame.head());
  PERDURE_TRY(frame.section("list", list));
  PERDURE_TRY(frame.section("contents", contents));
  return frame.seal();
}

// The views are of `whole`.
[[nodiscard]] inline result<uploaded_list> decode_upload(bytes whole) noexcept {
  const auto file =
      sealed_view::open(whole, {.kind = uploaded_kind, .version = checkpoint_format, .file_bytes_max = whole.size()});
  if (!file) return file.error();
  const auto list = file->find("list");
  const auto contents = file->find("contents");
  if (!list || !contents) return failure(code::corrupt, operation::read).about("uploaded checkpoint");
  const auto record = decode_checkpoint(*list);
  if (!record) return record.error();
  if (contents->size() % sizeof(digest) != 0 || contents->size() / sizeof(digest) != record->files)
    return failure(code::corrupt, operation::read).about("contents of an uploaded checkpoint");
  return uploaded_list{*list, *contents, *record};
}

template <ContentObjects O>
[[nodiscard]] result<uploaded_list> read_upload(O& objects, const content_id& id, byte_buffer& whole) {
  PERDURE_TRY(read_content(objects, id, whole, uploaded_bytes_max));
  return decode_upload(whole.view());
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_DETAIL_CHECKPOINT_UPLOAD_HPP
