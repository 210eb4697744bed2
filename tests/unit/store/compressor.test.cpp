// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/compressor.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;

TEST_CASE("compressor: no_compressor makes nothing smaller, and knows no work of its own") {
  char room[8];
  CHECK(no_compressor().compress("text", room) == 0);
  CHECK(no_compressor().expand("t", room).error().code() == code::corrupt);
}
