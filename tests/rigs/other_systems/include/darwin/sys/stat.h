// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_DARWIN_SYS_STAT_H
#define RIG_DARWIN_SYS_STAT_H

#include <sys/times.h>

#define UTIME_NOW -1
#define UTIME_OMIT -2

// The times have a name of their own here.
struct stat {
  dev_t st_dev;
  mode_t st_mode;
  nlink_t st_nlink;
  ino_t st_ino;
  uid_t st_uid;
  gid_t st_gid;
  dev_t st_rdev;
  struct timespec st_atimespec, st_mtimespec, st_ctimespec, st_birthtimespec;
  off_t st_size;
  blkcnt_t st_blocks;
  blksize_t st_blksize;
  uint32_t st_flags;
};

#include <sys/mode.h>

#endif  // RIG_DARWIN_SYS_STAT_H
