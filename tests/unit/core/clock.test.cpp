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

TEST_CASE("clock: a manual clock that sleeps for ever stands at the end of time") {
  perdure::manual_clock clock(1);
  clock.sleep_ns(INT64_MAX);
  CHECK(clock.elapsed_ns() > INT64_MAX / 2);
  clock.sleep_ns(INT64_MAX);
  CHECK(clock.unix_ns() > INT64_MAX / 2);
}

namespace {
struct wrong_unit {
  int elapsed_ns() { return 0; }
  std::int64_t unix_ns() { return 0; }
  void sleep_ns(std::int64_t) {}
};
}  // namespace
static_assert(!perdure::Clock<int> && !perdure::Clock<wrong_unit>);
static_assert(perdure::ns_per_second == 1'000'000'000);
