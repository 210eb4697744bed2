// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_POSIX_XATTR_HPP
#define PERDURE_FS_DETAIL_POSIX_XATTR_HPP

// The calls for extended attributes, which have the same names on Linux and on macOS, and not the same parameters.

#include <perdure/config.hpp>

#if defined(PERDURE_OS_LINUX) || defined(PERDURE_OS_DARWIN)

#include <errno.h>
#include <sys/types.h>
#include <sys/xattr.h>

#include <perdure/core/bytes.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

#if defined(PERDURE_OS_LINUX)
[[nodiscard]] inline ssize_t xattr_list(int descriptor, char* names, std::size_t size) noexcept {
  return ::flistxattr(descriptor, names, size);
}
[[nodiscard]] inline ssize_t xattr_get(int descriptor, const char* name, void* value, std::size_t size) noexcept {
  return ::fgetxattr(descriptor, name, value, size);
}
[[nodiscard]] inline int xattr_set(int descriptor, const char* name, bytes value) noexcept {
  return ::fsetxattr(descriptor, name, value.data(), value.size(), 0);
}
[[nodiscard]] inline int xattr_remove(int descriptor, const char* name) noexcept { return ::fremovexattr(descriptor, name); }
inline constexpr int xattr_gone = ENODATA;
#elif defined(PERDURE_OS_DARWIN)
[[nodiscard]] inline ssize_t xattr_list(int descriptor, char* names, std::size_t size) noexcept {
  return ::flistxattr(descriptor, names, size, 0);
}
[[nodiscard]] inline ssize_t xattr_get(int descriptor, const char* name, void* value, std::size_t size) noexcept {
  return ::fgetxattr(descriptor, name, value, size, 0, 0);
}
[[nodiscard]] inline int xattr_set(int descriptor, const char* name, bytes value) noexcept {
  return ::fsetxattr(descriptor, name, value.data(), value.size(), 0, 0);
}
[[nodiscard]] inline int xattr_remove(int descriptor, const char* name) noexcept { return ::fremovexattr(descriptor, name, 0); }
inline constexpr int xattr_gone = ENOATTR;
#endif

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif

#endif  // PERDURE_FS_DETAIL_POSIX_XATTR_HPP
