// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_LITTLE_ENDIAN_HPP
#define PERDURE_MANIFEST_DETAIL_LITTLE_ENDIAN_HPP

// Numbers as the formats of this floor keep them, on any machine: the lowest byte first.

#include <cstddef>
#include <cstdint>

namespace perdure {
inline namespace v1 {
namespace detail {

template <std::size_t N>
constexpr void put_number(std::byte (&at)[N], std::uint64_t value) noexcept {
  for (std::size_t i = 0; i < N; ++i) at[i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
}
template <std::size_t N>
[[nodiscard]] constexpr std::uint64_t number_at(const std::byte (&at)[N]) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = N; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(at[i]);
  return value;
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_LITTLE_ENDIAN_HPP
