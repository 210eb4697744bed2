// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/profile.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure::testing;

TEST_CASE("profile: one of one's own is a copy with other values") {
  profile mine = profile::posix_minimum;
  mine.name = "mine";
  mine.tear_unit_bytes = 4096;
  CHECK(mine.garbage);
  CHECK(std::string(profile::posix_minimum.name) == "posix_minimum");
  CHECK(profile::posix_minimum.tear_unit_bytes == 512);
}
