// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_DETAIL_SHA256_PATHS_HPP
#define PERDURE_CORE_DETAIL_SHA256_PATHS_HPP

// The ways to hash blocks of SHA-256, which of them this CPU has, and what a stream of blocks is made of.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <perdure/core/bytes.hpp>
#include <perdure/core/detail/cpu.hpp>
#include <perdure/core/detail/sha256_constants.hpp>
#include <perdure/core/detail/sha256_hardware.hpp>
#include <perdure/core/detail/sha256_wide.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// From the slowest to the fastest.
enum class sha256_path : std::uint8_t {
  portable = 1,
  wide_portable,  // sixteen streams together in 512-bit registers, a single one like `portable`
  hardware,       // the SHA instructions, two streams together
  wide_hardware,  // sixteen streams together, a single one like `hardware`
};
inline constexpr sha256_path sha256_paths[] = {sha256_path::portable, sha256_path::wide_portable, sha256_path::hardware,
                                               sha256_path::wide_hardware};

constexpr bool sha256_is_hardware(sha256_path path) noexcept {
  return path == sha256_path::hardware || path == sha256_path::wide_hardware;
}
constexpr bool sha256_is_wide(sha256_path path) noexcept {
  return path == sha256_path::wide_portable || path == sha256_path::wide_hardware;
}

inline bool sha256_runs_here(sha256_path path) noexcept {
  const cpu_features cpu = cpu_detect();
  return (cpu.sha256 || !sha256_is_hardware(path)) && (cpu.wide || !sha256_is_wide(path));
}

constexpr std::uint32_t sha256_rotate(std::uint32_t word, unsigned right) noexcept {
  return word >> right | word << (32 - right);
}

// Any byte order: compilers make one load of the four.
inline std::uint32_t sha256_word(const std::byte* at) noexcept {
  return std::to_integer<std::uint32_t>(at[0]) << 24 | std::to_integer<std::uint32_t>(at[1]) << 16 |
         std::to_integer<std::uint32_t>(at[2]) << 8 | std::to_integer<std::uint32_t>(at[3]);
}

