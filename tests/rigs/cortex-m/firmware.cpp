// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// What is weighed: a firmware with nothing in it but a memory that survives, and a driver as short as one can be.

#include <examples/device_manifest/pump.hpp>
#include <tests/rigs/cortex-m/board.hpp>

namespace {

// A controller of three registers. What a real one wants besides (keys, waiting) is its own.
class driver {
 public:
  using perdure_flash = driver;
  static constexpr std::size_t sector_size_bytes = 4096;
  static constexpr std::size_t program_unit_bytes = 8;

  [[nodiscard]] perdure::result<void> read(std::uint64_t at, perdure::mutable_bytes into) {
    std::memcpy(into.data(), reinterpret_cast<const void*>(flash + static_cast<std::uintptr_t>(at)), into.size());
    return {};
  }
  [[nodiscard]] perdure::result<void> program(std::uint64_t at, perdure::bytes units) {
    for (std::size_t i = 0; i < units.size(); i += 4) {
      std::uint32_t word = 0;
      std::memcpy(&word, units.data() + i, 4);
      *reinterpret_cast<volatile std::uint32_t*>(flash + static_cast<std::uintptr_t>(at) + i) = word;
    }
    return status();
  }
  [[nodiscard]] perdure::result<void> erase(std::uint32_t sector) {
    *reinterpret_cast<volatile std::uint32_t*>(registers + 4) = sector;
    return status();
  }

 private:
  static constexpr std::uintptr_t flash = 0x08020000;
  static constexpr std::uintptr_t registers = 0x40022000;

  static perdure::result<void> status() {
    const std::uint32_t is = *reinterpret_cast<volatile std::uint32_t*>(registers);
    return is == 0 ? perdure::result<void>() : perdure::failure(perdure::code::io, perdure::operation::write);
  }
};

driver chip;
#if defined(RIG_ON_THE_HEAP)
using heaped = perdure::manifest<pump::state, perdure::twin_slot<perdure::flash_blocks<driver>>, pump::codec, perdure::no_sync>;
perdure::flash_blocks<driver> blocks(chip);
heaped kept{perdure::twin_slot<perdure::flash_blocks<driver>>(blocks)};
int run() {
  if (!kept.open()) return 1;
  return perdure::commit_manifest(kept, [](pump::state& next) { ++next.starts; }) ? 0 : 2;
}
#else
pump::memory<driver> kept(chip);
int run() {
  if (!kept.open() || !kept.started()) return 1;
  return kept.ran(60) && kept.set_pressure(5) ? 0 : 2;
}
#endif

}  // namespace

int board::program() { return run(); }
