// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_CRC32C_HPP
#define PERDURE_CORE_CRC32C_HPP

// crc32c(data): the CRC-32 of Castagnoli (iSCSI, RFC 3720; CRC-32/ISCSI), as the number that a file keeps.
//
//   crc32c("123456789") == 0xE3069283
//   crc32c(b, crc32c(a)) == crc32c(a + b)                                and crc32c of nothing is 0
//   crc32c_combine(crc32c(a), crc32c(b), b.size()) == crc32c(a + b)      without a look at the data
//
// It finds accidents, not adversaries: any burst of up to 32 bits, any odd number of flipped bits, any three and fewer in
// records of less than 256 MiB, the CRC itself among them; of other damage all but one in 2^32. Against intent there is sha256.
//
// Which of several ways is taken is decided by what the CPU can do, once for the program; all give the same number. Any
// alignment is good, nothing outside of `data` is read, and any number of threads may call at once.

#include <cstddef>
#include <cstdint>

#include <perdure/core/bytes.hpp>
#include <perdure/core/detail/cpu.hpp>
#include <perdure/core/detail/crc32c_algebra.hpp>
#include <perdure/core/detail/crc32c_hardware.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

// From the slowest to the fastest.
enum class crc32c_path : std::uint8_t {
  by_nibble = 1,  // a table of 64 bytes, for devices
  by_slice,       // a table of 1 KiB
  serial,         // the CRC32C instruction
  lanes,          // three of it side by side
  folded,         // carry-less products of 512 bits
};
inline constexpr crc32c_path crc32c_paths[] = {crc32c_path::by_nibble, crc32c_path::by_slice, crc32c_path::serial,
                                               crc32c_path::lanes, crc32c_path::folded};

inline bool crc32c_runs_here(crc32c_path path) noexcept {
  const cpu_features cpu = cpu_detect();
  switch (path) {
    case crc32c_path::by_nibble:
    case crc32c_path::by_slice:
      return true;
    case crc32c_path::serial:
      return cpu.crc32c;
    case crc32c_path::lanes:
      return cpu.crc32c && cpu.multiply;
    case crc32c_path::folded:
      return cpu.crc32c && cpu.multiply && cpu.fold;
  }
  return false;
}

inline std::uint32_t crc32c_by_nibble(std::uint32_t state, const std::byte* at, std::size_t size) noexcept {
  const std::uint32_t* row = crc32c_nibbles.row[0];
  for (; size != 0; ++at, --size) {
    state ^= std::to_integer<std::uint32_t>(*at);
    state = (state >> 4) ^ row[state & 0xF];
    state = (state >> 4) ^ row[state & 0xF];
  }
  return state;
}

// Any byte order: compilers make one load of the four.
inline std::uint32_t crc32c_word(const std::byte* at) noexcept {
  return std::to_integer<std::uint32_t>(at[0]) | std::to_integer<std::uint32_t>(at[1]) << 8 |
         std::to_integer<std::uint32_t>(at[2]) << 16 | std::to_integer<std::uint32_t>(at[3]) << 24;
}

inline std::uint32_t crc32c_by_slice(std::uint32_t state, const std::byte* at, std::size_t size) noexcept {
  const auto* row = crc32c_slices.row;
  for (; size >= 8; at += 8, size -= 8) {
    state = crc32c_lookup(row + 8, state ^ crc32c_word(at)) ^ crc32c_lookup(row, crc32c_word(at + 4));
  }
  return crc32c_by_nibble(state, at, size);
}

#if PERDURE_CPU_X86 || PERDURE_CPU_ARM

inline std::uint32_t crc32c_with(crc32c_path path, bytes data, std::uint32_t continued_from = 0) noexcept {
  const std::uint32_t state = ~continued_from;
  switch (path) {
    case crc32c_path::by_nibble:
      return ~crc32c_by_nibble(state, data.data(), data.size());
    case crc32c_path::by_slice:
      break;
    case crc32c_path::serial:
      return ~crc32c_serial(state, data.data(), data.size());
#if PERDURE_CPU_X86
    case crc32c_path::folded:
      return ~crc32c_folded(state, data.data(), data.size());
#else
    case crc32c_path::folded:
#endif
    case crc32c_path::lanes:
      return ~crc32c_lanes(state, data.data(), data.size());
  }
  return ~crc32c_by_slice(state, data.data(), data.size());
}

// Zero until somebody asked. Threads that ask at the same time find and store the same answer.
inline std::uint8_t crc32c_choice = 0;

__attribute__((noinline, cold)) inline std::uint8_t crc32c_choose() noexcept {
  std::uint8_t choice = 0;
  for (const crc32c_path path : crc32c_paths) {
    if (crc32c_runs_here(path)) choice = static_cast<std::uint8_t>(path);
  }
  __atomic_store_n(&crc32c_choice, choice, __ATOMIC_RELAXED);
  return choice;
}

inline crc32c_path crc32c_chosen() noexcept {
  const std::uint8_t choice = __atomic_load_n(&crc32c_choice, __ATOMIC_RELAXED);
  return static_cast<crc32c_path>(choice != 0 ? choice : crc32c_choose());
}

#else

inline std::uint32_t crc32c_with(crc32c_path path, bytes data, std::uint32_t continued_from = 0) noexcept {
  const std::uint32_t state = ~continued_from;
  if (path == crc32c_path::by_nibble) return ~crc32c_by_nibble(state, data.data(), data.size());
  return ~crc32c_by_slice(state, data.data(), data.size());
}

// On a device even 1 KiB for a table is much of what the library may weigh.
constexpr crc32c_path crc32c_chosen() noexcept {
#if defined(PERDURE_OS_NONE) && !defined(_WIN32)
  return crc32c_path::by_nibble;
#else
  return crc32c_path::by_slice;
#endif
}

#endif

}  // namespace detail

[[nodiscard]] inline std::uint32_t crc32c(bytes data, std::uint32_t continued_from = 0) noexcept {
  return detail::crc32c_with(detail::crc32c_chosen(), data, continued_from);
}

// The complements at either end cancel, so finished numbers combine like registers do.
[[nodiscard]] constexpr std::uint32_t crc32c_combine(std::uint32_t crc_a, std::uint32_t crc_b, std::uint64_t size_b) noexcept {
  return detail::crc32c_over_zeros(crc_a, size_b) ^ crc_b;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_CRC32C_HPP
