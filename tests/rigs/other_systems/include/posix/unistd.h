// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_POSIX_UNISTD_H
#define RIG_POSIX_UNISTD_H

#include <sys/types.h>

extern "C" {
int close(int);
ssize_t read(int, void*, size_t);
ssize_t write(int, const void*, size_t);
ssize_t pread(int, void*, size_t, off_t);
ssize_t pwrite(int, const void*, size_t, off_t);
int fsync(int);
int ftruncate(int, off_t);
int fchown(int, uid_t, gid_t);
int dup(int);
int linkat(int, const char*, int, const char*, int);
int symlinkat(const char*, int, const char*);
ssize_t readlinkat(int, const char*, char*, size_t);
int unlinkat(int, const char*, int);
int gethostname(char*, size_t);
pid_t getpid(void);
uid_t geteuid(void);
int usleep(useconds_t);
}

#endif  // RIG_POSIX_UNISTD_H
