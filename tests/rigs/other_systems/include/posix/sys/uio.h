// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_POSIX_SYS_UIO_H
#define RIG_POSIX_SYS_UIO_H

#include <sys/types.h>

struct iovec {
  void* iov_base;
  size_t iov_len;
};

extern "C" {
ssize_t preadv(int, const struct iovec*, int, off_t) RIG_SINCE(11.0);
ssize_t pwritev(int, const struct iovec*, int, off_t) RIG_SINCE(11.0);
}

#endif  // RIG_POSIX_SYS_UIO_H
