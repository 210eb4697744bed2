// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_POSIX_ERROR_HPP
#define PERDURE_FS_DETAIL_POSIX_ERROR_HPP

// Every errno, as the code that a caller can act on and the outcome that it implies.

#include <errno.h>

#include <perdure/core/failure.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

[[nodiscard]] constexpr enum code code_of_errno(int error) noexcept {
  switch (error) {
    case ENOENT:
      return code::not_found;
    case EEXIST:
      return code::already_exists;
    case ENOTEMPTY:
      return code::not_empty;
    case ENOTDIR:
      return code::not_a_directory;
    case EISDIR:
      return code::is_a_directory;
    case ENOSPC:
    case EDQUOT:
      return code::no_space;
    case EACCES:
    case EPERM:
    case EROFS:
      return code::permission;
    case EINVAL:
    case ELOOP:
    case EBADF:
      return code::invalid_argument;
    case ENAMETOOLONG:
    case EFBIG:
    case EOVERFLOW:
      return code::too_large;
    case EBUSY:
    case ETXTBSY:
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOLCK:
    case EDEADLK:
      return code::busy;
    case EXDEV:
    case EMLINK:
    case ENOSYS:
    case ENOTSUP:
#if EOPNOTSUPP != ENOTSUP
    case EOPNOTSUPP:
#endif
    case ENOTTY:
      return code::unsupported;
    case ETIMEDOUT:
      return code::timed_out;
    case ECANCELED:
      return code::cancelled;
    default:
      return code::io;
  }
}

// Errors of the device or of a server on the way do not say whether the call took effect before they struck (L8).
[[nodiscard, gnu::cold, gnu::noinline]] inline failure posix_failure(enum operation operation, int error,
                                                                     enum code code) noexcept {
  const bool certain = code != code::io && code != code::timed_out;
  return failure(code, operation, error).with(certain ? doubt::none : doubt::visible);
}
[[nodiscard, gnu::cold, gnu::noinline]] inline failure posix_failure(enum operation operation, int error) noexcept {
  return posix_failure(operation, error, code_of_errno(error));
}
// The same for an operation that changes nothing by itself.
[[nodiscard, gnu::cold, gnu::noinline]] inline failure posix_query_failure(enum operation operation, int error) noexcept {
  return failure(code_of_errno(error), operation, error);
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_DETAIL_POSIX_ERROR_HPP
