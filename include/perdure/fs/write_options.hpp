// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_WRITE_OPTIONS_HPP
#define PERDURE_FS_WRITE_OPTIONS_HPP

// write_options, write_report: what atomic_write, atomic_writer and create_new are asked, and what they say of it.

#include <perdure/fs/fs_types.hpp>

namespace perdure {
inline namespace v1 {

enum class durability : std::uint8_t {
  none,     // a reader never sees half; a power cut may leave anything, an empty or zeroed file included
  ordered,  // a power cut leaves the old file or the new one, whole; the newest may be lost
  full,     // what returned success survives
};

enum class existing : std::uint8_t {
  replace,  // an existing file is replaced
  refuse,   // it is already_exists, decided atomically; exactly one of racing creators wins
};

enum class target_link : std::uint8_t {
  replace,  // a symbolic link as target is itself replaced by the file
  follow,   // the file it leads to is replaced; a link that leads nowhere is not_found
  refuse,   // it is an invalid_argument
};

enum class content : std::uint8_t {
  write,           // always write
  skip_unchanged,  // where the file holds these bytes already, make it durable as it is
};

enum class parents : std::uint8_t {
  must_exist,  // a missing directory is not_found
  make,        // missing ones are made, and every ancestor is synced, as make_dirs says
};

// What of the replaced file the new one takes over. Owner and attributes bring the mode along: an owner, or an access control
// list, that came without it would let others in for a moment.
enum class keep : std::uint8_t { nothing = 0, mode = 1, owner = 3, xattrs = 5, modified = 8, everything = 15 };
[[nodiscard]] constexpr keep operator|(keep a, keep b) noexcept {
  return static_cast<keep>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr bool contains(keep set, keep one) noexcept {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) == static_cast<unsigned>(one);
}
enum class keeping : std::uint8_t {
  require,  // what cannot be kept is a failure, and the old file stands
  attempt,  // what cannot be kept is left out; the report says what was kept
};

struct write_options {
  enum durability durability = durability::full;
  enum durability at_least = durability::none;  // what the system must be able to give: else unsupported, and no file is touched
  enum existing existing = existing::replace;
  enum target_link target_link = target_link::replace;
  enum content content = content::write;
  enum parents parents = parents::must_exist;
  permissions mode = 0666;  // of the new file, less what the process masks out, as for any file it creates
  enum keep keep = keep::nothing;
  enum keeping keeping = keeping::require;
  attribute_set set = attribute_set::none;  // which of `attributes` the new file is given, exactly; an owner only with a mode
  struct attributes attributes = {};
};

struct write_report {
  enum durability durability = durability::none;  // what was reached: less than asked where the system has no more
  bool skipped = false;                           // content::skip_unchanged found the bytes there
  enum keep kept = keep::nothing;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_WRITE_OPTIONS_HPP
