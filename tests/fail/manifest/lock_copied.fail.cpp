// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Of two copies both would give it back.
// expect: delete
#include <perdure/manifest/slot_lock.hpp>
#include <perdure/testing/slot_archetypes.hpp>

using lock = perdure::slot_lock<perdure::testing::poorest_slot, perdure::manual_clock>;

#ifdef PERDURE_FAIL
lock copied(const lock& held) { return lock(held); }
#else
const lock& copied(const lock& held) { return held; }
#endif
