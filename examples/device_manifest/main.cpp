// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// What a pump remembers, on a chip that loses its power within each unit that is programmed and each sector that is erased; and
// again in the life after that, and whatever the cells that it was at may read as then.
//
//   device_manifest [--naive]       --naive keeps it the way most firmware does, to show what that loses
//
// Here the chip is a simulated one. tests/rigs/cortex-m runs the same on a Cortex-M4.

#include <examples/device_manifest/life.hpp>
#include <examples/device_manifest/naive.hpp>
#include <perdure/testing/flash_sim.hpp>

#include <cstdio>
#include <cstring>

namespace {

using chip = perdure::testing::flash_sim<256, 8>;

// Lives, one after the other, until one ends in peace.
template <class Memory>
std::string lives(chip& flash, std::uint32_t steps) {
  pump::witness seen{.steps = steps};
  do {
    flash.restart();
    Memory memory(flash);
    if (const char* const wrong = pump::live(memory, seen, [&] { return flash.is_on(); })) return wrong;
  } while (!flash.is_on());
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_naive = argc > 1 && std::strcmp(argv[1], "--naive") == 0;
  for (std::uint32_t cuts = 1; cuts <= 2; ++cuts) {
    const std::uint32_t steps = cuts == 1 ? 5 : 2;
    const auto report = perdure::testing::explore_flash<chip>({.sectors = 3, .cuts = cuts}, [&](chip& flash) {
      return is_naive ? lives<pump::naive_memory<chip>>(flash, steps) : lives<pump::memory<chip>>(flash, steps);
    });
    std::printf("up to %u power cuts: %s\n", cuts, report.text().c_str());
    if (!report.ok()) return 1;
  }
  std::puts("nothing was lost");
}
