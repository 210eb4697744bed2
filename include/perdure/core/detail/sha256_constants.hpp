// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_DETAIL_SHA256_CONSTANTS_HPP
#define PERDURE_CORE_DETAIL_SHA256_CONSTANTS_HPP

#include <cstdint>

// step(arguments, 0) to step(arguments, 15). The steps are inlined, and their last argument is a constant there; templates over
// it would say the same and take several times as long to compile.
#define PERDURE_SHA_SIXTEEN(step, ...)                                                                                   \
  step(__VA_ARGS__, 0), step(__VA_ARGS__, 1), step(__VA_ARGS__, 2), step(__VA_ARGS__, 3), step(__VA_ARGS__, 4),          \
      step(__VA_ARGS__, 5), step(__VA_ARGS__, 6), step(__VA_ARGS__, 7), step(__VA_ARGS__, 8), step(__VA_ARGS__, 9),      \
      step(__VA_ARGS__, 10), step(__VA_ARGS__, 11), step(__VA_ARGS__, 12), step(__VA_ARGS__, 13), step(__VA_ARGS__, 14), \
      step(__VA_ARGS__, 15)

namespace perdure {
inline namespace v1 {
namespace detail {

// FIPS 180-4, 4.2.2: of the cube roots of the first 64 primes. Aligned for the instructions that add them four at a time.
alignas(16) inline constexpr std::uint32_t sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// 5.3.3: of the square roots of the first eight.
inline constexpr std::uint32_t sha256_initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_DETAIL_SHA256_CONSTANTS_HPP
