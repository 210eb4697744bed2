// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_CHECKPOINT_TYPES_HPP
#define PERDURE_ENGINE_CHECKPOINT_TYPES_HPP

// What create_checkpoint, restore_checkpoint and verify_checkpoint are asked, and what they say.

#include <perdure/core/jobs.hpp>
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

// When is an immutable file, of the name and size that one in the previous checkpoint has, that one?
enum class same_file : std::uint8_t {
  by_digest,  // the engine knows it, or it is worked out: what is saved is the copy
  by_name,    // of an engine that gives no name to a second file: what is saved is the reading, too
};

struct checkpoint_options {
  enum checkpoint_links links = checkpoint_links::allow;
  enum checkpoint_digests digests = checkpoint_digests::all;
  mutable_bytes buffer = {};  // for what goes through memory, with one worker; else each has a small one of its own

  // A checkpoint of the same engine, on the target's Fs. What cannot be linked from the source is linked from there, where it is
  // the same file.
  path_view previous = {};
  enum same_file same = same_file::by_digest;

  // The threads that it may use (jobs.hpp). The source is asked, and progress told, by the caller's.
  job_runner jobs = in_turn;
  std::size_t workers = 1;

  // After so many copies, all others, and every name, are made durable by one sync of the volume, if the Fs has that: it waits
  // for what others have written there, too. With 0 that sync and one of the target are all there are, also where all is linked:
  // the fastest on a volume of the engine's own, and much slower than the others where somebody writes much beside it.
  std::uint64_t volume_sync_at_least = 32;

  // Of the file that names the others: of the previous checkpoint, and of one that is restored.
  std::uint64_t list_bytes_max = 64 << 20;
};

enum class checkpoint_checks : std::uint8_t { digests, sizes };

struct verify_options {
  enum checkpoint_checks checks = checkpoint_checks::digests;
  std::uint64_t list_bytes_max = 64 << 20;  // of the file that names the others
  mutable_bytes buffer = {};
};

struct checkpoint_info {
  std::uint64_t version = 0;
  std::uint64_t watermark = 0;
  std::uint64_t files = 0;
  std::uint64_t undigested = 0;   // those of which the size alone is known
  std::uint64_t total_bytes = 0;  // as the report of its creation has it
};

// One file that was placed, and how far it is. A callable that takes it, and answers visit, sees each of them, and may stop it
// all.
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
  std::uint64_t reused = 0;       // of these, what was linked from the previous checkpoint, or has its digest from there
  std::uint64_t written = 0;      // metadata
  std::uint64_t total_bytes = 0;  // of all files in it, with what it says of itself
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
