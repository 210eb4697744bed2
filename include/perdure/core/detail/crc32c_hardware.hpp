// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_DETAIL_CRC32C_HARDWARE_HPP
#define PERDURE_CORE_DETAIL_CRC32C_HARDWARE_HPP

// CRC32C by the instructions of x86-64 and ARMv8. Written over five small functions that name what differs between the
// two, with compiler builtins and inline assembly in place of <immintrin.h> and <arm_neon.h>, which cost more to parse than
// the rest of a program.
//
// The states here are the bare register: the complement at either end is the caller's.
//
// The algebra, once. A state or a word stands for a polynomial over GF(2), its lowest bit the highest power. The instruction
// takes (state, word) to (state * x^32 + word) * x^32 mod P for a word of 64 bits, so a state can be carried over n bits of
// other data by multiplying it by x^n. A carry-less product of two such reflected numbers comes out one power short, and
// feeding it to the instruction adds 32, hence crc32c_carry(n) = x^(n - 33): the product of a state and crc32c_carry(n),
// added to the last word of those n bits, is that state carried over them.

#include <cstddef>
#include <cstdint>

#include <perdure/core/detail/cpu.hpp>
#include <perdure/core/detail/crc32c_algebra.hpp>

#if PERDURE_CPU_X86
#define PERDURE_CRC_STEP __attribute__((target("sse4.2"), always_inline)) inline
#define PERDURE_CRC_SERIAL __attribute__((target("sse4.2"))) inline
#define PERDURE_CRC_MULTIPLY __attribute__((target("sse4.2,pclmul"), always_inline)) inline
#define PERDURE_CRC_LANES __attribute__((target("sse4.2,pclmul"), noinline)) inline
#elif defined(__clang__)
#define PERDURE_CRC_STEP __attribute__((target("crc"), always_inline)) inline
#define PERDURE_CRC_SERIAL __attribute__((target("crc"))) inline
#define PERDURE_CRC_MULTIPLY __attribute__((target("crc,aes"), always_inline)) inline
#define PERDURE_CRC_LANES __attribute__((target("crc,aes"), noinline)) inline
#elif PERDURE_CPU_ARM
#define PERDURE_CRC_STEP __attribute__((target("+crc"), always_inline)) inline
#define PERDURE_CRC_SERIAL __attribute__((target("+crc"))) inline
#define PERDURE_CRC_MULTIPLY __attribute__((target("+crc+crypto"), always_inline)) inline
#define PERDURE_CRC_LANES __attribute__((target("+crc+crypto"), noinline)) inline
#endif

#if PERDURE_CPU_X86 || PERDURE_CPU_ARM

