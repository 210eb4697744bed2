// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_POSIX_SYS_FILE_H
#define RIG_POSIX_SYS_FILE_H

#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8

extern "C" int flock(int, int);

#endif  // RIG_POSIX_SYS_FILE_H
