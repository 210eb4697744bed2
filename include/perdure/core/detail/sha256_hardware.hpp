// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_DETAIL_SHA256_HARDWARE_HPP
#define PERDURE_CORE_DETAIL_SHA256_HARDWARE_HPP

// SHA-256 by the instructions of x86-64 and ARMv8, for one stream, or for two whose steps alternate: a stream spends most
// of its time waiting for its own last step, and the other one fills that time.
//
// A sha256_lane is a stream in registers. Its functions are all inlined into the two loops at the end, in which the
// order of the calls is the order of the instructions.

#include <cstddef>
#include <cstdint>

#include <perdure/core/detail/cpu.hpp>
#include <perdure/core/detail/sha256_constants.hpp>

#if PERDURE_CPU_X86
#define PERDURE_SHA_TARGET target("sha,sse4.1")
#elif PERDURE_CPU_ARM && defined(__clang__)
#define PERDURE_SHA_TARGET target("sha2")
#elif PERDURE_CPU_ARM
#define PERDURE_SHA_TARGET target("+crypto")
#endif

#if PERDURE_CPU_X86 || PERDURE_CPU_ARM

#define PERDURE_SHA_STEP __attribute__((PERDURE_SHA_TARGET, always_inline)) inline
#define PERDURE_SHA_LOOP __attribute__((PERDURE_SHA_TARGET)) inline

