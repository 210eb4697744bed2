// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/block_archetype.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;

TEST_CASE("block_archetype: what was not synced reads as half of it") {
  testing::poorest_device device;
  std::byte head[64];
  std::byte body[64];
  std::memset(head, 1, sizeof(head));
  std::memset(body, 2, sizeof(body));
  std::byte read[128];
  CHECK(device.write(1, head, body));
  CHECK(device.read(1, 0, read));
  CHECK((read[0] == std::byte{1} && read[64] == std::byte{0}));
  CHECK_FALSE(device.confirmed(1).value_or(true));
  CHECK((device.sync() && device.confirm(1) && device.read(1, 0, read)));
  CHECK((read[127] == std::byte{2} && device.confirmed(1).value_or(false)));
  CHECK(device.write(1, head, {}));
  CHECK_FALSE(device.confirmed(1).value_or(true));
  CHECK_FALSE(device.write(1, read, head));
  CHECK_FALSE(device.read(3, 0, read));
}
