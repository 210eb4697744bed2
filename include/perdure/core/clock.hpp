// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_CLOCK_HPP
#define PERDURE_CORE_CLOCK_HPP

// Clock: where time comes from. Nothing in perdure reads a clock that it was not given.
//
//   clock.elapsed_ns()   never goes back; differences are all it is good for
//   clock.unix_ns()      since 1970, as well as this machine knows it; may jump
//   clock.sleep_ns(n)    returns when elapsed_ns() has advanced by n or more

#include <cstdint>

#include <perdure/core/basics.hpp>

namespace perdure {
inline namespace v1 {

template <class C>
concept Clock = requires(C& clock, std::int64_t nanoseconds) {
  { clock.elapsed_ns() } -> detail::same_as<std::int64_t>;
  { clock.unix_ns() } -> detail::same_as<std::int64_t>;
  clock.sleep_ns(nanoseconds);
};

// Time that stands still until it is told to go on: for tests, and for devices that keep it themselves. Sleeping advances it.
// No more safe between threads than an int is.
class manual_clock {
 public:
  manual_clock() noexcept = default;
  explicit manual_clock(std::int64_t unix_ns) noexcept : unix_offset_ns_(unix_ns) {}

  [[nodiscard]] std::int64_t elapsed_ns() const noexcept { return elapsed_ns_; }
  [[nodiscard]] std::int64_t unix_ns() const noexcept { return unix_offset_ns_ + elapsed_ns_; }
  void sleep_ns(std::int64_t nanoseconds) noexcept { advance_ns(nanoseconds); }
  void advance_ns(std::int64_t nanoseconds) noexcept {
    const std::int64_t room = INT64_MAX - elapsed_ns_ - (unix_offset_ns_ > 0 ? unix_offset_ns_ : 0);
    if (nanoseconds > 0) elapsed_ns_ += nanoseconds < room ? nanoseconds : room;
  }

 private:
  std::int64_t unix_offset_ns_ = 0;
  std::int64_t elapsed_ns_ = 0;
};
static_assert(Clock<manual_clock>);

inline constexpr std::int64_t ns_per_second = 1'000'000'000;

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_CLOCK_HPP
