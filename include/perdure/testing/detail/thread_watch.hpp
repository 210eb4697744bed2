// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_THREAD_WATCH_HPP
#define PERDURE_TESTING_DETAIL_THREAD_WATCH_HPP

// thread_watch: is this thread asleep, in a mutex of the program's own for example? Linux says so, and no clock decides.
// Elsewhere it is after two seconds without a call of the lab.

#include <atomic>

#include <perdure/config.hpp>

#if defined(__linux__)
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#else
#include <chrono>
#endif

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

#if defined(__linux__)

class thread_watch {
 public:
  // By the thread itself.
  void begin() noexcept { thread_ = static_cast<long>(::syscall(SYS_gettid)); }
  void moved() noexcept {}
  [[nodiscard]] bool is_asleep() const noexcept {
    const long thread = thread_;
    if (thread == 0) return false;
    char path[64];
    (void)std::snprintf(path, sizeof path, "/proc/self/task/%ld/stat", thread);
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    char text[256];
    const auto size = ::read(file, text, sizeof text - 1);
    (void)::close(file);
    if (size <= 0) return false;
    text[size] = '\0';
    const char* const name_end = std::strrchr(text, ')');  // a name may hold anything, ')' included
    return name_end != nullptr && name_end[1] == ' ' && name_end[2] == 'S';
  }

 private:
  std::atomic<long> thread_ = 0;
};

#else

class thread_watch {
 public:
  void begin() noexcept { moved(); }
  void moved() noexcept { at_ = now(); }
  [[nodiscard]] bool is_asleep() const noexcept { return at_ != 0 && now() - at_ > 2'000'000'000; }

 private:
  [[nodiscard]] static long long now() noexcept {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
  std::atomic<long long> at_ = 0;
};

#endif

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_THREAD_WATCH_HPP
