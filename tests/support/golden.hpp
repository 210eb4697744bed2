// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_GOLDEN_HPP
#define PERDURE_TESTS_SUPPORT_GOLDEN_HPP

// golden("sealed_v1"): the bytes of tests/golden/sealed_v1.hex: numbers to the base 16; what follows a '#' is for people.

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace tests {

inline std::string golden(const std::string& name) {
  std::ifstream file(std::string(PERDURE_TESTS_DIR) + "/golden/" + name + ".hex");
  if (!file) {
    std::fprintf(stderr, "there is no golden file %s\n", name.c_str());
    std::abort();
  }
  std::string all, line, byte;
  while (std::getline(file, line)) {
    std::istringstream numbers(line.substr(0, line.find('#')));
    while (numbers >> byte) all += static_cast<char>(std::stoi(byte, nullptr, 16));
  }
  return all;
}

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_GOLDEN_HPP
