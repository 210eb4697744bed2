// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// tests/fuzz/run condemned
// tests/fuzz/corpus/condemned

#include <tests/fuzz/objects.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string wrong = tests::fuzz_condemned(std::string(reinterpret_cast<const char*>(data), size));
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}
