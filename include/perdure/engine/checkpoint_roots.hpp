// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_CHECKPOINT_ROOTS_HPP
#define PERDURE_ENGINE_CHECKPOINT_ROOTS_HPP

// checkpoint_roots(objects, id, visitor): the content_id of everything that an uploaded checkpoint consists of, for a collector
// of garbage (content_gc.hpp).
//
// Effects: reads what names the others, and shows it and each of them; one that is there several times, several times.
// Failure: of the visitor, as it is; corrupt: it is missing, or no uploaded checkpoint; else as the Store. Whoever collects
//   garbage on the strength of an answer that failed deletes what is needed.

#include <perdure/engine/detail/checkpoint_upload.hpp>
#include <perdure/store/content_gc.hpp>

namespace perdure {
inline namespace v1 {

template <detail::ContentObjects O>
[[nodiscard]] result<void> checkpoint_roots(O& objects, const content_id& id, root_visitor visitor) {
  detail::byte_buffer whole;
  const auto uploaded = detail::read_upload(objects, id, whole);
  if (!uploaded) return uploaded.error();
  PERDURE_TRY(visitor(id));
  for (std::uint64_t i = 0; i < uploaded->record.files; ++i) PERDURE_TRY(visitor(uploaded->content_of(i)));
  return {};
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_CHECKPOINT_ROOTS_HPP
