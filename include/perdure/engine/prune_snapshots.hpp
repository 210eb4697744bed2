// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_PRUNE_SNAPSHOTS_HPP
#define PERDURE_ENGINE_PRUNE_SNAPSHOTS_HPP

// prune_snapshots(objects, head, options) -> pruned_snapshots
//
//   auto gone = perdure::prune_snapshots(objects, head, {.keep = 3, .collection = {.wait = patience}});
//
// Effects
//   1  replaces the head by one that names the newest options.keep of its snapshots, where it names more
//   2  collects what no snapshot of the head consists of (content_gc.hpp), beside whoever persists at the time. The store is that
//      of this head alone: who shares it calls content_gc with the roots of all, see snapshot_roots.hpp
// Success: what the head named no longer when it began is gone, as `collected` says.
// Failure: not_found: there is no head, and nothing is collected: who looks for it in the wrong place would lose all that it
//   names. corrupt: also of an object that is needed and missing, and nothing is collected. Else as content_gc and as the Slot;
//   busy: a pin that did not end while options.collection.wait was willing, or the head changed under it tries_max times. Where
//   it is not known what the head is, nothing is collected. A head that names fewer is never made to name more again: what fails
//   after that has doubt visible, and the same call goes on.
// Crash: the head before or after 1; some garbage may be gone.
// Not promised: what a process that died has left pinned: content_pin.hpp says who may end that.

#include <perdure/engine/snapshot_roots.hpp>

namespace perdure {
inline namespace v1 {

struct prune_options {
  std::size_t keep = snapshot_head::snapshots_max;  // all: a head names no more
  gc_options collection = {};
  std::uint32_t tries_max = 16;
};

struct pruned_snapshots {
  std::size_t dropped = 0;  // snapshots that the head named before
  struct collected collected;
};

namespace detail {

// How many were dropped.
template <Slot H>
[[nodiscard]] result<std::size_t> drop_oldest(H& slot, const prune_options& options) {
  failure why(code::busy, operation::replace);
  for (std::uint32_t tries = 0; tries < options.tries_max; ++tries) {
    const auto now = load_head(slot);
    if (!now) return now.error();
    if (!now->head.exists()) return failure(code::not_found, operation::load);
    const std::size_t keep = options.keep == 0 ? 1 : options.keep;
    if (now->head.count <= keep) return std::size_t{0};
    snapshot_head shorter = now->head;
    shorter.count = keep;
    char text[snapshot_head::size_bytes_max];
    const auto replaced = slot.replace(now->token, encode_head(shorter, text));
    if (replaced) return now->head.count - keep;
    // After a doubt the next load tells, by what is there then.
    why = replaced.error();
    const bool again = why.doubt() != doubt::none || why.code() == code::conflict || why.code() == code::busy;
    if (!again) return why;
  }
  return why;
}

}  // namespace detail

template <detail::ContentObjects O, Slot H>
[[nodiscard]] result<pruned_snapshots> prune_snapshots(O& objects, H& head, const prune_options& options = {}) {
  const auto dropped = detail::drop_oldest(head, options);
  if (!dropped) return dropped.error();
  const auto roots = [&](root_visitor keep) { return snapshot_roots(objects, head, keep); };
  const auto gone = content_gc(objects, root_source(roots), options.collection);
  if (!gone) {
    const failure why = detail::instead_of_not_found(gone.error(), code::corrupt);
    return *dropped != 0 ? why.with(doubt::visible) : why;
  }
  return pruned_snapshots{*dropped, *gone};
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_PRUNE_SNAPSHOTS_HPP