namespace perdure {
inline namespace v1 {
namespace detail {

using vector_4x32 = int __attribute__((vector_size(16)));
using vector_16x8 = char __attribute__((vector_size(16)));

struct sha256_lane {
  vector_4x32 first, second;  // half of the state each: a b e f and c d g h on x86, a b c d and e f g h on ARM
  vector_4x32 message[4];     // the last sixteen words of the schedule
};

PERDURE_SHA_STEP vector_4x32 sha256_load(const void* at) noexcept {
  vector_4x32 words;
  __builtin_memcpy(&words, at, sizeof(words));
  return words;
}
PERDURE_SHA_STEP void sha256_store(void* at, vector_4x32 words) noexcept { __builtin_memcpy(at, &words, sizeof(words)); }

// Modulo 2^32, which is not what the builtins' signed elements are promised to add by.
PERDURE_SHA_STEP vector_4x32 sha256_sum(vector_4x32 a, vector_4x32 b) noexcept {
  using words = std::uint32_t __attribute__((vector_size(16)));
  return (vector_4x32)((words)a + (words)b);
}

PERDURE_SHA_STEP vector_4x32 sha256_load_message(const std::byte* at) noexcept {
  vector_16x8 octets;
  __builtin_memcpy(&octets, at, sizeof(octets));
  return (vector_4x32)__builtin_shufflevector(octets, octets, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

#if PERDURE_CPU_X86

PERDURE_SHA_STEP void sha256_begin(sha256_lane& lane, const std::uint32_t* state) noexcept {
  const vector_4x32 abcd = sha256_load(state);
  const vector_4x32 efgh = sha256_load(state + 4);
  lane.first = __builtin_shufflevector(abcd, efgh, 5, 4, 1, 0);
  lane.second = __builtin_shufflevector(abcd, efgh, 7, 6, 3, 2);
}
PERDURE_SHA_STEP void sha256_end(const sha256_lane& lane, std::uint32_t* state) noexcept {
  sha256_store(state, __builtin_shufflevector(lane.first, lane.second, 3, 2, 7, 6));
  sha256_store(state + 4, __builtin_shufflevector(lane.first, lane.second, 1, 0, 5, 4));
}

// Rounds 4 * group to 4 * group + 3, and what they let be done for the words of the four groups to come.
PERDURE_SHA_STEP void sha256_rounds(sha256_lane& lane, int group) noexcept {
  vector_4x32& now = lane.message[group % 4];
  vector_4x32& next = lane.message[(group + 1) % 4];
  vector_4x32& before = lane.message[(group + 3) % 4];
  const vector_4x32 input = sha256_sum(now, sha256_load(sha256_constants + 4 * group));
  lane.second = __builtin_ia32_sha256rnds2(lane.second, lane.first, input);
  if (group >= 3 && group < 15) {
    next = __builtin_ia32_sha256msg2(sha256_sum(next, __builtin_shufflevector(before, now, 1, 2, 3, 4)), now);
  }
  lane.first = __builtin_ia32_sha256rnds2(lane.first, lane.second, __builtin_shufflevector(input, input, 2, 3, 2, 3));
  if (group >= 1 && group < 13) before = __builtin_ia32_sha256msg1(before, now);
}

#else

PERDURE_SHA_STEP void sha256_begin(sha256_lane& lane, const std::uint32_t* state) noexcept {
  lane.first = sha256_load(state);
  lane.second = sha256_load(state + 4);
}
PERDURE_SHA_STEP void sha256_end(const sha256_lane& lane, std::uint32_t* state) noexcept {
  sha256_store(state, lane.first);
  sha256_store(state + 4, lane.second);
}

PERDURE_SHA_STEP void sha256_rounds(sha256_lane& lane, int group) noexcept {
  vector_4x32& now = lane.message[group % 4];
  const vector_4x32 input = sha256_sum(now, sha256_load(sha256_constants + 4 * group));
  const vector_4x32 abcd = lane.first;
  if (group < 12) __asm__("sha256su0 %0.4s, %1.4s" : "+w"(now) : "w"(lane.message[(group + 1) % 4]));
  __asm__("sha256h %q0, %q1, %2.4s" : "+w"(lane.first) : "w"(lane.second), "w"(input));
  __asm__("sha256h2 %q0, %q1, %2.4s" : "+w"(lane.second) : "w"(abcd), "w"(input));
  if (group < 12) {
    __asm__("sha256su1 %0.4s, %1.4s, %2.4s" : "+w"(now) : "w"(lane.message[(group + 2) % 4]), "w"(lane.message[(group + 3) % 4]));
  }
}

#endif

PERDURE_SHA_STEP void sha256_take(sha256_lane& lane, const std::byte* at) noexcept {
  lane.message[0] = sha256_load_message(at);
  lane.message[1] = sha256_load_message(at + 16);
  lane.message[2] = sha256_load_message(at + 32);
  lane.message[3] = sha256_load_message(at + 48);
}

PERDURE_SHA_STEP void sha256_rounds_of_two(sha256_lane& one, sha256_lane& other, int group) noexcept {
  sha256_rounds(one, group);
  sha256_rounds(other, group);
}

PERDURE_SHA_LOOP void sha256_one(std::uint32_t* state, const std::byte* at, std::size_t blocks) noexcept {
  sha256_lane lane;
  sha256_begin(lane, state);
  for (; blocks != 0; --blocks, at += 64) {
    const vector_4x32 first = lane.first, second = lane.second;
    sha256_take(lane, at);
    PERDURE_SHA_SIXTEEN(sha256_rounds, lane);
    lane.first = sha256_sum(lane.first, first);
    lane.second = sha256_sum(lane.second, second);
  }
  sha256_end(lane, state);
}

PERDURE_SHA_LOOP void sha256_two(std::uint32_t* state_one, const std::byte* at_one, std::uint32_t* state_other,
                                 const std::byte* at_other, std::size_t blocks) noexcept {
  sha256_lane one;
  sha256_lane other;
  sha256_begin(one, state_one);
  sha256_begin(other, state_other);
  for (; blocks != 0; --blocks, at_one += 64, at_other += 64) {
    const vector_4x32 first_one = one.first, second_one = one.second, first_other = other.first, second_other = other.second;
    sha256_take(one, at_one);
    sha256_take(other, at_other);
    PERDURE_SHA_SIXTEEN(sha256_rounds_of_two, one, other);
    one.first = sha256_sum(one.first, first_one);
    one.second = sha256_sum(one.second, second_one);
    other.first = sha256_sum(other.first, first_other);
    other.second = sha256_sum(other.second, second_other);
  }
  sha256_end(one, state_one);
  sha256_end(other, state_other);
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#undef PERDURE_SHA_LOOP
#undef PERDURE_SHA_STEP

#endif

#undef PERDURE_SHA_TARGET

#endif  // PERDURE_CORE_DETAIL_SHA256_HARDWARE_HPP
