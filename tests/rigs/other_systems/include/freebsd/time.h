// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_FREEBSD_TIME_H
#define RIG_FREEBSD_TIME_H

#include <sys/times.h>

typedef int clockid_t;
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 4

extern "C" {
int clock_gettime(clockid_t, struct timespec*);
int nanosleep(const struct timespec*, struct timespec*);
}

#endif  // RIG_FREEBSD_TIME_H
