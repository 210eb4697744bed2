// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SYSTEM_HELD_MEMORY_HPP
#define PERDURE_TESTS_SYSTEM_HELD_MEMORY_HPP

// How much this binary holds on the heap, and has held at most, as the operators in listing.test.cpp count it.

#include <tests/support/strace.hpp>

#include <cstddef>

namespace tests {

inline std::size_t live_bytes = 0;
inline std::size_t most_bytes = 0;

// So much more than before, at most, while something is done; 0 where a sanitizer counts by itself.
template <class Act>
std::size_t held_by(const Act& act) {
  const std::size_t before = live_bytes;
  most_bytes = before;
  act();
  return most_bytes - before;
}

}  // namespace tests

#endif  // PERDURE_TESTS_SYSTEM_HELD_MEMORY_HPP
