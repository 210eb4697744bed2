// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_POSIX_SYS_MODE_H
#define RIG_POSIX_SYS_MODE_H

// Part of <sys/stat.h>: the kinds of file have the same numbers on every Unix.
#define S_IFMT 0170000
#define S_IFDIR 0040000
#define S_IFREG 0100000
#define S_IFLNK 0120000
#define S_ISDIR(mode) (((mode) & S_IFMT) == S_IFDIR)
#define S_ISREG(mode) (((mode) & S_IFMT) == S_IFREG)
#define S_ISLNK(mode) (((mode) & S_IFMT) == S_IFLNK)

extern "C" {
int stat(const char*, struct stat*);
int lstat(const char*, struct stat*);
int fstat(int, struct stat*);
int fstatat(int, const char*, struct stat*, int);
int fchmod(int, mode_t);
int mkdirat(int, const char*, mode_t);
int futimens(int, const struct timespec[2]);
}

#endif  // RIG_POSIX_SYS_MODE_H
