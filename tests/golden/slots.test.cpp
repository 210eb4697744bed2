// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// The golden files of twin_slot in a file, version 1 of both: what they hold is found, and what is written is theirs to the byte.

#include <perdure/fs/mem_fs.hpp>
#include <perdure/manifest/file_blocks.hpp>
#include <perdure/manifest/twin_slot.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/golden.hpp>
#include <tests/support/models.hpp>

using namespace perdure;
using tests::golden;

namespace {

// A page, and regions of one page each: what they begin with, then zeros.
std::string file_of(std::initializer_list<const char*> regions) {
  std::string whole;
  const auto add_page = [&](std::string page) {
    page.resize(4096);
    whole += page;
  };
  add_page(golden("twin_slot_v1_page"));
  for (const char* const region : regions) add_page(region == nullptr ? "" : golden(region));
  return whole;
}

struct opened {
  explicit opened(mem_fs& fs) : blocks(fs, "value"), slot(blocks) {}
  std::string loaded() {
    const auto now = slot.load(growing_room(text, 100));
    if (!now) return "failed";
    token = now->token;
    return now->exists() ? text : "nothing";
  }
  file_blocks<mem_fs> blocks;
  twin_slot<file_blocks<mem_fs>> slot;
  twin_slot<file_blocks<mem_fs>>::token token;
  std::string text;
};

}  // namespace

TEST_CASE("golden: a twin_slot in a file, version 1, is read and written to the byte") {
  mem_fs fs;
  REQUIRE(tests::put_into(fs, "value", file_of({"twin_slot_v1_committed", nullptr, nullptr})));
  {
    opened one(fs);
    CHECK(one.loaded() == "first");
    CHECK(*testing::read_text(fs, "value") == file_of({"twin_slot_v1_committed", "twin_slot_v1_copied", nullptr}));
    REQUIRE(one.slot.replace(one.token, "second"));
  }
  CHECK(*testing::read_text(fs, "value") == file_of({"twin_slot_v1_committed", "twin_slot_v1_copied", "twin_slot_v1_next"}));
  CHECK(opened(fs).loaded() == "second");
}

TEST_CASE("golden: no flipped bit of a twin_slot's file is shown, and none of its first page is passed over") {
  const std::string whole = file_of({"twin_slot_v1_committed", "twin_slot_v1_copied", "twin_slot_v1_next"});
  const auto flipped = [&](std::size_t bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    mem_fs fs;
    if (!tests::put_into(fs, "value", damaged)) return std::string("not written");
    return opened(fs).loaded();
  };
  for (std::size_t bit = 0; bit < 32 * 8; ++bit) {
    INFO("bit " << bit);
    CHECK(flipped(bit) == "failed");
  }
  for (std::size_t region = 0; region < 3; ++region) {
    for (std::size_t bit = 0; bit < 70 * 8; ++bit) {
      const std::string shown = flipped((region + 1) * 4096 * 8 + bit);
      INFO("region " << region << ", bit " << bit);
      CHECK(shown == (region != 2 || bit >= (64 + 6) * 8 ? "second" : "first"));
    }
  }
}
