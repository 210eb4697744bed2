// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_FREEBSD_SYS_TYPES_H
#define RIG_FREEBSD_SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef unsigned int u_int;
typedef uint64_t dev_t;
typedef uint64_t ino_t;
typedef uint16_t mode_t;
typedef uint64_t nlink_t;
typedef uint32_t uid_t;
typedef uint32_t gid_t;
typedef int64_t off_t;
typedef int64_t blkcnt_t;
typedef int32_t blksize_t;
typedef int32_t pid_t;
typedef long ssize_t;
typedef int64_t time_t;
typedef unsigned int useconds_t;
typedef long suseconds_t;

#define RIG_SINCE(version)

#endif  // RIG_FREEBSD_SYS_TYPES_H
