// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_DARWIN_TIME_H
#define RIG_DARWIN_TIME_H

#include <sys/times.h>

typedef enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 6 } clockid_t;

extern "C" {
int clock_gettime(clockid_t, struct timespec*) RIG_SINCE(10.12);
int nanosleep(const struct timespec*, struct timespec*);
}

#endif  // RIG_DARWIN_TIME_H
