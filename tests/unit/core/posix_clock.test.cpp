// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/posix_clock.hpp>

#include <tests/support/catch.hpp>

TEST_CASE("posix_clock: elapsed time never goes back, and a sleep lasts as long as was asked") {
  const perdure::posix_clock clock;
  const auto start = clock.elapsed_ns();
  clock.sleep_ns(2'000'000);
  CHECK(clock.elapsed_ns() - start >= 2'000'000);
  clock.sleep_ns(0);
  clock.sleep_ns(-1);
  CHECK(clock.unix_ns() > 1'700'000'000 * perdure::ns_per_second);
}
