// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_VERIFY_SNAPSHOTS_HPP
#define PERDURE_ENGINE_VERIFY_SNAPSHOTS_HPP

// verify_snapshots(objects, head, take) -> verified_snapshots
//
//   auto all = perdure::verify_snapshots(objects, head, [&](const perdure::snapshot_entry& one,
//                                                           const perdure::result<std::uint64_t>& bytes) {...});
//
// Effects: reads every byte of every snapshot that the head names, and tells of each how many there are, or what is wrong. A head
//   is only looked at, and nothing is written.
// Success: the counts. Failure: of the head, as load_snapshot has it; a snapshot that fails is no failure of this.
// Not promised: that an engine can be made of it.

#include <perdure/engine/detail/snapshot_objects.hpp>

namespace perdure {
inline namespace v1 {

struct verified_snapshots {
  std::size_t good = 0;
  std::size_t bad = 0;
};

namespace detail {

template <ContentObjects O>
[[nodiscard]] result<std::uint64_t> verify_snapshot(O& objects, const snapshot_entry& one) {
  byte_buffer text;
  const auto manifest = read_manifest(objects, one, text);
  if (!manifest) return manifest.error();
  std::uint64_t total = text.size();
  for (const snapshot_section& section : *manifest) {
    const auto size = objects.verify(section.id);
    if (!size) return instead_of_not_found(size.error(), code::corrupt);
    if (*size != section.size_bytes) return failure(code::corrupt, operation::read).about(section.name);
    total += *size;
  }
  return total;
}

}  // namespace detail

template <detail::ContentObjects O, Slot H, class Take>
[[nodiscard]] result<verified_snapshots> verify_snapshots(O& objects, H& head, Take&& take) {
  const auto now = detail::observe_head(head);
  if (!now) return now.error();
  verified_snapshots all;
  for (const snapshot_entry& one : now->head) {
    const result<std::uint64_t> size_bytes = detail::verify_snapshot(objects, one);
    ++(size_bytes ? all.good : all.bad);
    take(one, size_bytes);
  }
  return all;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_VERIFY_SNAPSHOTS_HPP
