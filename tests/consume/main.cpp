// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A stranger's program: it must build by every way of getting the library, and the bytes must be there.
#ifdef PERDURE_FROM_SINGLE_HEADER
#include <perdure.hpp>
#else
#include <perdure/fs/atomic_write.hpp>
#endif

#include <fstream>
#include <iterator>
#include <string>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string path = argv[1];
  const std::string text = "what must not be lost";
  if (!perdure::atomic_write(path, text)) return 1;
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {}) == text ? 0 : 1;
}
