// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_RIGS_POWERCUT_BLOCK_RECORD_HPP
#define TESTS_RIGS_POWERCUT_BLOCK_RECORD_HPP

// What the log of the recorder is made of: this, and `size` bytes behind it.

#include <cstdint>

enum class block_record_kind : std::uint64_t { write = 1, flush = 2, mark = 3 };

struct block_record {
  block_record_kind kind;
  std::uint64_t offset;
  std::uint64_t size;
};

#endif  // TESTS_RIGS_POWERCUT_BLOCK_RECORD_HPP
