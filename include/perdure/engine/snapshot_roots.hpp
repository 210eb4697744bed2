// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_SNAPSHOT_ROOTS_HPP
#define PERDURE_ENGINE_SNAPSHOT_ROOTS_HPP

// snapshot_roots(objects, head, visitor): the content_id of everything that the snapshots of a head consist of, for a collector
// of garbage (content_gc.hpp) whose store is shared with others. prune_snapshots.hpp is what one head alone needs.
//
// Effects: reads the head, which is made durable by that, and each of its manifests. Shows the manifest and each section.
// Failure: of the visitor, as it is; corrupt and the rest as load_snapshot has them. Whoever collects garbage on the strength of
//   an answer that failed deletes what is needed.
// Not promised: what a writer in doubt may still put into the head: its pin holds that.

#include <perdure/engine/detail/snapshot_objects.hpp>
#include <perdure/store/content_gc.hpp>

namespace perdure {
inline namespace v1 {

template <detail::ContentObjects O, Slot H>
[[nodiscard]] result<void> snapshot_roots(O& objects, H& head, root_visitor visitor) {
  const auto now = detail::load_head(head);
  if (!now) return now.error();
  detail::byte_buffer text;
  for (const snapshot_entry& one : now->head) {
    PERDURE_TRY(visitor(one.manifest));
    const auto manifest = detail::read_manifest(objects, one, text);
    if (!manifest) return manifest.error();
    for (const snapshot_section& section : *manifest) PERDURE_TRY(visitor(section.id));
  }
  return {};
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_SNAPSHOT_ROOTS_HPP