// Written for a small machine: sixteen words of schedule that are replaced as they are used up.
inline void sha256_portable(std::uint32_t* state, const std::byte* at, std::size_t blocks) noexcept {
  for (; blocks != 0; --blocks, at += 64) {
    std::uint32_t schedule[16];
    std::uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    std::uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (unsigned round = 0; round < 64; ++round) {
      std::uint32_t& word = schedule[round % 16];
      if (round < 16) {
        word = sha256_word(at + 4 * round);
      } else {
        const std::uint32_t w15 = schedule[(round + 1) % 16];
        const std::uint32_t w2 = schedule[(round + 14) % 16];
        word += (sha256_rotate(w15, 7) ^ sha256_rotate(w15, 18) ^ w15 >> 3) + schedule[(round + 9) % 16] +
                (sha256_rotate(w2, 17) ^ sha256_rotate(w2, 19) ^ w2 >> 10);
      }
      const std::uint32_t t1 = h + (sha256_rotate(e, 6) ^ sha256_rotate(e, 11) ^ sha256_rotate(e, 25)) + ((e & f) ^ (~e & g)) +
                               sha256_constants[round] + word;
      const std::uint32_t t2 =
          (sha256_rotate(a, 2) ^ sha256_rotate(a, 13) ^ sha256_rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
  }
}

inline void sha256_blocks_with(sha256_path path, std::uint32_t* state, const std::byte* at, std::size_t blocks) noexcept {
#if PERDURE_CPU_X86 || PERDURE_CPU_ARM
  if (sha256_is_hardware(path)) return sha256_one(state, at, blocks);
#endif
  static_cast<void>(path);
  sha256_portable(state, at, blocks);
}

#if PERDURE_CPU_X86 || PERDURE_CPU_ARM

// Zero until somebody asked. Threads that ask at the same time find and store the same answer.
inline std::uint8_t sha256_choice = 0;

__attribute__((noinline, cold)) inline std::uint8_t sha256_choose() noexcept {
  std::uint8_t choice = 0;
  for (const sha256_path path : sha256_paths) {
    if (sha256_runs_here(path)) choice = static_cast<std::uint8_t>(path);
  }
  __atomic_store_n(&sha256_choice, choice, __ATOMIC_RELAXED);
  return choice;
}

inline sha256_path sha256_chosen() noexcept {
  const std::uint8_t choice = __atomic_load_n(&sha256_choice, __ATOMIC_RELAXED);
  return static_cast<sha256_path>(choice != 0 ? choice : sha256_choose());
}

#else

constexpr sha256_path sha256_chosen() noexcept { return sha256_path::portable; }

#endif

inline void sha256_put(std::uint32_t word, std::byte* out) noexcept {
  out[0] = static_cast<std::byte>(word >> 24);
  out[1] = static_cast<std::byte>(word >> 16 & 0xFF);
  out[2] = static_cast<std::byte>(word >> 8 & 0xFF);
  out[3] = static_cast<std::byte>(word & 0xFF);
}
inline void sha256_write(const std::uint32_t* state, std::byte* out) noexcept {
#if PERDURE_CPU_X86 || PERDURE_CPU_ARM
  // Four words at a time, because a digest is mostly copied by vectors: a load of bytes that smaller stores have just written
  // waits until those have left the store buffer, and the next hash waits behind it.
  using vector = std::uint32_t __attribute__((vector_size(16)));
  for (unsigned i = 0; i < 8; i += 4) {
    vector words;
    std::memcpy(&words, state + i, sizeof(words));
    words = words << 24 | (words & 0xFF00) << 8 | (words >> 8 & 0xFF00) | words >> 24;
    std::memcpy(out + 4 * i, &words, sizeof(words));
  }
#else
  for (unsigned i = 0; i < 8; ++i) sha256_put(state[i], out + 4 * i);
#endif
}

// The last blocks of a message of `total` bytes: the `rest` of it that fills no block, the closing bit, its length in bits.
struct sha256_tail {
  sha256_tail() noexcept = default;
  sha256_tail(const std::byte* rest, std::uint64_t total) noexcept { fill(rest, total); }
  void fill(const std::byte* rest, std::uint64_t total) noexcept {
    const auto size = static_cast<std::size_t>(total % 64);
    blocks = size < 56 ? 1 : 2;
    const std::size_t end = 64 * blocks;
    if (size != 0) std::memcpy(data, rest, size);
    data[size] = std::byte{0x80};
    std::memset(data + size + 1, 0, end - 8 - size - 1);
    sha256_put(static_cast<std::uint32_t>(total >> 29), data + end - 8);
    sha256_put(static_cast<std::uint32_t>(total << 3 & 0xFFFFFFFF), data + end - 4);
  }

  std::byte data[128];
  std::size_t blocks = 0;
};

// One of many inputs on its way: its whole blocks, then its tail.
struct sha256_job {
  void start(bytes input, std::byte* digest) noexcept {
    std::memcpy(state, sha256_initial, sizeof(state));
    at = input.data();
    blocks = input.size() / 64;
    tail.fill(at + 64 * blocks, input.size());
    out = digest;
    in_tail = false;
    if (blocks == 0) enter_tail();
  }
  // After `done` blocks of it were hashed.
  [[nodiscard]] bool ended(std::size_t done) noexcept {
    at += 64 * done;
    blocks -= done;
    if (blocks != 0) return false;
    if (!in_tail) return enter_tail(), false;
    sha256_write(state, out);
    return true;
  }
  void enter_tail() noexcept {
    at = tail.data;
    blocks = tail.blocks;
    in_tail = true;
  }

  std::uint32_t state[8];
  const std::byte* at = nullptr;
  std::size_t blocks = 0;
  std::byte* out = nullptr;
  bool in_tail = false;
  sha256_tail tail;
};

#if PERDURE_CPU_X86
inline constexpr std::size_t sha256_streams_max = sha256_streams_wide;
#elif PERDURE_CPU_ARM
inline constexpr std::size_t sha256_streams_max = 2;
#else
inline constexpr std::size_t sha256_streams_max = 1;
#endif

// How many jobs are to be at work.
constexpr std::size_t sha256_streams(sha256_path path) noexcept {
  return sha256_is_wide(path) ? sha256_streams_max : sha256_is_hardware(path) && sha256_streams_max > 1 ? 2 : 1;
}
// How many of `busy` jobs go together. Sixteen streams cost the same however few of them are in use: as much as eight go
// through the SHA instructions, or two without those.
constexpr std::size_t sha256_together(sha256_path path, std::size_t busy) noexcept {
  if (sha256_is_wide(path) && busy >= (sha256_is_hardware(path) ? 8 : 2)) return busy;
  return sha256_is_hardware(path) && busy >= 2 ? 2 : 1;
}

// Hashes as many blocks of each of `count` jobs.
inline void sha256_advance_with(sha256_path path, sha256_job* const* jobs, std::size_t count, std::size_t blocks) noexcept {
  if (count == 1) return sha256_blocks_with(path, jobs[0]->state, jobs[0]->at, blocks);
#if PERDURE_CPU_X86 || PERDURE_CPU_ARM
  if (count == 2 && sha256_is_hardware(path)) return sha256_two(jobs[0]->state, jobs[0]->at, jobs[1]->state, jobs[1]->at, blocks);
#endif
#if PERDURE_CPU_X86
  std::uint32_t unused[8] = {};
  std::uint32_t* states[sha256_streams_wide];
  const std::byte* at[sha256_streams_wide];
  for (std::size_t i = 0; i < sha256_streams_wide; ++i) {
    states[i] = i < count ? jobs[i]->state : unused;
    at[i] = jobs[i < count ? i : 0]->at;
  }
  sha256_wide(states, at, blocks);
#endif
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_DETAIL_SHA256_PATHS_HPP
