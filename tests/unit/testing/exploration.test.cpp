// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/exploration.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure::testing;

TEST_CASE("exploration: every member can be named, in this order") {
  const exploration all{.profile = profile::ext4,
                        .setup = [](auto&) {},
                        .workload = [](auto&) {},
                        .restart = [](auto&) {},
                        .recover = [](auto&) {},
                        .check = [](auto&) { return true; },
                        .budget = {.states = 10, .seconds = 1, .nested_cuts = 2, .depth = 3},
                        .faults = 1,
                        .preemptions = 1,
                        .kills = 2,
                        .seed = 7,
                        .replay = "0.1",
                        .cuts = cut_points::every_operation,
                        .reductions = {.same_disk = false, .unread = false, .nearest_first = false, .few_mixtures = false}};
  CHECK(std::string(all.profile.name) == "ext4");
  const exploration few{.workload = [](world&) {}, .check = [](after_crash&) { return "no"; }};
  CHECK(std::string(few.profile.name) == "posix_minimum");
  CHECK(few.budget.states == 1'000'000);
}
