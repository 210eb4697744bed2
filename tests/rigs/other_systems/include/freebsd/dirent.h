// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_FREEBSD_DIRENT_H
#define RIG_FREEBSD_DIRENT_H

#include <sys/types.h>

typedef struct rig_listing DIR;

struct dirent {
  ino_t d_fileno;
  off_t d_off;
  uint16_t d_reclen;
  uint8_t d_type;
  uint16_t d_namlen;
  char d_name[256];
};

#include <sys/entries.h>

#endif  // RIG_FREEBSD_DIRENT_H
