// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// expect: whether to commit
#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/testing/slot_archetypes.hpp>

struct counters {
  int a = 0;
};

auto change(perdure::manifest<counters, perdure::testing::poorest_slot>& all) {
#ifdef PERDURE_FAIL
  return perdure::commit_manifest_if(all, [](counters& next) { ++next.a; });
#else
  return perdure::commit_manifest(all, [](counters& next) { ++next.a; });
#endif
}
