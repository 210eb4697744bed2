// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/mem_fs.hpp>
#include <perdure/manifest/file_blocks.hpp>
#include <perdure/manifest/flash_blocks.hpp>
#include <perdure/testing/block_archetype.hpp>
#include <perdure/testing/flash_sim.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;

namespace {
class derived_device : public testing::poorest_device {};
}  // namespace

TEST_CASE("block_device: a model is one by its own word, and not by its looks or its base") {
  CHECK(BlockDevice<testing::poorest_device>);
  CHECK(BlockDevice<file_blocks<mem_fs>>);
  CHECK(BlockDevice<flash_blocks<testing::flash_sim<256, 8>>>);
  CHECK_FALSE(BlockDevice<derived_device>);
  CHECK_FALSE(BlockDevice<int>);
}

TEST_CASE("block_device: what does not grow says so") {
  testing::poorest_device device;
  const auto grown = grow(device, 1 << 20);
  CHECK((!grown && grown.error().code() == code::unsupported && grown.error().outcome() == outcome::unchanged));
}
