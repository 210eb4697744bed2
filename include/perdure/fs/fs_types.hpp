// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_FS_TYPES_HPP
#define PERDURE_FS_FS_TYPES_HPP

// The small values that cross the Fs seam. What the operations do with them is said in fs.hpp.

#include <cstddef>
#include <cstdint>

#include <perdure/core/bytes.hpp>
#include <perdure/core/function_ref.hpp>
#include <perdure/core/result.hpp>
#include <perdure/fs/path.hpp>

namespace perdure {
inline namespace v1 {

enum class access : std::uint8_t { read, write, read_write };
enum class creation : std::uint8_t {
  must_exist,  // open what is there
  create,      // open what is there, or create it empty
  create_new,  // create it, or fail with already_exists: exactly one of racing callers succeeds
};
enum class links : std::uint8_t {
  follow,  // a symbolic link as the last component is followed
  refuse,  // it is an invalid_argument
};

// Permission bits as POSIX counts them. What a system without them makes of them is its model's business.
using permissions = std::uint32_t;

struct open_options {
  enum access access = access::read;
  enum creation creation = creation::must_exist;
  enum links links = links::follow;
  permissions mode = 0666;  // of a file that is created, less what the process masks out
};

namespace detail {
// What moves or removes a name never means what a link leads to, also where a separator behind it asks for a directory.
[[nodiscard]] constexpr bool takes_the_name(enum operation operation) noexcept {
  return operation == operation::rename || operation == operation::remove || operation == operation::remove_dir;
}
}  // namespace detail

enum class file_kind : std::uint8_t { unknown, file, directory, link, other };

inline constexpr std::int64_t time_unknown = INT64_MIN;

struct file_info {
  file_kind kind = file_kind::unknown;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = time_unknown;  // since 1970, by the clock of whoever keeps the file
};

struct dir_entry {
  path_view name;                       // one component; valid during the visit
  file_kind kind = file_kind::unknown;  // unknown where telling would cost another call
};
enum class visit : std::uint8_t { go_on, stop };
using entry_visitor = function_ref<visit(const dir_entry&)>;

enum class sync_what : std::uint8_t {
  order,  // nothing done later outlives a crash without what was written here before; says nothing of when
  data,   // the bytes and the size outlive a crash
  all,    // and so do mode, owner, times and extended attributes
};

// One write of several pieces, gathered in order. A single piece converts by itself.
class gather {
 public:
  template <class B>
    requires(!detail::is_same<detail::remove_cvref<B>, gather> && detail::converts_to<B, bytes>)
  gather(B&& one) noexcept : one_(detail::forwarded<B>(one)) {}
  gather(const bytes* parts, std::size_t count) noexcept : parts_(parts), count_(count) {}

  [[nodiscard]] const bytes* begin() const noexcept { return parts_ != nullptr ? parts_ : &one_; }
  [[nodiscard]] const bytes* end() const noexcept { return begin() + count(); }
  [[nodiscard]] std::size_t count() const noexcept { return parts_ != nullptr ? count_ : 1; }
  [[nodiscard]] std::uint64_t size() const noexcept {
    std::uint64_t total = 0;
    for (const bytes& part : *this) total += part.size();
    return total;
  }

 private:
  bytes one_;
  const bytes* parts_ = nullptr;
  std::size_t count_ = 0;
};

// Unique among all writers that can reach the same files. The first three say who the writer is, so that somebody who
// finds a file named by it can ask whether that writer lives; all zero on a model that cannot say.
struct nonce {
  std::uint64_t place = 0;    // which machine, since which boot, in which process namespace
  std::uint64_t process = 0;  // the process, by its number there
  std::uint64_t started = 0;  // when that process started: numbers are given again
  std::uint64_t serial = 0;   // never twice in one process
  friend bool operator==(const nonce&, const nonce&) = default;
};
enum class writer_state : std::uint8_t {
  alive,    // that process runs
  gone,     // it has ended, for certain
  unknown,  // another machine, another boot, another namespace: nobody here can tell
};

enum class lock_mode : std::uint8_t { shared, exclusive };

struct attributes {
  permissions mode = 0;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::int64_t modified_ns = time_unknown;
};
enum class attribute_set : std::uint8_t { none = 0, mode = 1, owner = 2, modified = 4 };
[[nodiscard]] constexpr attribute_set operator|(attribute_set a, attribute_set b) noexcept {
  return static_cast<attribute_set>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr bool contains(attribute_set set, attribute_set one) noexcept {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}
using xattr_visitor = function_ref<visit(path_view name, bytes value)>;

enum class cloned : std::uint8_t {
  shared,  // both files share the storage until one is written to
  copied,  // the system copied, without the bytes passing through the caller
};
struct clone_report {
  enum cloned cloned = cloned::copied;
  std::uint64_t size_bytes = 0;  // at least 1 where 1 was asked; may be less than asked: call again for the rest
};

// Which files may be linked to one another: two Fs objects with equal ids sit on the same kernel or the same memory.
struct backend_id {
  std::uint64_t kind = 0;
  std::uint64_t instance = 0;
  friend bool operator==(const backend_id&, const backend_id&) = default;
};

// A file's bytes in memory, read-only. It outlives the handle it came from. What a later write or truncate of the same
// file does to it is undefined, so only files that are never written again are mapped.
class mapping {
 public:
  mapping() noexcept = default;
  mapping(bytes view, void (*release)(bytes)) noexcept : view_(view), release_(release) {}
  mapping(mapping&& other) noexcept
      : view_(detail::exchanged(other.view_, {})), release_(detail::exchanged(other.release_, nullptr)) {}
  mapping& operator=(mapping&& other) noexcept {
    detail::swapped(view_, other.view_);
    detail::swapped(release_, other.release_);
    return *this;
  }
  ~mapping() {
    if (release_ != nullptr) release_(view_);
  }
  [[nodiscard]] bytes view() const noexcept { return view_; }

 private:
  bytes view_;
  void (*release_)(bytes) = nullptr;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_FS_TYPES_HPP
