// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_RIGS_CORTEX_M_BOARD_HPP
#define PERDURE_TESTS_RIGS_CORTEX_M_BOARD_HPP

// The board, without any library: how it starts, how it starts again, and how it tells whoever runs it in an emulator.

#include <cstdint>

namespace board {

[[noreturn]] void exit(int status);
void print(const char* text);
void print(std::uint32_t number);
// The program loses its stack and begins anew; its memory is as it was at first, but for what lies at `surviving`.
[[noreturn]] void reset();
inline constexpr std::uintptr_t surviving = 0x21000000;

// What it runs.
int program();

}  // namespace board

#endif  // PERDURE_TESTS_RIGS_CORTEX_M_BOARD_HPP
