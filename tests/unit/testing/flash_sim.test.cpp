// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/flash_sim.hpp>

#include <tests/support/catch.hpp>

#include <set>

using namespace perdure;
using namespace perdure::testing;

namespace {
using chip = flash_sim<32, 8>;
const std::byte eight[8] = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
                            std::byte{5}, std::byte{6}, std::byte{7}, std::byte{8}};
std::string first_unit(chip& flash) {
  char read[8] = {};
  return flash.read(0, mutable_bytes(read, 8)) ? std::string(read, 8) : "unreadable";
}
}  // namespace

TEST_CASE("flash_sim: programs what was erased, once, in whole units, and tells who does otherwise") {
  chip flash(2);
  CHECK(flash.program(8, eight));
  CHECK(flash.complaint().empty());
  CHECK_FALSE(flash.program(8, eight));
  CHECK(flash.complaint() == "programmed twice without an erase");
  CHECK((flash.erase(0) && flash.program(8, eight)));
  CHECK((flash.erases(0) == 1 && flash.erases(1) == 0));
  CHECK_FALSE(flash.program(4, eight));
  CHECK(flash.complaint() == "programmed what is no unit");
  CHECK_FALSE(flash.erase(2));
}

TEST_CASE("flash_sim: what a cut was within reads in every way, and is refused until it is erased") {
  std::set<std::string> seen;
  const auto report = explore_flash<chip>({.sectors = 1, .cuts = 1}, [&](chip& flash) -> std::string {
    const bool done = static_cast<bool>(flash.program(0, eight));
    if (done != flash.is_on()) return "it failed with the power on";
    if (done) return "";
    if (first_unit(flash) != "unreadable") return "it reads without power";
    flash.restart();
    seen.insert(first_unit(flash));
    seen.insert(first_unit(flash));
    if (flash.program(0, eight)) return "a weak unit was programmed";
    if (!flash.erase(0) || !flash.program(0, eight)) return "it is not as new";
    return first_unit(flash) == std::string(reinterpret_cast<const char*>(eight), 8) ? "" : "it is still weak";
  });
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.lives == 6);
  CHECK(seen.size() == 4);
}

TEST_CASE("flash_sim: a report has a token that runs the one life again") {
  const auto life = [](chip& flash) -> std::string {
    for (int i = 0; i < 3 && flash.is_on(); ++i) (void)flash.erase(0);
    return flash.is_on() || flash.erases(0) != 2 ? "" : "cut in the second erase";
  };
  const auto report = explore_flash<chip>({.sectors = 1, .cuts = 1}, life);
  CHECK(report.complaint == "cut in the second erase");
  const auto again = explore_flash<chip>({.sectors = 1, .cuts = 1, .replay = report.replay}, life);
  CHECK((again.complaint == report.complaint && again.lives == 1));
}
