// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef RIG_POSIX_STRING_H
#define RIG_POSIX_STRING_H

#include <stddef.h>

extern "C" {
void* memcpy(void*, const void*, size_t);
void* memmove(void*, const void*, size_t);
void* memset(void*, int, size_t);
void* memchr(const void*, int, size_t);
int memcmp(const void*, const void*, size_t);
char* strchr(const char*, int);
char* strrchr(const char*, int);
char* strpbrk(const char*, const char*);
char* strstr(const char*, const char*);
char* strcpy(char*, const char*);
char* strncpy(char*, const char*, size_t);
char* strcat(char*, const char*);
char* strncat(char*, const char*, size_t);
char* strtok(char*, const char*);
char* strerror(int);
int strcmp(const char*, const char*);
int strncmp(const char*, const char*, size_t);
int strcoll(const char*, const char*);
size_t strxfrm(char*, const char*, size_t);
size_t strspn(const char*, const char*);
size_t strcspn(const char*, const char*);
size_t strlen(const char*);
}

#endif  // RIG_POSIX_STRING_H
