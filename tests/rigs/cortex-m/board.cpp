// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <tests/rigs/cortex-m/board.hpp>

extern "C" {
extern std::uint32_t data_in_flash[], data[], data_end[], bss[], bss_end[], stack[];
extern void (*constructors[])();
extern void (*constructors_end[])();

[[noreturn]] void reset() {
  // Volatile, lest the compiler makes calls of memcpy and memset of these.
  for (volatile std::uint32_t *to = data, *from = data_in_flash; to < data_end;) *to++ = *from++;
  for (volatile std::uint32_t* at = bss; at < bss_end;) *at++ = 0;
  for (auto* one = constructors; one < constructors_end; ++one) (*one)();
  board::exit(board::program());
}
[[noreturn]] void fault() {
  board::print("a fault of the processor\n");
  board::exit(70);
}

__attribute__((section(".vectors"), used)) const void* const vectors[16] = {
    stack,
    reinterpret_cast<const void*>(reset),
    reinterpret_cast<const void*>(fault),
    reinterpret_cast<const void*>(fault),
    reinterpret_cast<const void*>(fault),
    reinterpret_cast<const void*>(fault),
    reinterpret_cast<const void*>(fault),
};
}

namespace board {

namespace {
// Semihosting: what an emulator or a debugger does for a program that stops at this instruction.
std::uintptr_t ask(std::uint32_t operation, const void* argument) {
  register std::uintptr_t r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
}  // namespace

void exit(int status) {
  const std::uint32_t what[] = {0x20026, static_cast<std::uint32_t>(status)};
  for (;;) ask(0x20, what);
}
void print(const char* text) { ask(0x04, text); }
void print(std::uint32_t number) {
  char text[11];
  char* at = text + sizeof(text) - 1;
  *at = '\0';
  do *--at = static_cast<char>('0' + number % 10);
  while ((number /= 10) != 0);
  print(at);
}
void reset() {
  // By its first two words, as the processor does it itself; in an emulator that takes milliseconds.
  __asm__ volatile("msr msp, %0\n bx %1" : : "r"(vectors[0]), "r"(vectors[1]));
  __builtin_unreachable();
}

}  // namespace board