namespace perdure {
inline namespace v1 {
namespace detail {

inline constexpr std::size_t crc32c_lane_words_max = 170;  // 4 KiB in one go of three lanes

// What carries a state over so many words.
struct crc32c_lane_carries {
  std::uint32_t by_words[2 * crc32c_lane_words_max + 1];
};
consteval crc32c_lane_carries crc32c_make_lane_carries() noexcept {
  crc32c_lane_carries carries{};
  std::uint32_t carry = 0x00000001;  // crc32c_carry(64)
  for (std::size_t words = 1; words <= 2 * crc32c_lane_words_max; ++words) {
    carries.by_words[words] = carry;
    carry = crc32c_lookup(crc32c_slices.row + 8, carry);
  }
  return carries;
}
inline constexpr crc32c_lane_carries crc32c_lane_carry = crc32c_make_lane_carries();

using vector_2x64 = long long __attribute__((vector_size(16)));
using vector_8x64 = long long __attribute__((vector_size(64)));

template <class Word>
__attribute__((always_inline)) inline Word crc32c_load(const std::byte* at) noexcept {
  Word word;
  __builtin_memcpy(&word, at, sizeof(word));
  return word;
}

#if PERDURE_CPU_X86

// The instruction writes 64 bits, the upper half of them zero; to narrow in every step would lengthen the chain by a cycle.
using crc32c_state = std::uint64_t;

PERDURE_CRC_STEP crc32c_state crc32c_step(crc32c_state state, std::uint64_t word) noexcept {
  return __builtin_ia32_crc32di(state, word);
}
PERDURE_CRC_STEP crc32c_state crc32c_step(crc32c_state state, std::uint32_t word) noexcept {
  return __builtin_ia32_crc32si(static_cast<std::uint32_t>(state), word);
}
PERDURE_CRC_STEP crc32c_state crc32c_step(crc32c_state state, std::uint16_t word) noexcept {
  return __builtin_ia32_crc32hi(static_cast<std::uint32_t>(state), word);
}
PERDURE_CRC_STEP crc32c_state crc32c_step(crc32c_state state, std::uint8_t word) noexcept {
  return __builtin_ia32_crc32qi(static_cast<std::uint32_t>(state), word);
}
PERDURE_CRC_MULTIPLY std::uint64_t crc32c_multiply(crc32c_state state, std::uint32_t by) noexcept {
  const vector_2x64 product =
      __builtin_ia32_pclmulqdq128(vector_2x64{static_cast<long long>(state), 0}, vector_2x64{static_cast<long long>(by), 0}, 0);
  return static_cast<std::uint64_t>(product[0]);
}

#else

using crc32c_state = std::uint32_t;

PERDURE_CRC_STEP crc32c_state crc32c_step(crc32c_state state, std::uint64_t word) noexcept {
  __asm__("crc32cx %w0, %w0, %x1" : "+r"(state) : "r"(word));
  return state;
}
PERDURE_CRC_STEP crc32c_state crc32c_step(crc32c_state state, std::uint32_t word) noexcept {
  __asm__("crc32cw %w0, %w0, %w1" : "+r"(state) : "r"(word));
  return state;
}
PERDURE_CRC_STEP crc32c_state crc32c_step(crc32c_state state, std::uint16_t word) noexcept {
  __asm__("crc32ch %w0, %w0, %w1" : "+r"(state) : "r"(std::uint32_t{word}));
  return state;
}
PERDURE_CRC_STEP crc32c_state crc32c_step(crc32c_state state, std::uint8_t word) noexcept {
  __asm__("crc32cb %w0, %w0, %w1" : "+r"(state) : "r"(std::uint32_t{word}));
  return state;
}
PERDURE_CRC_MULTIPLY std::uint64_t crc32c_multiply(crc32c_state state, std::uint32_t by) noexcept {
  vector_2x64 product;
  const vector_2x64 left{static_cast<long long>(state), 0};
  const vector_2x64 right{static_cast<long long>(by), 0};
  __asm__("pmull %0.1q, %1.1d, %2.1d" : "=w"(product) : "w"(left), "w"(right));
  return static_cast<std::uint64_t>(product[0]);
}

#endif

// One instruction after the other, each waiting for the one before.
PERDURE_CRC_SERIAL std::uint32_t crc32c_serial(crc32c_state state, const std::byte* at, std::size_t size) noexcept {
  for (; size >= 32; at += 32, size -= 32) {
    state = crc32c_step(state, crc32c_load<std::uint64_t>(at));
    state = crc32c_step(state, crc32c_load<std::uint64_t>(at + 8));
    state = crc32c_step(state, crc32c_load<std::uint64_t>(at + 16));
    state = crc32c_step(state, crc32c_load<std::uint64_t>(at + 24));
  }
  for (; size >= 8; at += 8, size -= 8) state = crc32c_step(state, crc32c_load<std::uint64_t>(at));
  if ((size & 4) != 0) {
    state = crc32c_step(state, crc32c_load<std::uint32_t>(at));
    at += 4;
  }
  if ((size & 2) != 0) {
    state = crc32c_step(state, crc32c_load<std::uint16_t>(at));
    at += 2;
  }
  if ((size & 1) != 0) state = crc32c_step(state, crc32c_load<std::uint8_t>(at));
  return static_cast<std::uint32_t>(state);
}

// The instruction has a latency of three cycles and one may start in each: three neighbouring stretches of equal length
// side by side, of which the first two are then carried to the end of the third.
PERDURE_CRC_LANES std::uint32_t crc32c_lanes(crc32c_state state, const std::byte* at, std::size_t size) noexcept {
  constexpr std::size_t worthwhile = 10;  // words in a lane, below which the two products cost more than they save
  while (size >= 3 * 8 * worthwhile) {
    std::size_t words = size / (3 * 8);
    if (words > crc32c_lane_words_max) words = crc32c_lane_words_max;
    const std::size_t lane = 8 * words;
    const std::byte* const last = at + lane - 8;
    crc32c_state second = 0;
    crc32c_state third = 0;
    for (; at != last; at += 8) {
      state = crc32c_step(state, crc32c_load<std::uint64_t>(at));
      second = crc32c_step(second, crc32c_load<std::uint64_t>(at + lane));
      third = crc32c_step(third, crc32c_load<std::uint64_t>(at + 2 * lane));
    }
    state = crc32c_step(state, crc32c_load<std::uint64_t>(at));
    second = crc32c_step(second, crc32c_load<std::uint64_t>(at + lane));
    const std::uint64_t carried = crc32c_multiply(state, crc32c_lane_carry.by_words[2 * words]) ^
                                  crc32c_multiply(second, crc32c_lane_carry.by_words[words]);
    state = crc32c_step(third, crc32c_load<std::uint64_t>(at + 2 * lane) ^ carried);
    at += 2 * lane + 8;
    size -= 3 * lane;
  }
  return crc32c_serial(state, at, size);
}

#if PERDURE_CPU_X86

#define PERDURE_CRC_FOLD_TARGET "sse4.2,pclmul,avx512f,vpclmulqdq"
#define PERDURE_CRC_FOLD __attribute__((target(PERDURE_CRC_FOLD_TARGET), always_inline)) inline

#if defined(__clang__)
#define PERDURE_CRC_PRODUCT __builtin_ia32_pclmulqdq512
#else
#define PERDURE_CRC_PRODUCT __builtin_ia32_vpclmulqdq_v8di
#endif

PERDURE_CRC_FOLD vector_8x64 crc32c_load_block(const std::byte* at) noexcept {
  vector_8x64 block;
  __builtin_memcpy(&block, at, sizeof(block));
  return block;
}
// Each 128 bits of `block` carried over a distance: its low 64 have 64 more to go than its high 64.
PERDURE_CRC_FOLD vector_8x64 crc32c_fold(vector_8x64 block, vector_8x64 by) noexcept {
  return PERDURE_CRC_PRODUCT(block, by, 0x00) ^ PERDURE_CRC_PRODUCT(block, by, 0x11);
}
PERDURE_CRC_FOLD vector_8x64 crc32c_fold_by(long long low, long long high) noexcept {
  return vector_8x64{low, high, low, high, low, high, low, high};
}

// Four blocks of 64 bytes in flight, each carried over the 256 bytes to the block that it is added to; in the end all are
// gathered into the last 16 bytes, which the instruction reduces.
__attribute__((target(PERDURE_CRC_FOLD_TARGET))) inline std::uint32_t crc32c_folded(crc32c_state state, const std::byte* at,
                                                                                    std::size_t size) noexcept {
  constexpr std::size_t worthwhile = 256;
  if (size < worthwhile) return crc32c_lanes(state, at, size);
  // crc32c_carry of the distance and 64 bits, and of the distance alone.
  const vector_8x64 by_256 = crc32c_fold_by(0xDCB17AA4, 0xB9E02B86);
  const vector_8x64 by_192 = crc32c_fold_by(0xA87AB8A8, 0xAB7AFF2A);
  const vector_8x64 by_128 = crc32c_fold_by(0x6992CEA2, 0x0D3B6092);
  const vector_8x64 by_64 = crc32c_fold_by(0x740EEF02, 0x9E4ADDF8);
  const vector_8x64 by_48_32_16 = {0x1C291D04, 0xDDC0152B, 0x3DA6D0CB, 0xBA4FC28E, 0xF20C0DFE, 0x493C7D27};

  vector_8x64 a = crc32c_load_block(at) ^ vector_8x64 { static_cast<long long>(state) };
  vector_8x64 b = crc32c_load_block(at + 64);
  vector_8x64 c = crc32c_load_block(at + 128);
  vector_8x64 d = crc32c_load_block(at + 192);
  for (at += 256, size -= 256; size >= 256; at += 256, size -= 256) {
    a = crc32c_fold(a, by_256) ^ crc32c_load_block(at);
    b = crc32c_fold(b, by_256) ^ crc32c_load_block(at + 64);
    c = crc32c_fold(c, by_256) ^ crc32c_load_block(at + 128);
    d = crc32c_fold(d, by_256) ^ crc32c_load_block(at + 192);
  }
  d ^= crc32c_fold(a, by_192) ^ crc32c_fold(b, by_128) ^ crc32c_fold(c, by_64);
  for (; size >= 64; at += 64, size -= 64) d = crc32c_fold(d, by_64) ^ crc32c_load_block(at);

  const vector_8x64 folded = crc32c_fold(d, by_48_32_16);
  state = crc32c_step(crc32c_state{0}, static_cast<std::uint64_t>(folded[0] ^ folded[2] ^ folded[4] ^ d[6]));
  state = crc32c_step(state, static_cast<std::uint64_t>(folded[1] ^ folded[3] ^ folded[5] ^ d[7]));
  return crc32c_serial(state, at, size);
}

#undef PERDURE_CRC_PRODUCT
#undef PERDURE_CRC_FOLD
#undef PERDURE_CRC_FOLD_TARGET

#endif

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#undef PERDURE_CRC_STEP
#undef PERDURE_CRC_SERIAL
#undef PERDURE_CRC_MULTIPLY
#undef PERDURE_CRC_LANES

#endif

#endif  // PERDURE_CORE_DETAIL_CRC32C_HARDWARE_HPP
