// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// expect: HasFlashSizes
#include <perdure/manifest/flash.hpp>

class my_chip {
 public:
  using perdure_flash = my_chip;
  static constexpr std::size_t sector_size_bytes = 4096;
#ifdef PERDURE_FAIL
  static constexpr std::size_t program_unit_bytes = 24;
#else
  static constexpr std::size_t program_unit_bytes = 32;
#endif

  perdure::result<void> read(std::uint64_t at, perdure::mutable_bytes into);
  perdure::result<void> program(std::uint64_t at, perdure::bytes units);
  perdure::result<void> erase(std::uint32_t sector);
};
static_assert(perdure::Flash<my_chip>);
