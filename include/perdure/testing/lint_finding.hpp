// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_LINT_FINDING_HPP
#define PERDURE_TESTING_LINT_FINDING_HPP

// lint_finding: one thing that a program did with its files and that a crash may punish, as durability_lint saw it.
//
//   operation 4, rename cfg.tmp -> cfg: cfg is published, and operation 2 (write 2 bytes at 0 of cfg.tmp) was not synced before:
//   a crash may keep the name and lose the bytes. Sync the file, and then give it its name.

#include <cstdint>
#include <string>
#include <vector>

namespace perdure {
inline namespace v1 {
namespace testing {

enum class lint_kind : std::uint8_t {
  published_unsynced,         // a rename or a link gave a name to what was not synced: bytes, attributes, a directory's entries
  written_after_publishing,   // through a handle from before that, and not synced any more
  acknowledged_unsynced,      // success was told of bytes that were never synced
  acknowledged_name,          // success was told of a name, or of its removal, whose directory was never synced
  acknowledged_ancestor,      // the same of a directory above it, which is new, too
  acknowledged_unknown,       // success was told of what was never there: is the path spelled right?
  believed_failed_sync,       // published or acknowledged after a sync of it had failed: no later sync can tell
  sync_repeated,              // a sync on a handle on which one has failed
  written_after_failed_sync,  // a write through such a handle
  temp_left,                  // a temporary file that was made here is still there at the end
  handle_leaked,              // a file or a held directory is still open at the end
};

struct lint_finding {
  lint_kind kind = lint_kind::published_unsynced;
  std::uint64_t operation = 0;  // the call that broke the rule. Counted from 1: what opens, changes, syncs or acknowledges
  std::uint64_t cause = 0;      // the earlier call that it is about; 0 where there is none
  std::string call;             // "rename cfg.tmp -> cfg"
  std::string path;             // what is at risk
  std::string what;             // a sentence
  std::string advice;           // another one

  [[nodiscard]] std::string text() const {
    return "operation " + std::to_string(operation) + ", " + call + ": " + what + ". " + advice + ".";
  }
};

struct lint_options {
  // Which names are nobody's promise, as patterns of the last component (* is anything, ? is any one character). They may be
  // given to what is not synced, and are to be gone at the end.
  std::vector<std::string> temps = {"*.tmp", "*.temp", "*~"};
};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_LINT_FINDING_HPP
