// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_POSIX_CLOCK_HPP
#define PERDURE_CORE_POSIX_CLOCK_HPP

// posix_clock: the Clock of POSIX systems.

#include <perdure/config.hpp>
#include <perdure/core/clock.hpp>

#if PERDURE_HAS_POSIX

#include <time.h>

namespace perdure {
inline namespace v1 {

class posix_clock {
 public:
  [[nodiscard]] std::int64_t elapsed_ns() const noexcept { return read(CLOCK_MONOTONIC); }
  [[nodiscard]] std::int64_t unix_ns() const noexcept { return read(CLOCK_REALTIME); }
  void sleep_ns(std::int64_t nanoseconds) const noexcept {
    // A signal cuts a sleep short: what is left of it is worked out from the clock, not from the call.
    const std::int64_t start = elapsed_ns();
    for (std::int64_t left = nanoseconds; left > 0; left = nanoseconds - (elapsed_ns() - start)) {
      struct timespec rest = {};
      rest.tv_sec = static_cast<time_t>(left / ns_per_second);
      rest.tv_nsec = static_cast<decltype(rest.tv_nsec)>(left % ns_per_second);
      nanosleep(&rest, nullptr);
    }
  }

 private:
  [[nodiscard]] static std::int64_t read(clockid_t which) noexcept {
    struct timespec now = {};
    clock_gettime(which, &now);
    return static_cast<std::int64_t>(now.tv_sec) * ns_per_second + static_cast<std::int64_t>(now.tv_nsec);
  }
};
static_assert(Clock<posix_clock>);

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_HAS_POSIX

#endif  // PERDURE_CORE_POSIX_CLOCK_HPP
