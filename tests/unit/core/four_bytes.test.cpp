// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/four_bytes.hpp>

#include <tests/support/catch.hpp>

using perdure::four_bytes;

TEST_CASE("four_bytes: equal where all four are") {
  constexpr four_bytes magic("LHV1");
  static_assert(magic == four_bytes("LHV1") && !(magic == four_bytes("LHV2")));
  CHECK(four_bytes::of("LHV1 and more") == magic);
  CHECK(perdure::bytes(magic) == perdure::bytes("LHV1"));
  CHECK(four_bytes("\0\1\2\3")[1] == 1);
}

TEST_CASE("four_bytes: later is a higher digit behind the same three") {
  constexpr four_bytes magic("LHV1");
  CHECK(four_bytes("LHV2").is_later_than(magic));
  CHECK(four_bytes("LHV9").is_later_than(magic));
  CHECK_FALSE(four_bytes("LHV1").is_later_than(magic));
  CHECK_FALSE(four_bytes("LHV0").is_later_than(magic));
  CHECK_FALSE(four_bytes("LHVA").is_later_than(magic));
  CHECK_FALSE(four_bytes("LHX2").is_later_than(magic));
  CHECK_FALSE(four_bytes("ABC2").is_later_than(four_bytes("ABCD")));
}
