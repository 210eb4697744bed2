// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_POSIX_SYS_ENTRIES_H
#define RIG_POSIX_SYS_ENTRIES_H

// Part of <dirent.h>, likewise.
#define DT_UNKNOWN 0
#define DT_FIFO 1
#define DT_DIR 4
#define DT_REG 8
#define DT_LNK 10
#define DT_SOCK 12

extern "C" {
DIR* opendir(const char*);
DIR* fdopendir(int);
struct dirent* readdir(DIR*);
int closedir(DIR*);
}

#endif  // RIG_POSIX_SYS_ENTRIES_H
