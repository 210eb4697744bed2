// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/lint_finding.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;

TEST_CASE("lint_finding: its text says which call, what is wrong and what to do") {
  const testing::lint_finding one{testing::lint_kind::temp_left, 3,          0, "create a.tmp", "a.tmp",
                                  "a.tmp is still there",        "Remove it"};
  CHECK(one.text() == "operation 3, create a.tmp: a.tmp is still there. Remove it.");
}
