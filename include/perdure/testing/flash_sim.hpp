// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_FLASH_SIM_HPP
#define PERDURE_TESTING_FLASH_SIM_HPP

// flash_sim: a Flash (see manifest/flash.hpp) whose power goes. explore_flash: a life on it, with the power going within each
// unit that is programmed, each byte where a unit is one, and each erase; and again in the lives after it.
//
//   using chip = perdure::testing::flash_sim<256, 8>;           // bytes of a sector, and of a unit
//   auto report = perdure::testing::explore_flash<chip>({.sectors = 3, .cuts = 2}, [](chip& flash) -> std::string {
//     do {
//       flash.restart();
//       ...                                                     // until it is done, or flash.is_on() is not
//     } while (!flash.is_on());
//     return complaint;                                         // empty: fine
//   });
//   REQUIRE(report.ok());                                       // else report.text(), with the token for .replay
//
// What a cut was within is weak until its sector is erased. At each restart it reads, by choice, as before, as if it had been
// done, as some of each, as another of these each time, or not at all. A weak unit that is programmed again is refused.
//
// Success: of a report, that every choice was made. complaint() says whether the chip was used against its laws.
// Not promised: that garbage is every garbage; what a cell does that was erased too often. erases(sector) counts.

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <perdure/manifest/flash.hpp>
#include <perdure/testing/choose.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

struct flash_exploration {
  std::uint32_t sectors = 3;
  std::uint32_t cuts = 1;      // how often the power may go
  std::uint32_t failures = 0;  // how many calls may fail, and leave what a cut leaves
  std::string replay = {};     // the token of a report: that one life alone
};

template <std::size_t SectorSize, std::size_t Unit>
class flash_sim {
 public:
  using perdure_flash = flash_sim;
  static constexpr std::size_t sector_size_bytes = SectorSize;
  static constexpr std::size_t program_unit_bytes = Unit;

  explicit flash_sim(std::uint32_t sectors) : flash_sim({.sectors = sectors, .cuts = 0}, nullptr) {}
  flash_sim(const flash_exploration& what, std::function<std::uint32_t(std::uint32_t)> choose)
      : choose_(std::move(choose)),
        cuts_left_(what.cuts),
        failures_left_(what.failures),
        cells_(what.sectors * SectorSize, std::byte{0xff}),
        erases_(what.sectors) {}

  [[nodiscard]] bool is_on() const noexcept { return is_on_; }
  void restart() {
    is_on_ = true;
    for (weak_cells& one : weak_) one.reads_as = choose_(reading_ways);
  }

  [[nodiscard]] std::uint32_t erases(std::uint32_t sector) const { return erases_[sector]; }
  [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }
  // Bytes at rest, for tests that look at them or damage them.
  [[nodiscard]] std::vector<std::byte>& cells() noexcept { return cells_; }

  [[nodiscard]] result<void> read(std::uint64_t at, mutable_bytes into) {
    if (!is_on_) return off(operation::read);
    if (at > cells_.size() || into.size() > cells_.size() - at) return misused(operation::read, "read past the end");
    const auto begin = static_cast<std::size_t>(at);
    if (!into.empty()) std::memcpy(into.data(), cells_.data() + begin, into.size());
    for (weak_cells& one : weak_) {
      if (one.at >= begin + into.size() || begin >= one.at + one.before.size()) continue;
      if (one.reads_as == refused) return failure(code::corrupt, operation::read);
      const std::uint32_t way = one.reads_as == flickering ? one.reads++ % flickering : one.reads_as;
      for (std::size_t i = 0; i < one.before.size(); ++i) {
        const std::size_t cell = one.at + i;
        if (cell >= begin && cell < begin + into.size()) into.data()[cell - begin] = one.reading(way, i);
      }
    }
    return {};
  }

  [[nodiscard]] result<void> program(std::uint64_t at, bytes units) {
    if (!is_on_) return off(operation::write);
    if (at % Unit != 0 || units.size() % Unit != 0 || at > cells_.size() || units.size() > cells_.size() - at)
      return misused(operation::write, "programmed what is no unit");
    for (std::size_t done = 0; done < units.size(); done += Unit) {
      const std::size_t cell = static_cast<std::size_t>(at) + done;
      if (is_weak(cell)) return failure(code::io, operation::write).with(doubt::visible);
      const bytes unit = units.from(done).first(Unit);
      for (std::size_t i = 0; i < Unit; ++i) {
        if (cells_[cell + i] != std::byte{0xff}) return misused(operation::write, "programmed twice without an erase");
      }
      const std::vector<std::byte> after(unit.begin(), unit.end());
      PERDURE_TRY(goes_on(operation::write, cell, after));
      std::memcpy(cells_.data() + cell, unit.data(), Unit);
    }
    return {};
  }

