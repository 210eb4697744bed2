// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_DARWIN_PTHREAD_H
#define RIG_DARWIN_PTHREAD_H

typedef struct rig_thread* pthread_t;
typedef struct rig_thread_attributes pthread_attr_t;
typedef struct {
  long signature;
  char opaque[56];
} pthread_mutex_t;
typedef struct {
  long signature;
  char opaque[40];
} pthread_cond_t;
typedef struct rig_mutex_attributes pthread_mutexattr_t;
typedef struct rig_condition_attributes pthread_condattr_t;

#define PTHREAD_MUTEX_INITIALIZER {0x32AAABA7, {0}}
#define PTHREAD_COND_INITIALIZER {0x3CB0B1BB, {0}}

#include <sys/threads.h>

#endif  // RIG_DARWIN_PTHREAD_H
