// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_POSIX_SIGNAL_H
#define RIG_POSIX_SIGNAL_H

#include <sys/types.h>

extern "C" int kill(pid_t, int);

#endif  // RIG_POSIX_SIGNAL_H
