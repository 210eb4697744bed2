// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_MD5_HPP
#define PERDURE_STORE_DETAIL_MD5_HPP

// content_md5: MD5 (RFC 1321) in base64, which S3 demands in front of a batch of deletions. It protects nothing here: the
// signature covers the body by SHA-256.

#include <cstdint>
#include <cstring>

#include <perdure/fs/path.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

class md5 {
 public:
  explicit md5(bytes data) noexcept {
    const std::uint64_t bits = static_cast<std::uint64_t>(data.size()) * 8;
    for (; data.size() >= 64; data = data.from(64)) block(data.data());
    std::byte tail[128] = {};
    if (!data.empty()) std::memcpy(tail, data.data(), data.size());
    tail[data.size()] = std::byte{0x80};
    const std::size_t size = data.size() < 56 ? 64 : 128;
    for (std::size_t i = 0; i < 8; ++i) tail[size - 8 + i] = static_cast<std::byte>(bits >> 8 * i & 0xff);
    block(tail);
    if (size == 128) block(tail + 64);
    for (std::size_t i = 0; i < 16; ++i) value[i] = static_cast<std::byte>(state_[i / 4] >> 8 * (i % 4) & 0xff);
  }
  std::byte value[16];

 private:
  // floor(2^32 * |sin(i + 1)|)
  static constexpr std::uint32_t sines[64] = {
      0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af,
      0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa,
      0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
      0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
      0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97,
      0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
      0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
  static constexpr unsigned turns[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};

  void block(const std::byte* at) noexcept {
    std::uint32_t word[16];
    for (std::size_t i = 0; i < 16; ++i) {
      word[i] = 0;
      for (std::size_t k = 0; k < 4; ++k) word[i] |= std::to_integer<std::uint32_t>(at[4 * i + k]) << 8 * k;
    }
    std::uint32_t a = state_[0], b = state_[1], c = state_[2], d = state_[3];
    for (std::uint32_t i = 0; i < 64; ++i) {
      const std::uint32_t round = i / 16;
      const std::uint32_t mix = round == 0   ? (b & c) | (~b & d)
                                : round == 1 ? (d & b) | (~d & c)
                                : round == 2 ? b ^ c ^ d
                                             : c ^ (b | ~d);
      const std::uint32_t which = (round == 0 ? i : round == 1 ? 5 * i + 1 : round == 2 ? 3 * i + 5 : 7 * i) % 16;
      const std::uint32_t sum = a + mix + sines[i] + word[which];
      const unsigned turn = turns[4 * round + i % 4];
      a = d;
      d = c;
      c = b;
      b += sum << turn | sum >> (32 - turn);
    }
    state_[0] += a;
    state_[1] += b;
    state_[2] += c;
    state_[3] += d;
  }

  std::uint32_t state_[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
};

[[nodiscard]] inline path_buffer<24> content_md5(bytes data) noexcept {
  constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const md5 sum(data);
  path_buffer<24> text;
  for (std::size_t i = 0; i < 16; i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) three = three << 8 | (i + k < 16 ? std::to_integer<std::uint32_t>(sum.value[i + k]) : 0);
    const char four[] = {letters[three >> 18], letters[three >> 12 & 63], i + 1 < 16 ? letters[three >> 6 & 63] : '=',
                         i + 2 < 16 ? letters[three & 63] : '='};
    text.append({four, 4});
  }
  return text;
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_MD5_HPP
