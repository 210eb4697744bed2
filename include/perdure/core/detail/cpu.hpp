// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_DETAIL_CPU_HPP
#define PERDURE_CORE_DETAIL_CPU_HPP

// Which of the instructions that core/ has a use for this CPU, under this operating system, can execute.
//
// PERDURE_CPU_X86 and PERDURE_CPU_ARM tell for which of the two there is code to choose from at run time; where both are 0
// (a device, MSVC, another architecture) only the portable paths are compiled, and nothing is asked of the machine.

#include <perdure/config.hpp>

#define PERDURE_CPU_X86 0
#define PERDURE_CPU_ARM 0
#if defined(__GNUC__) || defined(__clang__)
#if defined(__x86_64__)
#undef PERDURE_CPU_X86
#define PERDURE_CPU_X86 1
#include <cpuid.h>
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#undef PERDURE_CPU_ARM
#define PERDURE_CPU_ARM 1
#if defined(PERDURE_OS_LINUX)
#include <sys/auxv.h>
#endif
#endif
#endif

namespace perdure {
inline namespace v1 {
namespace detail {

struct cpu_features {
  bool crc32c = false;    // the CRC32C instruction
  bool multiply = false;  // carry-less multiplication of 64 bits
  bool sha256 = false;    // the SHA-256 instructions
  bool wide = false;      // integers in 512-bit registers
  bool fold = false;      // carry-less multiplication there
};

#if PERDURE_CPU_X86

inline cpu_features cpu_detect() noexcept {
  cpu_features found;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return found;
  const unsigned basic = c;
  found.crc32c = (basic >> 20 & 1) != 0;
  found.multiply = (basic >> 1 & 1) != 0;
  // A CPU may have wide registers that the operating system does not save: XCR0 tells what it saves.
  unsigned saved = 0;
  if ((basic >> 27 & 1) != 0) __asm__ volatile("xgetbv" : "=a"(saved), "=d"(d) : "c"(0));
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return found;
  found.wide = (b >> 16 & 1) != 0 && (b >> 30 & 1) != 0 && (saved & 0xE6) == 0xE6;
  found.fold = found.wide && (c >> 10 & 1) != 0;
  found.sha256 = (b >> 29 & 1) != 0 && (basic >> 19 & 1) != 0;
  return found;
}

#elif PERDURE_CPU_ARM

inline cpu_features cpu_detect() noexcept {
  cpu_features found;
#if defined(PERDURE_OS_LINUX)
  // HWCAP_PMULL, HWCAP_SHA2, HWCAP_CRC32: the kernel's interface, spelled as numbers because libraries differ in the header.
  const unsigned long capabilities = ::getauxval(AT_HWCAP);
  found.multiply = (capabilities >> 4 & 1) != 0;
  found.sha256 = (capabilities >> 6 & 1) != 0;
  found.crc32c = (capabilities >> 7 & 1) != 0;
#else
  // What the compiler was told that every target has (on Apple's, all three).
#if defined(__ARM_FEATURE_CRC32)
  found.crc32c = true;
#endif
#if defined(__ARM_FEATURE_AES) || defined(__ARM_FEATURE_CRYPTO)
  found.multiply = true;
#endif
#if defined(__ARM_FEATURE_SHA2) || defined(__ARM_FEATURE_CRYPTO)
  found.sha256 = true;
#endif
#endif
  return found;
}

#else

inline cpu_features cpu_detect() noexcept { return {}; }

#endif

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_DETAIL_CPU_HPP
