// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_FREEBSD_SYS_SYSCTL_H
#define RIG_FREEBSD_SYS_SYSCTL_H

#include <sys/times.h>

#define CTL_KERN 1
#define KERN_BOOTTIME 21

extern "C" int sysctl(const int*, u_int, void*, size_t*, const void*, size_t);

#endif  // RIG_FREEBSD_SYS_SYSCTL_H
