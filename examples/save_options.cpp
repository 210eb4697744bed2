// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// A save with everything asked of it, on a file system that the caller names.

#include <perdure/core/describe.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/read_file.hpp>

#include <cstdio>
#include <string>
#include <string_view>

// README:begin
template <perdure::Fs F>
perdure::result<void> save(F& fs, std::string_view text) {
  auto saved = perdure::atomic_write(fs, "data/settings.txt", text,
                                     {.durability = perdure::durability::full,
                                      .at_least = perdure::durability::ordered,  // or fail, and the old file stands
                                      .parents = perdure::parents::make,
                                      .keep = perdure::keep::mode});
  if (saved) return {};
  if (saved.error().outcome() == perdure::outcome::unknown) {
    // The new text may be there: write again to be certain. Nothing may be deleted on the strength of it.
  }
  return saved.error();
}
// README:end

int main() {
  perdure::mem_fs memory;
  std::string text;
  if (const auto saved = save(memory, "volume = 11\n"); !saved) {
    std::puts(describe(saved.error()).c_str());
    return 1;
  }
  if (!perdure::read_file(memory, "data/settings.txt", text, 100)) return 1;
  std::printf("in memory: %s", text.c_str());
  return text == "volume = 11\n" ? 0 : 1;
}
