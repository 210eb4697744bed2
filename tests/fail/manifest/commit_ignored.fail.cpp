// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// expect: nodiscard|unused
#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/testing/slot_archetypes.hpp>

struct counters {
  int a = 0;
};

void change(perdure::manifest<counters, perdure::testing::poorest_slot>& all) {
#ifdef PERDURE_FAIL
  perdure::commit_manifest(all, [](counters& next) { ++next.a; });
#else
  (void)perdure::commit_manifest(all, [](counters& next) { ++next.a; });
#endif
}
