// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_POSIX_CALLS_HPP
#define PERDURE_FS_DETAIL_POSIX_CALLS_HPP

// What posix_fs needs around its system calls: paths with a NUL at the end, and the calls that differ between systems.

#include <perdure/config.hpp>

#if PERDURE_HAS_POSIX

#if defined(PERDURE_OS_LINUX)
#include <sys/syscall.h>
#else
#include <stdio.h>
#endif

#include <perdure/fs/detail/posix_error.hpp>
#include <perdure/fs/posix_file.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// A path as the kernel wants it, or the failure that L11 asks for before the kernel is asked.
class kernel_path {
 public:
  static constexpr std::size_t size_max = 4095;

  kernel_path(path_view path, enum operation operation) noexcept : operation_(operation) {
    if (path.empty()) {
      error_ = ENOENT;
    } else if (std::memchr(path.data(), '\0', path.size()) != nullptr) {
      error_ = EINVAL;
    } else if (path.size() > size_max) {
      error_ = ENAMETOOLONG;
    } else {
      std::memcpy(text_, path.data(), path.size());
      text_[path.size()] = '\0';
    }
  }
  [[nodiscard]] explicit operator bool() const noexcept { return error_ == 0; }
  [[nodiscard]] const char* c_str() const noexcept { return text_; }
  [[nodiscard, gnu::cold, gnu::noinline]] failure error(path_view path) const noexcept {
    const enum code code = error_ == ENAMETOOLONG ? code::too_large : code::invalid_argument;
    return failure(code, operation_, error_).about({path.data(), path.size()});
  }

 private:
  int error_ = 0;
  enum operation operation_;
  char text_[size_max + 1];
};

[[nodiscard]] inline file_info file_info_of(const struct ::stat& info) noexcept {
  file_kind kind = file_kind::other;
  if (S_ISREG(info.st_mode)) kind = file_kind::file;
  if (S_ISDIR(info.st_mode)) kind = file_kind::directory;
  if (S_ISLNK(info.st_mode)) kind = file_kind::link;
  return {kind, static_cast<std::uint64_t>(info.st_size), modified_ns_of(info)};
}

// What O_NOFOLLOW answers for a link: ELOOP, but the BSDs have words of their own.
[[nodiscard]] constexpr bool is_refused_link(int error) noexcept {
#if defined(EFTYPE)
  if (error == EFTYPE) return true;
#endif
  return error == ELOOP || error == EMLINK;
}

// fsync of a directory, where the volume knows how.
[[nodiscard]] PERDURE_FLAT result<void> posix_sync_dir(int descriptor) noexcept {
  if (posix_sync(descriptor, sync_what::all) == 0) return {};
  const int error = errno;
  if (error == EINVAL || error == ENOTSUP || error == ENOSYS || error == ENOTTY)
    return failure(code::unsupported, operation::sync_dir, error);
  const enum code code = code_of_errno(error);
  return failure(code == code::io ? code::sync_lost : code, operation::sync_dir, error).with(doubt::durable);
}

// By number on Linux: glibc declares renameat in <stdio.h> alone, which costs a tenth of all that atomic_write.hpp does.
[[nodiscard]] inline int posix_rename(int from_dir, const char* from, int to_dir, const char* to) noexcept {
#if defined(PERDURE_OS_LINUX) && defined(SYS_renameat)
  return static_cast<int>(::syscall(SYS_renameat, from_dir, from, to_dir, to));
#elif defined(PERDURE_OS_LINUX)
  return static_cast<int>(::syscall(SYS_renameat2, from_dir, from, to_dir, to, 0U));
#else
  return ::renameat(from_dir, from, to_dir, to);
#endif
}

[[nodiscard]] inline int posix_rename_no_replace(int from_dir, const char* from, int to_dir, const char* to) noexcept {
#if defined(PERDURE_OS_LINUX) && defined(SYS_renameat2)
  return static_cast<int>(::syscall(SYS_renameat2, from_dir, from, to_dir, to, 1U /* RENAME_NOREPLACE */));
#elif defined(PERDURE_OS_DARWIN)
  return ::renameatx_np(from_dir, from, to_dir, to, RENAME_EXCL);
#else
  (void)from_dir, (void)from, (void)to_dir, (void)to;
  errno = ENOSYS;
  return -1;
#endif
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_HAS_POSIX

#endif  // PERDURE_FS_DETAIL_POSIX_CALLS_HPP
