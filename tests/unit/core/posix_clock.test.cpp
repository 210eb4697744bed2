// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/posix_clock.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>

#include <sys/time.h>
#include <csignal>

TEST_CASE("posix_clock: elapsed time never goes back, and a sleep lasts as long as was asked") {
  const perdure::posix_clock clock;
  const auto start = clock.elapsed_ns();
  clock.sleep_ns(2'000'000);
  CHECK(clock.elapsed_ns() - start >= 2'000'000);
  clock.sleep_ns(0);
  clock.sleep_ns(-1);
  CHECK(clock.unix_ns() > 1'700'000'000 * perdure::ns_per_second);
}

TEST_CASE("posix_clock: signals do not shorten a sleep, nor does a length that is as good as for ever") {
  static volatile std::sig_atomic_t signals;
  signals = 0;
  const auto interrupted = [](std::int64_t nanoseconds, void (*handler)(int)) {
    struct sigaction action = {};
    action.sa_handler = handler;
    ::sigaction(SIGALRM, &action, nullptr);
    const itimerval often = {{0, 500}, {0, 500}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    const perdure::posix_clock clock;
    const auto start = clock.elapsed_ns();
    clock.sleep_ns(nanoseconds);
    return clock.elapsed_ns() - start >= nanoseconds && signals > 0 ? 0 : 1;
  };
  CHECK(tests::in_child([&] { return interrupted(5'000'000, [](int) { signals = signals + 1; }); }) == 0);
  CHECK(tests::in_child([&] {
          return interrupted(INT64_MAX, [](int) {
            signals = signals + 1;
            if (signals == 5) ::_exit(7);
          });
        }) == 7);
}
