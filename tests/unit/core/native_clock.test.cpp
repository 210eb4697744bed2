// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/native_clock.hpp>

#include <tests/support/catch.hpp>

TEST_CASE("native_clock: it is a Clock that goes") {
  static_assert(perdure::Clock<perdure::native_clock>);
  perdure::native_clock clock;
  const auto start = clock.elapsed_ns();
  clock.sleep_ns(1000);
  CHECK(clock.elapsed_ns() > start);
}
