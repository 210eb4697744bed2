// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// What open_dir would return has no type where a model cannot hold directories: ask can_open_dir first.
// expect: can_open_dir
#include <perdure/fs/mem_fs.hpp>
#include <perdure/testing/fs_archetypes.hpp>

int main() {
  perdure::mem_fs memory;
  perdure::testing::poorest_fs device(memory);
  auto held = perdure::open_dir(memory, ".");
#ifdef PERDURE_FAIL
  auto other = perdure::open_dir(device, ".");
#endif
  return held ? 0 : 1;
}
