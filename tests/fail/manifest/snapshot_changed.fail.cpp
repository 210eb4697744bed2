// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// expect: read-only|const
#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/testing/slot_archetypes.hpp>

struct counters {
  int a = 0;
};

int change(perdure::manifest<counters, perdure::testing::poorest_slot>& all) {
#ifdef PERDURE_FAIL
  return ++all.read()->a;
#else
  return all.read()->a + 1;
#endif
}
