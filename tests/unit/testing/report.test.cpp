// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/report.hpp>

#include <tests/support/catch.hpp>

using perdure::testing::report;

TEST_CASE("report: says how far it went, and never that it went further") {
  report all;
  all.states = 41212;
  all.cuts = 9;
  all.runs = 1;
  all.profile = "posix_minimum";
  CHECK(all.ok());
  CHECK(all.text() == "exhaustive: 41,212 states (9 cuts of 1 run, posix_minimum)");
  all.mixtures_left_out = true;
  CHECK(all.text() == "exhaustive but for mixtures of many pages: 41,212 states (9 cuts of 1 run, posix_minimum)");
  all.exhaustive = false;
  all.at_least = 3100000;
  all.runs = 2;
  CHECK(all.text() == "sampled: 41,212 of at least 3,100,000 states (9 cuts of 2 runs, posix_minimum)");
  all.depth = 8;
  CHECK(all.text() ==
        "sampled: 41,212 of at least 3,100,000 states within the first 8 choices of a run (9 cuts of 2 runs, posix_minimum)");
  all.at_least = 0;
  all.mixtures_left_out = false;
  CHECK(all.text() == "bounded: 41,212 states within the first 8 choices of a run (9 cuts of 2 runs, posix_minimum)");
  all.failure = "what a power cut may leave fails the check";
  CHECK_FALSE(all.ok());
  CHECK(all.text() == all.failure);
}
