// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/manifest/flash_blocks.hpp>
#include <perdure/testing/flash_sim.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;
using namespace perdure::testing;

namespace {
using chip = flash_sim<128, 16>;
std::string read(flash_blocks<chip>& blocks, std::uint32_t region, std::size_t size) {
  std::string text(size, '?');
  return blocks.read(region, 0, text) ? text : "";
}
}  // namespace

TEST_CASE("flash_blocks: a write fills up its last unit, and touches its own sectors alone") {
  chip flash(9);
  flash_blocks blocks(flash, {.first_sector = 1, .sectors = 7, .sectors_per_region = 2, .identity = 3});
  CHECK(blocks.acquire());
  CHECK((blocks.shape().regions == 3 && blocks.shape().identity == 3));
  CHECK(blocks.capacity(0) == 2 * 128 - 4 * 16);
  CHECK(blocks.write(1, "head of seventeen", "and a body"));
  CHECK(read(blocks, 1, 33) == "head of seventeenand a body" + std::string(6, '\xff'));
  for (std::uint32_t sector = 0; sector < 9; ++sector) CHECK(flash.erases(sector) == (sector == 3 || sector == 4 ? 1U : 0U));
  CHECK(blocks.write(1, "again", {}));
  CHECK(read(blocks, 1, 6) == "again\xff");
  const auto large = blocks.write(2, std::string(190, 'x'), "yyy");
  CHECK((!large && large.error().code() == code::too_large && large.error().outcome() == outcome::unchanged));
  CHECK(flash.complaint().empty());
}

TEST_CASE("flash_blocks: what is confirmed stays so until the region is written, and so often as there are marks") {
  chip flash(3);
  flash_blocks blocks(flash);
  CHECK(blocks.write(0, "value", {}));
  CHECK_FALSE(blocks.confirmed(0).value_or(true));
  for (int i = 0; i < 6; ++i) CHECK(blocks.confirm(0));
  flash_blocks later(flash);
  CHECK(later.confirmed(0).value_or(false));
  CHECK_FALSE(later.confirmed(1).value_or(true));
  CHECK(later.write(0, "other", {}));
  CHECK_FALSE(blocks.confirmed(0).value_or(true));
  CHECK(flash.complaint().empty());
}

TEST_CASE("flash_blocks: too few regions, or none, are refused") {
  chip flash(9);
  for (const flash_blocks_options& wrong :
       {flash_blocks_options{.sectors = 2}, flash_blocks_options{.sectors = 5, .sectors_per_region = 2},
        flash_blocks_options{.sectors_per_region = 0}}) {
    flash_blocks blocks(flash, wrong);
    const auto acquired = blocks.acquire();
    CHECK((!acquired && acquired.error().code() == code::invalid_argument));
  }
}
