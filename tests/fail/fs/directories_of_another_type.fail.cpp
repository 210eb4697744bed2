// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A directory that is held is walked from: one that opens no other would send at_fs back to paths, and to their races.
// expect: at_fs: what F::open_dir opens must
#include <perdure/fs/at_fs.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/testing/fs_archetypes.hpp>

class my_fs : public perdure::mem_fs {
 public:
  using perdure_fs = my_fs;
#ifdef PERDURE_FAIL
  perdure::result<perdure::testing::poorest_fs<perdure::mem_fs>> open_dir(perdure::path_view path, perdure::links links);
#endif
};
using rooted = perdure::at_fs<my_fs>;
static_assert(sizeof(rooted) > 0);
