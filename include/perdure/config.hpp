// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CONFIG_HPP
#define PERDURE_CONFIG_HPP

// The version of the library, the platform it is built for, and the one hook that a user may set.
//
// A file <perdure_config.hpp> on the include path is read first. It may define PERDURE_PANIC and, for a cross build that
// the tests below misjudge, one of the PERDURE_OS_ macros. No macro changes the layout of a public type. Every translation
// unit of a program must see the same definitions.

#if defined(__has_include)
#if __has_include(<perdure_config.hpp>)
#include <perdure_config.hpp>
#endif
#endif

#if defined(_MSVC_LANG) ? _MSVC_LANG < 202002L : __cplusplus < 201709L
#error "perdure needs C++20: compile with -std=c++20"
#endif

#define PERDURE_VERSION_MAJOR 0
#define PERDURE_VERSION_MINOR 1
#define PERDURE_VERSION_PATCH 0
#define PERDURE_VERSION_STRING "0.1.0"

#if !defined(PERDURE_OS_LINUX) && !defined(PERDURE_OS_DARWIN) && !defined(PERDURE_OS_BSD) && !defined(PERDURE_OS_NONE)
#if defined(__linux__)
#define PERDURE_OS_LINUX 1
#elif defined(__APPLE__)
#define PERDURE_OS_DARWIN 1
#elif defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) || defined(__DragonFly__)
#define PERDURE_OS_BSD 1
#else
#define PERDURE_OS_NONE 1
#endif
#endif

#if defined(PERDURE_OS_LINUX) || defined(PERDURE_OS_DARWIN) || defined(PERDURE_OS_BSD)
#define PERDURE_HAS_POSIX 1
#else
#define PERDURE_HAS_POSIX 0
#endif

// Between a protocol and its system calls. On return from a system call the processor has forgotten the way back (kernels see to
// it, against Spectre), and mispredicts the return from each function that it is in. On a file system in memory, these layers
// were half of what atomic_write cost over the same calls written by hand.
#if defined(_MSC_VER) && !defined(__clang__)
#define PERDURE_FLAT [[msvc::forceinline]] inline
#else
#define PERDURE_FLAT [[gnu::always_inline]] inline
#endif

// g++ (12) makes one of two functions that do the same, and warns then that the smaller type is accessed behind its end.
#if defined(__GNUC__) && !defined(__clang__) && !defined(__OPTIMIZE_SIZE__)
#define PERDURE_UNMERGED [[gnu::no_icf]]
#else
#define PERDURE_UNMERGED
#endif

// What happens on a programmer's error (reading the value of a failed result). It must not return. The default stops the
// program where a debugger or a core dump shows the line.
#ifndef PERDURE_PANIC
#if defined(_MSC_VER) && !defined(__clang__)
#define PERDURE_PANIC(message) __fastfail(7)
#else
#define PERDURE_PANIC(message) __builtin_trap()
#endif
#endif

#define PERDURE_ASSERT(condition, message) \
  (static_cast<bool>(condition) ? static_cast<void>(0) : static_cast<void>(PERDURE_PANIC(message)))

#endif  // PERDURE_CONFIG_HPP
