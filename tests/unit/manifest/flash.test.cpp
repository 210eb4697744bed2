// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/manifest/flash.hpp>
#include <perdure/testing/flash_sim.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;

namespace {
class derived_chip : public testing::flash_sim<256, 8> {};
}  // namespace

TEST_CASE("flash: a driver is one by its own word, and not by its looks or its base") {
  CHECK(Flash<testing::flash_sim<256, 8>>);
  CHECK_FALSE(Flash<testing::flash_sim<256, 24>>);  // no sector is a number of such units
  CHECK_FALSE(Flash<derived_chip>);
  CHECK_FALSE(Flash<int>);
}
