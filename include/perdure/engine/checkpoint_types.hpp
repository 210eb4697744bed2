// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_CHECKPOINT_TYPES_HPP
#define PERDURE_ENGINE_CHECKPOINT_TYPES_HPP

// What create_checkpoint, restore_checkpoint and verify_checkpoint are asked, and what they say.

#include <perdure/fs/link_or_copy.hpp>

namespace perdure {
inline namespace v1 {

enum class checkpoint_links : std::uint8_t {
  allow,   // an immutable file is shared by a link, where there can be one
  refuse,  // every file is a copy, by sharing extents where there can be that
};

enum class checkpoint_digests : std::uint8_t {
  all,    // of each file: the engine's own where it knows it, else worked out by reading the file
  known,  // the engine's own, and of what is copied through memory: of the others verify_checkpoint sees the size alone
};

struct checkpoint_options {
  enum checkpoint_links links = checkpoint_links::allow;
  enum checkpoint_digests digests = checkpoint_digests::all;
  mutable_bytes buffer = {};  // for what goes through memory; a small one of its own where none is given
};

// One file that was placed, and how far it is. A callable that takes it, and answers visit, sees each of them, and may stop it all.
struct checkpoint_progress {
  path_view to;
  enum placed placed = placed::linked;
  result<void> link_refused;  // why it is a copy; a success where no link was tried
  std::uint64_t files = 0;    // placed by now, with this one
  std::uint64_t bytes = 0;    // of them
};

struct checkpoint_report {
  std::uint64_t version = 0;
  std::uint64_t watermark = 0;  // every record with a number below it is inside
  std::uint64_t files = 0;      // the engine's own: linked + shared + copied + written, the `current` among the last
  std::uint64_t linked = 0;
  std::uint64_t shared = 0;  // copies that share extents
  std::uint64_t copied = 0;
  std::uint64_t written = 0;                      // metadata
  std::uint64_t total_bytes = 0;                  // of all files in it, with what it says of itself
  enum durability durability = durability::full;  // none, where the system cannot sync a directory
};

namespace detail {

struct no_progress {
  visit operator()(const checkpoint_progress&) const noexcept { return visit::go_on; }
};

}  // namespace detail

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_CHECKPOINT_TYPES_HPP
