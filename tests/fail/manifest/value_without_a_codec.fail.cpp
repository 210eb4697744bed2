// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A structure with a vector in it is no bytes: how it is saved has to be said, and the compiler says where.
// expect: name its codec
#include <perdure/manifest/file_slot.hpp>
#include <perdure/manifest/manifest.hpp>

#include <vector>

struct state {
#ifdef PERDURE_FAIL
  std::vector<int> segments;
#else
  int segments[4];
#endif
};
using all = perdure::manifest<state, perdure::file_slot<perdure::native_fs>>;
perdure::result<void> open(all& here) { return here.open(); }
