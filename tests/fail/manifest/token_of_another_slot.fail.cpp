// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A token says what one kind of slot holds, and means nothing to another.
// expect: replace
#include <perdure/manifest/file_slot.hpp>
#include <perdure/manifest/twin_slot.hpp>
#include <perdure/testing/block_archetype.hpp>

using twin = perdure::twin_slot<perdure::testing::poorest_device>;

auto move(twin& from, perdure::file_slot<perdure::native_fs>& to, perdure::slot_room room) {
  const auto there = from.load(room);
  (void)there;
  const auto here = to.load(room);
#ifdef PERDURE_FAIL
  return to.replace(there->token, here->value);
#else
  return to.replace(here->token, there->value);
#endif
}
