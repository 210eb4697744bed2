// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Whoever derives from a source has files that it does not pin, so that the tag is not inherited.
// expect: CheckpointSource
#include <perdure/fs/mem_fs.hpp>
#include <perdure/testing/engine_archetypes.hpp>

using my_source = perdure::testing::poorest_checkpoint_source<perdure::mem_fs>;
class larger_source : public my_source {
 public:
#ifndef PERDURE_FAIL
  using perdure_checkpoint_source = larger_source;
#endif
};
static_assert(perdure::CheckpointSource<larger_source>);
