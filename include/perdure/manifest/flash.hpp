// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_FLASH_HPP
#define PERDURE_MANIFEST_FLASH_HPP

// Flash: the three calls of a flash driver. A real one is its user's: read, program and erase, mapped on what the chip's own
// functions are called; flash_blocks makes a BlockDevice of it, and testing/flash_sim.hpp is one that loses its power.
//
// The laws
//  F1  `erase(sector)` makes every byte of one sector 0xff, and touches no other.
//  F2  `program(at, data)` writes whole units, at the multiple of one, that read as 0xff, and no other unit. No unit is
//      programmed twice without an erase between: what a cut left reading as 0xff may be refused, as chips with error correction
//      do.
//  F3  What succeeded survives. There is no cache, or the call waits for it.
//  F4  A cut, or a failure, during a program leaves the unit it was at with any content, and those behind it as they were; during
//      an erase it leaves anything in that sector. What it left may read otherwise each time, until the sector has been erased.
//  F5  `read` is of any bytes. What fails its error correction may be told as corrupt, or as any bytes.
//
// Not promised: more erases of a sector than the chip stands; wear is spread over the regions that are given.

#include <perdure/core/result.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

template <class C>
concept DeclaresFlash = same_as<typename C::perdure_flash, C>;
template <class C>
concept HasFlashSizes = requires {
  requires C::program_unit_bytes != 0;
  requires C::sector_size_bytes % C::program_unit_bytes == 0;
};
template <class C>
concept HasFlashRead = requires(C& chip, mutable_bytes into) {
  { chip.read(std::uint64_t{}, into) } -> results_in<void>;
};
template <class C>
concept HasProgram = requires(C& chip, bytes units) {
  { chip.program(std::uint64_t{}, units) } -> results_in<void>;
};
template <class C>
concept HasErase = requires(C& chip) {
  { chip.erase(std::uint32_t{}) } -> results_in<void>;
};

}  // namespace detail

// A model says that it keeps the laws: `using perdure_flash = my_flash;`, and how large its units are by two constants,
// sector_size_bytes and program_unit_bytes. What derives from one has to say so again.
template <class C>
concept Flash = detail::DeclaresFlash<C> && detail::HasFlashSizes<C> && detail::HasFlashRead<C> && detail::HasProgram<C> &&
                detail::HasErase<C>;

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_FLASH_HPP
