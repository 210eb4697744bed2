// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_DETAIL_SHA256_WIDE_HPP
#define PERDURE_CORE_DETAIL_SHA256_WIDE_HPP

// SHA-256 of sixteen streams at once in the 512-bit registers of x86-64, each stream in 32 bits of every register: several
// times what the SHA instructions do in the same time, for whoever has that many streams.

#include <cstddef>
#include <cstdint>

#include <perdure/core/detail/cpu.hpp>
#include <perdure/core/detail/sha256_constants.hpp>

#if PERDURE_CPU_X86

#define PERDURE_SHA_STEP __attribute__((target("avx512f,avx512bw"), always_inline)) inline

namespace perdure {
inline namespace v1 {
namespace detail {

using vector_16x32 = std::uint32_t __attribute__((vector_size(64)));
using vector_64x8 = char __attribute__((vector_size(64)));

PERDURE_SHA_STEP vector_16x32 sha256_rotate_wide(vector_16x32 words, unsigned right) noexcept {
  return words >> right | words << (32 - right);
}

// Rows of words into columns: each of four steps swaps the upper right with the lower left quarter of all squares of 2 * size.
PERDURE_SHA_STEP void sha256_exchange(vector_16x32* rows, int size, int row) noexcept {
  if ((row & size) != 0) return;
  const vector_16x32 u = rows[row], l = rows[row + size];
  vector_16x32& upper = rows[row];
  vector_16x32& lower = rows[row + size];
  if (size == 8) {
    upper = __builtin_shufflevector(u, l, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    lower = __builtin_shufflevector(u, l, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  } else if (size == 4) {
    upper = __builtin_shufflevector(u, l, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
    lower = __builtin_shufflevector(u, l, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
  } else if (size == 2) {
    upper = __builtin_shufflevector(u, l, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
    lower = __builtin_shufflevector(u, l, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  } else {
    upper = __builtin_shufflevector(u, l, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
    lower = __builtin_shufflevector(u, l, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
  }
}

PERDURE_SHA_STEP void sha256_load_wide(vector_16x32* rows, const std::byte* const* at, std::size_t offset, int stream) noexcept {
  vector_64x8 octets;
  __builtin_memcpy(&octets, at[stream] + offset, sizeof(octets));
  rows[stream] = (vector_16x32)__builtin_shufflevector(octets, octets, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 19,
                                                       18, 17, 16, 23, 22, 21, 20, 27, 26, 25, 24, 31, 30, 29, 28, 35, 34, 33, 32,
                                                       39, 38, 37, 36, 43, 42, 41, 40, 47, 46, 45, 44, 51, 50, 49, 48, 55, 54, 53,
                                                       52, 59, 58, 57, 56, 63, 62, 61, 60);
}

// One round, and unless it is among the last sixteen the word that the schedule needs sixteen rounds later. The variables of
// the state take turns in place of moving along.
PERDURE_SHA_STEP void sha256_round_wide(vector_16x32* state, vector_16x32* message, const std::uint32_t* constants, bool extend,
                                        unsigned round) noexcept {
  const vector_16x32 a = state[(0 - round) % 8], b = state[(1 - round) % 8], c = state[(2 - round) % 8];
  const vector_16x32 e = state[(4 - round) % 8], f = state[(5 - round) % 8], g = state[(6 - round) % 8];
  vector_16x32& d = state[(3 - round) % 8];
  vector_16x32& h = state[(7 - round) % 8];
  vector_16x32& word = message[round];
  h += word + constants[round];
  h += sha256_rotate_wide(e, 6) ^ sha256_rotate_wide(e, 11) ^ sha256_rotate_wide(e, 25);
  h += g ^ (e & (f ^ g));
  d += h;
  h += sha256_rotate_wide(a, 2) ^ sha256_rotate_wide(a, 13) ^ sha256_rotate_wide(a, 22);
  h += b ^ ((a ^ b) & (b ^ c));
  if (!extend) return;
  const vector_16x32 w15 = message[(round + 1) % 16], w2 = message[(round + 14) % 16];
  word += message[(round + 9) % 16];
  word += sha256_rotate_wide(w15, 7) ^ sha256_rotate_wide(w15, 18) ^ w15 >> 3;
  word += sha256_rotate_wide(w2, 17) ^ sha256_rotate_wide(w2, 19) ^ w2 >> 10;
}

inline constexpr std::size_t sha256_streams_wide = 16;

// states[i] and at[i] are those of stream i; every stream advances by as many blocks.
__attribute__((target("avx512f,avx512bw"), noinline)) inline void sha256_wide(std::uint32_t* const* states,
                                                                              const std::byte* const* at,
                                                                              std::size_t blocks) noexcept {
  alignas(64) std::uint32_t turned[8][sha256_streams_wide];
  for (std::size_t stream = 0; stream < sha256_streams_wide; ++stream) {
    for (std::size_t i = 0; i < 8; ++i) turned[i][stream] = states[stream][i];
  }
  vector_16x32 state[8];
  vector_16x32 message[16];
  __builtin_memcpy(state, turned, sizeof(state));
  for (std::size_t block = 0; block < blocks; ++block) {
    PERDURE_SHA_SIXTEEN(sha256_load_wide, message, at, 64 * block);
    PERDURE_SHA_SIXTEEN(sha256_exchange, message, 8);
    PERDURE_SHA_SIXTEEN(sha256_exchange, message, 4);
    PERDURE_SHA_SIXTEEN(sha256_exchange, message, 2);
    PERDURE_SHA_SIXTEEN(sha256_exchange, message, 1);
    vector_16x32 before[8];
    __builtin_memcpy(before, state, sizeof(state));
    for (int done = 0; done != 48; done += 16) {
      PERDURE_SHA_SIXTEEN(sha256_round_wide, state, message, sha256_constants + done, true);
    }
    PERDURE_SHA_SIXTEEN(sha256_round_wide, state, message, sha256_constants + 48, false);
    for (int i = 0; i < 8; ++i) state[i] += before[i];
  }
  __builtin_memcpy(turned, state, sizeof(state));
  for (std::size_t stream = 0; stream < sha256_streams_wide; ++stream) {
    for (std::size_t i = 0; i < 8; ++i) states[stream][i] = turned[i][stream];
  }
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#undef PERDURE_SHA_STEP

#endif

#endif  // PERDURE_CORE_DETAIL_SHA256_WIDE_HPP
