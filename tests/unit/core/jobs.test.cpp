// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/jobs.hpp>

#include <tests/support/catch.hpp>

#include <vector>

using namespace perdure;

TEST_CASE("jobs: in turn, each is done once, in order") {
  std::vector<std::size_t> done;
  const job_runner run = in_turn;
  run(3, [&](std::size_t i) { done.push_back(i); });
  run(0, [&](std::size_t) { done.clear(); });
  CHECK(done == std::vector<std::size_t>{0, 1, 2});
}
