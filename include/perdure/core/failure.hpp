// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_FAILURE_HPP
#define PERDURE_CORE_FAILURE_HPP

// failure: why an operation did not do what was asked, in 64 bytes that own everything they show.
//
//   code()         what the caller can act on; the same on every system
//   outcome()      what became of the old state: `unchanged`, or `unknown` when the change may have happened
//   doubt()        for an unknown outcome, which doubt it is: whether the change is visible, or only whether it is durable
//   operation()    the call that failed
//   system_code()  the system's own number (errno, GetLastError, the status of an HTTP answer), 0 where there is none
//   path()         the end of the path or key, which is the part that tells two of them apart; path_cut() if more came before it
//
// describe(failure), in describe.hpp, is a sentence about it.

#include <cstdint>
#include <cstring>

#include <perdure/core/bytes.hpp>

namespace perdure {
inline namespace v1 {

enum class code : std::uint8_t {
  not_found = 1,         // nothing there, or a directory on the way is missing
  already_exists,        // the name is taken and the caller asked for a new one
  conflict,              // the value changed since the caller looked
  busy,                  // held by somebody else, or out of handles for the moment: try again later
  corrupt,               // what is there fails its own checks
  version_unsupported,   // written by a later version
  no_space,              // the disk is full, or the quota is used up
  permission,            // not allowed: access rights, or a read-only file system
  not_a_directory,       // a file stands where the path needs a directory
  is_a_directory,        // a directory stands where the call needs a file
  not_empty,             // a directory that is to be removed has entries
  invalid_argument,      // the call cannot mean anything: an empty path, a NUL in it, a refused link, options that are none
  invalid_storage_root,  // the address of a storage root is malformed, or there is nothing at it
  unsupported,           // this model, system or volume cannot do it, or the program was not given what does
  too_large,             // over a limit: of the caller, of the format, of the system (a name that is too long)
  cancelled,             // the caller asked to stop
  timed_out,             // no answer in time
  io,                    // the device or the system failed
  sync_lost,             // a sync failed: what was written through this handle may be lost, and no second sync can tell
};

enum class outcome : std::uint8_t {
  done,       // as durable as was asked; a failure never says this
  unchanged,  // the old state stands, on disk and in memory
  unknown,    // it may have happened
};

enum class doubt : std::uint8_t {
  none,     // nothing is in doubt
  visible,  // whether the change can be seen at all, and so also whether it is durable
  durable,  // the change can be seen; whether it survives a crash is not known
};

enum class operation : std::uint8_t {
  none,
  open,
  read,
  write,
  size,
  truncate,
  sync,
  close,
  map,
  lock,
  clone,
  get_attributes,
  set_attributes,
  stat,
  rename,
  remove,
  link,
  make_link,
  read_link,
  make_dir,
  remove_dir,
  list,
  open_dir,
  sync_dir,
  sync_all,
  // of a Store
  get,
  head,
  put,
  remove_object,
  list_objects,
  settle,
  // of a Slot, and of what is kept in one
  load,
  replace,
  commit,
};
inline constexpr enum operation last_operation = operation::commit;

class failure {
 public:
  static constexpr std::size_t path_size_max = 54;

  // An operation that changed nothing.
  constexpr failure(enum code code, enum operation operation, std::int32_t system_code = 0) noexcept
      : system_code_(system_code), code_(code), operation_(operation) {}

  [[nodiscard]] constexpr enum code code() const noexcept { return code_; }
  [[nodiscard]] constexpr enum outcome outcome() const noexcept {
    return doubt_ == perdure::doubt::none ? outcome::unchanged : outcome::unknown;
  }
  [[nodiscard]] constexpr enum doubt doubt() const noexcept { return doubt_; }
  [[nodiscard]] constexpr enum operation operation() const noexcept { return operation_; }
  [[nodiscard]] constexpr std::int32_t system_code() const noexcept { return system_code_; }
  [[nodiscard]] bytes path() const noexcept { return {path_, path_size_}; }
  [[nodiscard]] constexpr bool path_cut() const noexcept { return path_cut_; }

  // The same failure, about this path; the first one told stays, for it was nearest to the cause.
  [[nodiscard, gnu::cold, gnu::noinline]] failure about(bytes path) const noexcept {
    if (path_size_ != 0) return *this;
    failure told = *this;
    bytes tail = path.from(path.size() > path_size_max ? path.size() - path_size_max : 0);
    // Cut between characters, where the path is UTF-8: half of one makes a whole log line unreadable to some.
    for (int i = 0; i < 3 && tail.size() != path.size() && is_continuation(*tail.data()); ++i) tail = tail.from(1);
    if (!tail.empty()) std::memcpy(told.path_, tail.data(), tail.size());
    told.path_size_ = static_cast<std::uint8_t>(tail.size());
    told.path_cut_ = tail.size() != path.size();
    return told;
  }

  // The same failure, with what is in doubt after it.
  [[nodiscard]] constexpr failure with(enum doubt doubt) const noexcept {
    failure told = *this;
    told.doubt_ = doubt;
    return told;
  }

 private:
  [[nodiscard]] static constexpr bool is_continuation(std::byte b) noexcept { return (b & std::byte{0xc0}) == std::byte{0x80}; }

  std::int32_t system_code_;
  enum code code_;
  enum operation operation_;
  enum doubt doubt_ = perdure::doubt::none;
  std::uint8_t path_size_ = 0;
  bool path_cut_ = false;
  char path_[path_size_max + 1] = {};
};

static_assert(sizeof(failure) == 64 && detail::is_trivially_copyable<failure>);

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_FAILURE_HPP
