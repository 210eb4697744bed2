// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_POSIX_SCHED_H
#define RIG_POSIX_SCHED_H

extern "C" int sched_yield(void);

#endif  // RIG_POSIX_SCHED_H
