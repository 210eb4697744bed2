// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/checkpoint_source.hpp>
#include <perdure/fs/mem_fs.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/checkpoints.hpp>

using namespace perdure;

namespace {

using good = tests::listed_source<mem_fs, mem_fs>;
struct derived : good {};
struct without_tag : good {
  using perdure_checkpoint_source = void;
};
struct flush_tells_true_or_false : good {
  using perdure_checkpoint_source = flush_tells_true_or_false;
  bool flush();
};
struct pin_cannot_fail : good {
  using perdure_checkpoint_source = pin_cannot_fail;
  good::pin_type pin();
};

TEST_CASE("checkpoint_source: a model says that it is one, and its calls tell how they failed") {
  STATIC_REQUIRE(CheckpointSource<good>);
  STATIC_REQUIRE_FALSE(CheckpointSource<derived>);
  STATIC_REQUIRE_FALSE(CheckpointSource<without_tag>);
  STATIC_REQUIRE_FALSE(CheckpointSource<flush_tells_true_or_false>);
  STATIC_REQUIRE_FALSE(CheckpointSource<pin_cannot_fail>);
}

}  // namespace
