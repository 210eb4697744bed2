// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_DARWIN_SYS_XATTR_H
#define RIG_DARWIN_SYS_XATTR_H

#include <sys/types.h>

// With a position in a resource fork, and options, which Linux has not.
extern "C" {
ssize_t fgetxattr(int, const char*, void*, size_t, uint32_t, int);
ssize_t flistxattr(int, char*, size_t, int);
int fsetxattr(int, const char*, const void*, size_t, uint32_t, int);
int fremovexattr(int, const char*, int);
}

#endif  // RIG_DARWIN_SYS_XATTR_H
