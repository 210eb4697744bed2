// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Linked into the tests with --wrap=getauxval, so that a machine that has every instruction can be one that has fewer:
// PERDURE_RIG_CPU is a list of `crc32`, `pmull` and `sha2`, the ones that are not hidden.

#include <perdure/core/crc32c.hpp>
#include <perdure/core/sha256.hpp>

#include <tests/support/catch.hpp>

#include <cstdlib>
#include <string>

extern "C" {
unsigned long __real_getauxval(unsigned long type);
unsigned long __wrap_getauxval(unsigned long type);
}

namespace {
bool is_there(const char* instructions) {
  const char* const list = std::getenv("PERDURE_RIG_CPU");
  return list != nullptr && std::string(list).find(instructions) != std::string::npos;
}
}  // namespace

unsigned long __wrap_getauxval(unsigned long type) {
  unsigned long answer = __real_getauxval(type);
  if (type != AT_HWCAP) return answer;
  if (!is_there("pmull")) answer &= ~static_cast<unsigned long>(HWCAP_PMULL);
  if (!is_there("sha2")) answer &= ~static_cast<unsigned long>(HWCAP_SHA2);
  if (!is_there("crc32")) answer &= ~static_cast<unsigned long>(HWCAP_CRC32);
  return answer;
}

TEST_CASE("aarch64: what the CPU has is what is found, and the fastest path that it has is taken") {
  using namespace perdure::detail;
  const cpu_features cpu = cpu_detect();
  CHECK(cpu.crc32c == is_there("crc32"));
  CHECK(cpu.multiply == is_there("pmull"));
  CHECK(cpu.sha256 == is_there("sha2"));
  CHECK(crc32c_chosen() == (!is_there("crc32")  ? crc32c_path::by_slice
                            : is_there("pmull") ? crc32c_path::lanes
                                                : crc32c_path::serial));
  CHECK(sha256_chosen() == (is_there("sha2") ? sha256_path::hardware : sha256_path::portable));
}
