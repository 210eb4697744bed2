// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_FREEBSD_SYS_STAT_H
#define RIG_FREEBSD_SYS_STAT_H

#include <sys/times.h>

#define UTIME_NOW -1
#define UTIME_OMIT -2

struct stat {
  dev_t st_dev;
  ino_t st_ino;
  nlink_t st_nlink;
  mode_t st_mode;
  uid_t st_uid;
  gid_t st_gid;
  dev_t st_rdev;
  struct timespec st_atim, st_mtim, st_ctim, st_birthtim;
  off_t st_size;
  blkcnt_t st_blocks;
  blksize_t st_blksize;
  uint32_t st_flags;
};

#include <sys/mode.h>

#endif  // RIG_FREEBSD_SYS_STAT_H
