// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_DARWIN_DIRENT_H
#define RIG_DARWIN_DIRENT_H

#include <sys/types.h>

typedef struct rig_listing DIR;

struct dirent {
  uint64_t d_ino;
  uint64_t d_seekoff;
  uint16_t d_reclen;
  uint16_t d_namlen;
  uint8_t d_type;
  char d_name[1024];
};

#include <sys/entries.h>

#endif  // RIG_DARWIN_DIRENT_H
