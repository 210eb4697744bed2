// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A flush may fail, and nothing is a checkpoint on the strength of one that did.
// expect: HasFlush
#include <perdure/fs/mem_fs.hpp>
#include <perdure/testing/engine_archetypes.hpp>

class my_source : public perdure::testing::poorest_checkpoint_source<perdure::mem_fs> {
 public:
  using perdure_checkpoint_source = my_source;
#ifdef PERDURE_FAIL
  void flush();
#else
  perdure::result<void> flush();
#endif
};
static_assert(perdure::CheckpointSource<my_source>);
