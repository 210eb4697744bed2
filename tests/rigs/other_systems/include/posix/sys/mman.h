// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_POSIX_SYS_MMAN_H
#define RIG_POSIX_SYS_MMAN_H

#include <sys/types.h>

#define PROT_READ 1
#define PROT_WRITE 2
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_FAILED ((void*)-1)

extern "C" {
void* mmap(void*, size_t, int, int, int, off_t);
int munmap(void*, size_t);
}

#endif  // RIG_POSIX_SYS_MMAN_H
