// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A holder with a lease stands still for longer than that, or is killed; whoever waited takes the cluster over by a clock that is
// an eighth faster. What the late one still writes gets through nowhere, and no letter of either is lost.

#include <tests/crash/cluster_programs.hpp>

namespace proofs_of_cluster_lease {

using namespace cluster_programs;

TEST_CASE("cluster_store: with a lease and a skewed clock, no late holder commits once another one has begun", "[crash]") {
  CHECK(exhaustive("and one of them is killed", leased<on_store>(0, 1)) > 1000);
  CHECK(exhaustive("three switches", leased<on_store>(0, 0, 3)) > 1000);
  CHECK(exhaustive("and one call fails", leased<on_store>(1, 0, 1)) > 1000);
}

TEST_CASE("cluster_store: with a lease and a skewed clock, over files", "[crash]") {
  CHECK(exhaustive("one switch", leased<on_files>(0, 0, 1)) > 1000);
  CHECK(exhaustive("one of them is killed", leased<on_files>(0, 1, 0)) > 1000);
}

}  // namespace proofs_of_cluster_lease
