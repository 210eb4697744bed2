// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_FLASH_BLOCKS_HPP
#define PERDURE_MANIFEST_FLASH_BLOCKS_HPP

// flash_blocks(chip, options): a BlockDevice (see block_device.hpp) in sectors of a flash chip. Each region is some sectors; a
// write erases them and programs what it was given, the last unit filled up with 0xff.
//
//   perdure::flash_blocks blocks(chip, {.first_sector = 8, .sectors = 6, .sectors_per_region = 2});
//   perdure::twin_slot slot(blocks);
//
// The end of each region is for marks, of at least 8 bytes and whole units: "confirmed" (B6) is one whose bytes are "PdDurabl",
// then zeros. There are four, for a mark may be cut, and who finds one cannot know that it will read so again.
//
// Effects: takes the sectors for its own, without asking whether somebody else uses them: the user is the only owner (B7). A chip
//   whose sectors hold something else has to be erased first.
// Failure: invalid_argument for fewer than three regions, or sectors too small for a mark; no_space where all four marks of a
//   region were cut; else as the chip.
// Not promised: see flash.hpp. identity is 0 unless the options give another; a chip that is put to another use wants one.

#include <perdure/manifest/block_device.hpp>
#include <perdure/manifest/flash.hpp>

namespace perdure {
inline namespace v1 {

struct flash_blocks_options {
  std::uint32_t first_sector = 0;
  std::uint32_t sectors = 3;
  std::uint32_t sectors_per_region = 1;
  std::uint64_t identity = 0;
};

template <Flash C>
class flash_blocks {
  static constexpr std::size_t unit = C::program_unit_bytes;
  static constexpr std::size_t mark_size = (8 + unit - 1) / unit * unit;
  static constexpr std::uint32_t marks = 4;

 public:
  using perdure_block_device = flash_blocks;

  explicit flash_blocks(C& chip, const flash_blocks_options& options = {}) noexcept : chip_(&chip), options_(options) {}

  [[nodiscard]] result<void> acquire() noexcept {
    if (shape().regions >= 3 && region_size() > marks * mark_size) return {};
    return failure(code::invalid_argument, operation::open);
  }
  void release() noexcept {}
  [[nodiscard]] result<void> look() noexcept { return acquire(); }
  [[nodiscard]] block_shape shape() const noexcept {
    const std::uint32_t per_region = options_.sectors_per_region;
    const std::uint32_t regions = per_region == 0 ? 0 : options_.sectors / per_region;
    return {regions < block_shape::regions_max ? regions : block_shape::regions_max, 0, options_.identity};
  }
  [[nodiscard]] std::uint64_t capacity(std::uint32_t) const noexcept { return region_size() - marks * mark_size; }

  [[nodiscard]] result<void> read(std::uint32_t region, std::uint64_t offset, mutable_bytes into) {
    return chip_->read(begin_of(region) + offset, into);
  }

  [[nodiscard]] result<void> write(std::uint32_t region, bytes head, bytes body) {
    if (head.size() + std::uint64_t{body.size()} > capacity(region)) return failure(code::too_large, operation::write);
    const std::uint32_t sector = options_.first_sector + region * options_.sectors_per_region;
    for (std::uint32_t i = 0; i < options_.sectors_per_region; ++i) {
      const auto erased = chip_->erase(sector + i);
      if (!erased) return erased.error().with(doubt::none);
    }
    std::uint64_t at = begin_of(region);
    std::byte units[unit];
    std::size_t filled = 0;
    const bytes parts[] = {head, body};
    for (bytes part : parts) {
      while (!part.empty()) {
        const bytes piece = part.first(unit - filled);
        std::memcpy(units + filled, piece.data(), piece.size());
        filled += piece.size();
        part = part.from(piece.size());
        if (filled == unit) {
          PERDURE_TRY(program(at, bytes(units, unit)));
          at += unit;
          filled = 0;
        }
      }
    }
    if (filled == 0) return {};
    std::memset(units + filled, 0xff, unit - filled);
    return program(at, bytes(units, unit));
  }
  [[nodiscard]] result<void> sync() noexcept { return {}; }

  [[nodiscard]] result<bool> confirmed(std::uint32_t region) {
    const auto mark = look_at_marks(region);
    if (!mark) return mark.error();
    return mark->is_set;
  }
  // Where one is set that may be half made, another one is set: then the region is confirmed whatever becomes of the first.
  [[nodiscard]] result<void> confirm(std::uint32_t region) {
    const auto mark = look_at_marks(region);
    if (!mark) return mark.error();
    std::byte units[mark_size] = {};
    std::memcpy(units, text, sizeof(text));
    // A cut may have left one that reads as blank, and that the chip refuses to program again.
    for (std::uint32_t i = mark->next; i < marks; ++i) {
      if (chip_->program(mark_at(region, i), bytes(units, mark_size))) return {};
    }
    return mark->is_set ? result<void>() : failure(code::no_space, operation::write);
  }

 private:
  static constexpr char text[8] = {'P', 'd', 'D', 'u', 'r', 'a', 'b', 'l'};

  struct seen_marks {
    bool is_set = false;
    std::uint32_t next = 0;  // the first behind all that are not blank
  };

  [[nodiscard]] std::uint64_t region_size() const noexcept {
    return std::uint64_t{options_.sectors_per_region} * C::sector_size_bytes;
  }
  [[nodiscard]] std::uint64_t begin_of(std::uint32_t region) const noexcept {
    return options_.first_sector * std::uint64_t{C::sector_size_bytes} + region * region_size();
  }
  [[nodiscard]] std::uint64_t mark_at(std::uint32_t region, std::uint32_t mark) const noexcept {
    return begin_of(region) + capacity(region) + mark * mark_size;
  }
  [[nodiscard]] result<void> program(std::uint64_t at, bytes units) {
    const auto done = chip_->program(at, units);
    return done ? done : done.error().with(doubt::visible);
  }
  [[nodiscard]] result<seen_marks> look_at_marks(std::uint32_t region) {
    seen_marks seen;
    for (std::uint32_t i = 0; i < marks; ++i) {
      std::byte units[mark_size];
      const auto read = chip_->read(mark_at(region, i), units);
      if (!read && read.error().code() != code::corrupt) return read.error();
      if (!read) std::memset(units, 0, mark_size);
      if (std::memcmp(units, text, sizeof(text)) == 0) seen.is_set = true;
      for (const std::byte one : units) {
        if (one != std::byte{0xff}) seen.next = i + 1;
      }
    }
    return seen;
  }

  C* chip_;
  flash_blocks_options options_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_FLASH_BLOCKS_HPP
