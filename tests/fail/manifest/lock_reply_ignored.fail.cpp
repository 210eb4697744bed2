// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Whoever does not look at the reply does not know whether he has the lock.
// expect: nodiscard|unused
#include <perdure/manifest/slot_lock.hpp>
#include <perdure/testing/slot_archetypes.hpp>

// The poorest slot is enough for all of it.
template class perdure::slot_lock<perdure::testing::poorest_slot, perdure::manual_clock>;

void work(perdure::slot_lock<perdure::testing::poorest_slot, perdure::manual_clock>& lock, const perdure::lock_claim& claim) {
#ifdef PERDURE_FAIL
  lock.take(claim);
#else
  (void)lock.take(claim);
#endif
}
