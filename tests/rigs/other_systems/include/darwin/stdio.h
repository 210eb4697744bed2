// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_DARWIN_STDIO_H
#define RIG_DARWIN_STDIO_H

#define RENAME_SWAP 0x2
#define RENAME_EXCL 0x4

extern "C" {
int renameat(int, const char*, int, const char*);
int renameatx_np(int, const char*, int, const char*, unsigned int) __attribute__((availability(macos, introduced = 10.12)));
}

#endif  // RIG_DARWIN_STDIO_H
