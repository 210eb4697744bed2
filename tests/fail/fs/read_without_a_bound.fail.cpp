// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// An empty string is a buffer of no bytes: that every file is too large for it would be told at run time only.
// expect: deleted
#include <perdure/fs/read_file.hpp>

#include <string>

int main() {
  std::string text;
#ifdef PERDURE_FAIL
  const auto read = perdure::read_file("f", text);
#else
  const auto read = perdure::read_file("f", text, 1000);
#endif
  return read ? 0 : 1;
}
