// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// The program on the first page of the README.

// README:begin
#include <perdure/core/describe.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <cstdio>

int main() {
  auto saved = perdure::atomic_write("settings.txt", "volume = 11\n");
  // Power fails before this line:  settings.txt is the old file, whole, or the new one, whole.
  // Power fails after it:          if saved, settings.txt is the new file.
  if (!saved) {
    std::puts(describe(saved.error()).c_str());  // what went wrong, and what is on disk now
    return 1;
  }
}
// README:end
