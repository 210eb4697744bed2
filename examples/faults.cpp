// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// What a save says when the disk fails it, one rule at a time.

#include <perdure/core/describe.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/testing/fault_fs.hpp>

#include <cstdio>

// README:begin
auto save_on_a_failing_disk(const char* rule) {
  perdure::mem_fs memory;
  perdure::testing::fault_fs fs(memory, rule);      // "rename ** io after": renamed, and an I/O error is answered
  return perdure::atomic_write(fs, "cfg", "text");  // unknown, in doubt: visible
}
// README:end

int main() {
  for (const char* rule :
       {"open ** no_space", "write ** no_space short 2", "sync ** sync_lost", "rename ** io after", "sync_dir ** io"}) {
    const auto saved = save_on_a_failing_disk(rule);
    if (saved) return 1;
    std::printf("%s\n  %s\n", rule, describe(saved.error()).c_str());
  }
}
