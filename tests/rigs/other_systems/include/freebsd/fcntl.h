// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_FREEBSD_FCNTL_H
#define RIG_FREEBSD_FCNTL_H

#include <sys/types.h>

#define O_RDONLY 0x0
#define O_WRONLY 0x1
#define O_RDWR 0x2
#define O_NONBLOCK 0x4
#define O_NOFOLLOW 0x100
#define O_CREAT 0x200
#define O_TRUNC 0x400
#define O_EXCL 0x800
#define O_NOCTTY 0x8000
#define O_DIRECTORY 0x20000
#define O_CLOEXEC 0x100000
#define AT_FDCWD -100
#define AT_SYMLINK_NOFOLLOW 0x200
#define AT_SYMLINK_FOLLOW 0x400
#define AT_REMOVEDIR 0x800

extern "C" {
int open(const char*, int, ...);
int openat(int, const char*, int, ...);
int fcntl(int, int, ...);
}

#endif  // RIG_FREEBSD_FCNTL_H