  [[nodiscard]] result<void> erase(std::uint32_t sector) {
    if (!is_on_) return off(operation::write);
    if (sector >= erases_.size()) return misused(operation::write, "erased past the end");
    ++erases_[sector];
    const std::size_t begin = sector * SectorSize;
    const std::vector<std::byte> after(SectorSize, std::byte{0xff});
    const auto done = goes_on(operation::write, begin, after);
    // What had been weak in it is a part of what the whole sector may read as now, or is gone.
    for (std::size_t i = weak_.size() - (done ? 0 : 1); i-- > 0;) {
      if (weak_[i].at < begin || weak_[i].at >= begin + SectorSize) continue;
      weak_.erase(weak_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (done) std::memset(cells_.data() + begin, 0xff, SectorSize);
    return done;
  }

 private:
  static constexpr std::uint32_t flickering = 3;
  static constexpr std::uint32_t refused = 4;
  static constexpr std::uint32_t reading_ways = 5;

  struct weak_cells {
    std::size_t at = 0;
    std::vector<std::byte> before;
    std::vector<std::byte> after;
    std::uint32_t reads_as = 0;
    std::uint32_t reads = 0;

    [[nodiscard]] std::byte reading(std::uint32_t way, std::size_t i) const {
      if (way == 0) return before[i];
      if (way == 1) return after[i];
      return i < before.size() / 2 ? after[i] : (before[i] & after[i]) ^ std::byte{0x11};
    }
  };

  [[nodiscard]] static failure off(enum operation called) noexcept { return failure(code::io, called); }
  [[nodiscard]] failure misused(enum operation called, const char* how) {
    complaint_ = how;
    return failure(code::invalid_argument, called);
  }
  [[nodiscard]] bool is_weak(std::size_t cell) const noexcept {
    for (const weak_cells& one : weak_) {
      if (cell >= one.at && cell < one.at + one.before.size()) return true;
    }
    return false;
  }
  [[nodiscard]] result<void> goes_on(enum operation called, std::size_t at, const std::vector<std::byte>& after) {
    const std::uint32_t ways = 1 + (cuts_left_ != 0 ? 1 : 0) + (failures_left_ != 0 ? 1 : 0);
    const std::uint32_t way = ways == 1 ? 0 : choose_(ways);
    if (way == 0) return {};
    weak_cells one;
    one.at = at;
    one.before.resize(after.size());
    if (!read(at, mutable_bytes(one.before.data(), one.before.size()))) one.before = after;
    one.after = after;
    if (way == 1 && cuts_left_ != 0) {
      --cuts_left_;
      is_on_ = false;
    } else {
      --failures_left_;
      one.reads_as = choose_(reading_ways);
    }
    weak_.push_back(one);
    return failure(code::io, called).with(doubt::visible);
  }

  std::function<std::uint32_t(std::uint32_t)> choose_;
  std::uint32_t cuts_left_;
  std::uint32_t failures_left_;
  bool is_on_ = true;
  std::vector<std::byte> cells_;
  std::vector<weak_cells> weak_;
  std::vector<std::uint32_t> erases_;
  std::string complaint_;
};

static_assert(Flash<flash_sim<256, 8>>);

struct flash_report {
  std::uint64_t lives = 0;
  std::string complaint;
  std::string replay;

  [[nodiscard]] bool ok() const noexcept { return complaint.empty(); }
  [[nodiscard]] std::string text() const { return ok() ? std::to_string(lives) + " lives" : complaint + "\nreplay: " + replay; }
};

template <class Chip, class Life>
[[nodiscard]] flash_report explore_flash(const flash_exploration& what, Life&& life) {
  flash_report report;
  choice_source source = what.replay.empty() ? choice_source() : choice_source(replay_token::parse(what.replay).digits);
  do {
    ++report.lives;
    Chip chip(what, [&](std::uint32_t ways) { return source.choose(ways); });
    report.complaint = life(chip);
    if (report.complaint.empty()) report.complaint = chip.complaint();
    if (report.complaint.empty()) continue;
    report.replay = replay_token{source.answers(), 0}.text();
    break;
  } while (source.next());
  return report;
}

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_FLASH_SIM_HPP
