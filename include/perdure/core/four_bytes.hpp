// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_FOUR_BYTES_HPP
#define PERDURE_CORE_FOUR_BYTES_HPP

// four_bytes: what kind of file it is, in the four bytes that say so: four_bytes("LHV1").

#include <cstddef>
#include <cstring>

#include <perdure/core/bytes.hpp>

namespace perdure {
inline namespace v1 {

class four_bytes {
 public:
  constexpr four_bytes() noexcept = default;
  constexpr four_bytes(const char (&text)[5]) noexcept : byte_{text[0], text[1], text[2], text[3]} {}
  // The first four of at least four.
  [[nodiscard]] static four_bytes of(bytes at_least_four) noexcept {
    PERDURE_ASSERT(at_least_four.size() >= 4, "four_bytes::of fewer than four bytes");
    four_bytes read;
    std::memcpy(read.byte_, at_least_four.data(), 4);
    return read;
  }

  [[nodiscard]] const char* data() const noexcept { return byte_; }
  [[nodiscard]] static constexpr std::size_t size() noexcept { return 4; }
  [[nodiscard]] constexpr char operator[](std::size_t at) const noexcept { return byte_[at]; }
  friend constexpr bool operator==(const four_bytes&, const four_bytes&) noexcept = default;

  // The same kind, of a later version: three bytes alike, and a higher digit as the fourth. "LHV2" is later than "LHV1".
  [[nodiscard]] constexpr bool is_later_than(const four_bytes& other) const noexcept {
    const bool alike = byte_[0] == other.byte_[0] && byte_[1] == other.byte_[1] && byte_[2] == other.byte_[2];
    return alike && other.byte_[3] >= '0' && byte_[3] > other.byte_[3] && byte_[3] <= '9';
  }

 private:
  char byte_[4] = {};
};

static_assert(sizeof(four_bytes) == 4 && alignof(four_bytes) == 1);

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_FOUR_BYTES_HPP
