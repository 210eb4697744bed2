// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_FREEBSD_STDIO_H
#define RIG_FREEBSD_STDIO_H

extern "C" int renameat(int, const char*, int, const char*);

#endif  // RIG_FREEBSD_STDIO_H
