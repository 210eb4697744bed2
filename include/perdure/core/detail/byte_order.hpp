// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_DETAIL_BYTE_ORDER_HPP
#define PERDURE_CORE_DETAIL_BYTE_ORDER_HPP

// little<T>, big<T>: a number as a file keeps it, of any alignment. A struct of them has the size and the offsets of its byte
// table on every machine, so that it can be copied to and from the file as it is.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <perdure/core/bytes.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <class T, bool BigFirst>
class stored_number {
 public:
  constexpr stored_number() noexcept = default;
  constexpr stored_number(T value) noexcept { *this = value; }
  constexpr stored_number& operator=(T value) noexcept {
    for (std::size_t i = 0; i < sizeof(T); ++i) byte_[place(i)] = static_cast<unsigned char>(std::uint64_t{value} >> (8 * i));
    return *this;
  }
  constexpr operator T() const noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value |= std::uint64_t{byte_[place(i)]} << (8 * i);
    return static_cast<T>(value);
  }

 private:
  static constexpr std::size_t place(std::size_t i) noexcept { return BigFirst ? sizeof(T) - 1 - i : i; }
  unsigned char byte_[sizeof(T)] = {};
};

template <class T>
using little = stored_number<T, false>;
template <class T>
using big = stored_number<T, true>;

// A struct of the file, from its bytes. They must be there.
template <class T>
  requires(is_trivially_copyable<T> && alignof(T) == 1)
[[nodiscard]] T stored_at(const std::byte* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

template <class T>
[[nodiscard]] bytes stored_bytes(const T& stored) noexcept {
  return bytes(reinterpret_cast<const std::byte*>(&stored), sizeof(T));
}
// The first bytes of it, up to its own checksum.
template <class T>
[[nodiscard]] bytes before_checksum(const T& stored) noexcept {
  return bytes(reinterpret_cast<const std::byte*>(&stored), offsetof(T, checksum));
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_DETAIL_BYTE_ORDER_HPP
