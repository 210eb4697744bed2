// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_POSIX_STDLIB_H
#define RIG_POSIX_STDLIB_H

#include <stddef.h>

typedef struct {
  int quot, rem;
} div_t;
typedef struct {
  long quot, rem;
} ldiv_t;
typedef struct {
  long long quot, rem;
} lldiv_t;

extern "C" {
[[noreturn]] void abort(void);
int abs(int);
long labs(long);
long long llabs(long long);
div_t div(int, int);
ldiv_t ldiv(long, long);
lldiv_t lldiv(long long, long long);
void* malloc(size_t);
void free(void*);
}

#endif  // RIG_POSIX_STDLIB_H
