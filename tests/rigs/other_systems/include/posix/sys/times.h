// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_POSIX_SYS_TIMES_H
#define RIG_POSIX_SYS_TIMES_H

// Part of <time.h> and <sys/time.h>.
#include <sys/types.h>

struct timespec {
  time_t tv_sec;
  long tv_nsec;
};
struct timeval {
  time_t tv_sec;
  suseconds_t tv_usec;
};

#endif  // RIG_POSIX_SYS_TIMES_H
