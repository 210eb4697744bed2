// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_POSIX_WCHAR_H
#define RIG_POSIX_WCHAR_H

typedef struct {
  long long state[16];
} mbstate_t;

#endif  // RIG_POSIX_WCHAR_H
