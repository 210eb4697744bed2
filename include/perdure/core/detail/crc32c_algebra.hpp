// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_DETAIL_CRC32C_ALGEBRA_HPP
#define PERDURE_CORE_DETAIL_CRC32C_ALGEBRA_HPP

// The arithmetic under CRC32C: polynomials over GF(2) modulo the Castagnoli polynomial P, in 32 bits whose lowest bit is the
// highest power (so that 0x80000000 is 1 and 0x40000000 is x).

#include <cstddef>
#include <cstdint>

namespace perdure {
inline namespace v1 {
namespace detail {

inline constexpr std::uint32_t crc32c_polynomial = 0x82F63B78;

constexpr std::uint32_t crc32c_times_x(std::uint32_t value) noexcept {
  return (value >> 1) ^ ((value & 1) != 0 ? crc32c_polynomial : 0);
}

constexpr std::uint32_t crc32c_product(std::uint32_t a, std::uint32_t b) noexcept {
  std::uint32_t sum = 0;
  for (; a != 0; a <<= 1, b = crc32c_times_x(b)) sum ^= (a & 0x80000000) != 0 ? b : 0;
  return sum;
}

// value * x^(8 * size): what appending `size` zero bytes does to a bare register.
constexpr std::uint32_t crc32c_over_zeros(std::uint32_t value, std::uint64_t size) noexcept {
  std::uint32_t power = 0x00800000;  // x^8
  for (; size != 0; size >>= 1, power = crc32c_product(power, power)) {
    if ((size & 1) != 0) value = crc32c_product(value, power);
  }
  return value;
}

// Row k holds, for each half byte, what it and k more half bytes of zero make of an empty register. One row takes half a byte
// of input in a step, sixteen rows take eight bytes. (Rows for whole bytes are faster yet, and take the compiler ten times as
// long to make: they would only serve the few machines that have neither the instruction nor reason to be small.)
template <std::size_t Rows>
struct crc32c_table {
  std::uint32_t row[Rows][16];
};
template <std::size_t Rows>
consteval crc32c_table<Rows> crc32c_make_table() noexcept {
  crc32c_table<Rows> table{};
  for (std::uint32_t nibble = 0; nibble < 16; ++nibble) {
    std::uint32_t value = nibble;
    for (auto& row : table.row) {
      for (int bit = 0; bit < 4; ++bit) value = crc32c_times_x(value);
      row[nibble] = value;
    }
  }
  return table;
}
inline constexpr auto crc32c_nibbles = crc32c_make_table<1>();
inline constexpr auto crc32c_slices = crc32c_make_table<16>();

// Four bytes, through the eight rows that begin at `row`.
constexpr std::uint32_t crc32c_lookup(const std::uint32_t (*row)[16], std::uint32_t word) noexcept {
  return row[7][word & 0xF] ^ row[6][word >> 4 & 0xF] ^ row[5][word >> 8 & 0xF] ^ row[4][word >> 12 & 0xF] ^
         row[3][word >> 16 & 0xF] ^ row[2][word >> 20 & 0xF] ^ row[1][word >> 24 & 0xF] ^ row[0][word >> 28];
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_DETAIL_CRC32C_ALGEBRA_HPP
