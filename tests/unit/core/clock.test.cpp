// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/clock.hpp>

#include <tests/support/catch.hpp>

TEST_CASE("clock: a manual clock stands still until it is told to go on, and sleeping goes on") {
  perdure::manual_clock clock(1000);
  CHECK((clock.elapsed_ns() == 0 && clock.unix_ns() == 1000));
  clock.advance_ns(5);
  clock.sleep_ns(7);
  CHECK((clock.elapsed_ns() == 12 && clock.unix_ns() == 1012));
  clock.advance_ns(-3);
  CHECK(clock.elapsed_ns() == 12);
  CHECK(perdure::manual_clock().unix_ns() == 0);
}
static_assert(!perdure::Clock<int>);
