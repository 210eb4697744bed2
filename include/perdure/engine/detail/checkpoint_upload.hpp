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
// Equal checkpoints have equal ids. One of more than 1 GiB is none, nor is one whose `current` is larger.

#include <perdure/engine/detail/checkpoint_record.hpp>
#include <perdure/engine/detail/name_list.hpp>
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
  // Whatever its size, it is told by the root alone: no memory is taken for what is refused.
  const auto size = objects.size(id);
  if (!size) return instead_of_not_found(size.error(), code::corrupt);
  if (*size > uploaded_bytes_max) return failure(code::corrupt, operation::get).about("size of an uploaded checkpoint");
  PERDURE_TRY(read_content(objects, id, whole, *size));
  return decode_upload(whole.view());
}

// Can each file have its name, beside the others? A second one would take the first one's place where a target is resumed.
[[nodiscard]] inline result<void> refuse_equal_names(bytes list) {
  name_list names;
  for (bytes rest = list; !rest.empty();) {
    const auto one = file_list::next(rest);
    if (!one) return one.error();
    names.add(one->name);
  }
  names.sort();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const path_view name = names[i];
    const failure refused = failure(code::corrupt, operation::get).about({name.data(), name.size()});
    if (i != 0 && name == names[i - 1]) return refused;
    std::size_t component = 0;
    while (component < name.size() && name[component] != '/') ++component;
    if (component == name.size()) continue;
    const std::size_t at = names.first_from(name.first(component));
    if (names[at] == name.first(component)) return refused;
  }
  return {};
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_DETAIL_CHECKPOINT_UPLOAD_HPP
