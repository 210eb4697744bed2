// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_DARWIN_SYS_SYSCTL_H
#define RIG_DARWIN_SYS_SYSCTL_H

#include <sys/times.h>

#define CTL_KERN 1
#define KERN_BOOTTIME 21

extern "C" int sysctl(int*, u_int, void*, size_t*, void*, size_t);

#endif  // RIG_DARWIN_SYS_SYSCTL_H
