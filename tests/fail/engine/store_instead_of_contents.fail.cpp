// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Snapshots are kept in a content_store, and not in the Store that it is over.
// expect: This takes a content_store, and not the Store that it is over
#include <perdure/engine/prune_snapshots.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/slot_archetypes.hpp>

bool pruned(perdure::mem_store& store, perdure::testing::poorest_slot& head) {
#ifdef PERDURE_FAIL
  return perdure::prune_snapshots(store, head).has_value();
#else
  perdure::content_store objects(store);
  return perdure::prune_snapshots(objects, head).has_value();
#endif
}
