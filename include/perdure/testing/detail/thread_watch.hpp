// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_THREAD_WATCH_HPP
#define PERDURE_TESTING_DETAIL_THREAD_WATCH_HPP

// thread_watch: is this thread asleep, in a mutex of the program's own for example? Linux says so, and no clock decides.
// Elsewhere it is after two seconds without a call of the lab; where there is no clock of ours, never.
//
// is_gone: of a thread that has come to its end, is there nothing left of it? Destructors of thread-local objects, and what the
// C library gives back, take locks that another thread may want. Where the system does not say so, it is said at once.

#include <perdure/core/native_clock.hpp>

#if defined(__linux__)
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#endif

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

#if defined(__linux__)

class thread_watch {
 public:
  // By the thread itself.
  void begin() noexcept { __atomic_store_n(&thread_, static_cast<long>(::syscall(SYS_gettid)), __ATOMIC_RELAXED); }
  void moved() noexcept {}
  [[nodiscard]] bool is_asleep() const noexcept {
    const int file = open_stat();
    if (file < 0) return false;
    char text[256];
    const auto size = ::read(file, text, sizeof text - 1);
    (void)::close(file);
    if (size <= 0) return false;
    text[size] = '\0';
    const char* const name_end = std::strrchr(text, ')');  // a name may hold anything, ')' included
    return name_end != nullptr && name_end[1] == ' ' && name_end[2] == 'S';
  }

  [[nodiscard]] bool is_gone() const noexcept {
    const int file = open_stat();
    if (file >= 0) (void)::close(file);
    return file < 0;
  }

 private:
  [[nodiscard]] int open_stat() const noexcept {
    const long thread = __atomic_load_n(&thread_, __ATOMIC_RELAXED);
    if (thread == 0) return -1;
    char path[64];
    (void)std::snprintf(path, sizeof path, "/proc/self/task/%ld/stat", thread);
    return ::open(path, O_RDONLY | O_CLOEXEC);
  }

  long thread_ = 0;
};

#else

class thread_watch {
 public:
  void begin() noexcept { moved(); }
  void moved() noexcept { __atomic_store_n(&at_ns_, now_ns(), __ATOMIC_RELAXED); }
  [[nodiscard]] bool is_asleep() const noexcept {
    return now_ns() - __atomic_load_n(&at_ns_, __ATOMIC_RELAXED) > 2 * ns_per_second;
  }

 private:
  [[nodiscard]] static std::int64_t now_ns() noexcept {
#if PERDURE_HAS_POSIX
    return native_clock().elapsed_ns();
#else
    return 0;
#endif
  }
  std::int64_t at_ns_ = 0;
};

#endif

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_THREAD_WATCH_HPP
