// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// The slot keeps a reference to its device.
// expect: rvalue|temporary|no matching
#include <perdure/manifest/twin_slot.hpp>
#include <perdure/testing/block_archetype.hpp>

using device = perdure::testing::poorest_device;

perdure::result<void> use(device& mine) {
  (void)mine;
#ifdef PERDURE_FAIL
  perdure::twin_slot<device> slot{device()};
#else
  perdure::twin_slot<device> slot{mine};
#endif
  const auto now = slot.replace({}, "value");
  return now ? perdure::result<void>() : now.error();
}
