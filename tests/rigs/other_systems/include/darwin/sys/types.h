// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_DARWIN_SYS_TYPES_H
#define RIG_DARWIN_SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef unsigned int u_int;
typedef int32_t dev_t;
typedef uint64_t ino_t;
typedef uint16_t mode_t;
typedef uint16_t nlink_t;
typedef uint32_t uid_t;
typedef uint32_t gid_t;
typedef int64_t off_t;
typedef int64_t blkcnt_t;
typedef int32_t blksize_t;
typedef int32_t pid_t;
typedef long ssize_t;
typedef long time_t;
typedef uint32_t useconds_t;
typedef int32_t suseconds_t;

#define RIG_SINCE(version) __attribute__((availability(macos, introduced = version)))

#endif  // RIG_DARWIN_SYS_TYPES_H
