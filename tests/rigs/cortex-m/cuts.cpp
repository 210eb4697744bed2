// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A chip in memory that survives a reset, and a processor that is reset within each unit that is programmed and within each
// erase: registers, stack and all other memory are gone then. And again in the life after that.

#include <examples/device_manifest/life.hpp>
#include <examples/device_manifest/naive.hpp>
#include <tests/rigs/cortex-m/board.hpp>

namespace {

constexpr std::size_t sector_size = 256;
constexpr std::size_t unit = 8;
constexpr std::size_t sectors = 3;

// What a cut leaves of what it was within.
enum leftover : std::uint32_t { nothing_done, all_done, half_done, noise, leftovers };

struct survivor {
  std::uint32_t is_begun;
  // Which call to the chip is cut, in the first life and in the one after it; 0: none.
  std::uint32_t cut_at[2];
  std::uint32_t left[2];
  std::uint32_t life;
  std::uint32_t calls;
  std::uint32_t cuts;       // in all
  std::uint32_t scenarios;  // in all
  pump::witness seen;
  std::uint8_t cells[sectors * sector_size];
};
survivor& kept() { return *reinterpret_cast<survivor*>(board::surviving); }

class chip_in_memory {
 public:
  using perdure_flash = chip_in_memory;
  static constexpr std::size_t sector_size_bytes = sector_size;
  static constexpr std::size_t program_unit_bytes = unit;

  [[nodiscard]] perdure::result<void> read(std::uint64_t at, perdure::mutable_bytes into) {
    std::memcpy(into.data(), kept().cells + at, into.size());
    return {};
  }
  [[nodiscard]] perdure::result<void> program(std::uint64_t at, perdure::bytes units) {
    for (std::size_t done = 0; done < units.size(); done += unit) {
      std::uint8_t* const cells = kept().cells + at + done;
      for (std::size_t i = 0; i < unit; ++i) {
        if (cells[i] != 0xff) fail("a unit was programmed twice");
      }
      std::uint8_t after[unit];
      std::memcpy(after, units.data() + done, unit);
      change(cells, after, unit);
    }
    return {};
  }
  [[nodiscard]] perdure::result<void> erase(std::uint32_t sector) {
    std::uint8_t after[sector_size];
    std::memset(after, 0xff, sector_size);
    change(kept().cells + sector * sector_size, after, sector_size);
    return {};
  }

  [[noreturn]] static void fail(const char* why) {
    board::print("FAILED: ");
    board::print(why);
    for (int i = 0; i < 2; ++i) {
      board::print(i == 0 ? ", when the power went in call " : " and then in call ");
      board::print(kept().cut_at[i]);
      board::print(", leftover ");
      board::print(kept().left[i]);
    }
    board::print("\n");
    board::exit(1);
  }

 private:
  static void change(std::uint8_t* cells, const std::uint8_t* after, std::size_t size) {
    survivor& all = kept();
    const bool is_cut = all.life < 2 && ++all.calls == all.cut_at[all.life];
    if (!is_cut) {
      std::memcpy(cells, after, size);
      return;
    }
    switch (all.left[all.life]) {
      case all_done:
        std::memcpy(cells, after, size);
        break;
      case half_done:
        std::memcpy(cells, after, size / 2);
        break;
      case noise:
        for (std::size_t i = 0; i < size; ++i) cells[i] = static_cast<std::uint8_t>(cells[i] ^ (i * 37 + 11));
        break;
      default:
        break;
    }
    ++all.cuts;
    ++all.life;
    all.calls = 0;
    board::reset();
  }
};

chip_in_memory chip;
#if defined(RIG_NAIVE)
pump::naive_memory<chip_in_memory> memory(chip);
#else
pump::memory<chip_in_memory> memory(chip);
#endif

void begin() {
  survivor& all = kept();
  all.life = all.calls = 0;
  all.seen = pump::witness{.steps = 3};
  std::memset(all.cells, 0xff, sizeof(all.cells));
  ++all.scenarios;
}
// Of all that a cut may leave, and then of where it is.
void advance(std::uint32_t which) {
  if (++kept().left[which] < leftovers) return;
  kept().left[which] = 0;
  ++kept().cut_at[which];
}
// The next scenario, from a blank chip on. False, where the first cut was to be in a call that never came.
bool begin_next() {
  survivor& all = kept();
  if (all.cut_at[0] != 0 && all.life == 0) return false;
  if (all.cut_at[0] == 0) {
    all.cut_at[0] = 1;
  } else if (all.life == 2) {
    advance(1);
  } else if (all.cut_at[1] == 0) {
    all.cut_at[1] = 1;
  } else {
    all.cut_at[1] = 0;
    advance(0);
  }
  begin();
  return true;
}

}  // namespace

int board::program() {
  survivor& all = kept();
  constexpr std::uint32_t mark = 0x50756d70;
  if (all.is_begun != mark) {
    all = survivor{};
    all.is_begun = mark;
    begin();
  }
  if (const char* const wrong = pump::live(memory, all.seen, [] { return true; })) chip_in_memory::fail(wrong);
  if (begin_next()) board::reset();
  board::print("scenarios ");
  board::print(all.scenarios);
  board::print(", power cuts ");
  board::print(all.cuts);
  board::print(", nothing was lost\n");
  return 0;
}
