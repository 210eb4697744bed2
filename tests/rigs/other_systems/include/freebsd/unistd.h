// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_FREEBSD_UNISTD_H
#define RIG_FREEBSD_UNISTD_H

#include_next <unistd.h>

// Not on macOS, where an fsync that means it is a fcntl.
extern "C" int fdatasync(int);

#endif  // RIG_FREEBSD_UNISTD_H
