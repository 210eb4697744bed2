// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_DARWIN_FCNTL_H
#define RIG_DARWIN_FCNTL_H

#include <sys/types.h>

#define O_RDONLY 0x0
#define O_WRONLY 0x1
#define O_RDWR 0x2
#define O_NONBLOCK 0x4
#define O_NOFOLLOW 0x100
#define O_CREAT 0x200
#define O_TRUNC 0x400
#define O_EXCL 0x800
#define O_NOCTTY 0x20000
#define O_DIRECTORY 0x100000
#define O_CLOEXEC 0x1000000
#define AT_FDCWD -2
#define AT_SYMLINK_NOFOLLOW 0x20
#define AT_SYMLINK_FOLLOW 0x40
#define AT_REMOVEDIR 0x80
#define F_FULLFSYNC 51
#define F_BARRIERFSYNC 85

extern "C" {
int open(const char*, int, ...);
int openat(int, const char*, int, ...);
int fcntl(int, int, ...);
}

#endif  // RIG_DARWIN_FCNTL_H
