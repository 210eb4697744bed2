// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_FREEBSD_PTHREAD_H
#define RIG_FREEBSD_PTHREAD_H

typedef struct rig_thread* pthread_t;
typedef struct rig_thread_attributes* pthread_attr_t;
typedef struct rig_mutex* pthread_mutex_t;
typedef struct rig_condition* pthread_cond_t;
typedef struct rig_mutex_attributes* pthread_mutexattr_t;
typedef struct rig_condition_attributes* pthread_condattr_t;

#define PTHREAD_MUTEX_INITIALIZER nullptr
#define PTHREAD_COND_INITIALIZER nullptr

#include <sys/threads.h>

#endif  // RIG_FREEBSD_PTHREAD_H
