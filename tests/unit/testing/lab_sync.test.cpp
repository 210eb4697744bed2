// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/explore.hpp>
#include <perdure/testing/lab_sync.hpp>

#include <tests/support/catch.hpp>

#include <vector>

namespace {

using namespace perdure;
using namespace perdure::testing;

report explored(std::function<void(world&)> workload) {
  return explore({.workload = std::move(workload), .check = [](after_crash&) { return true; }});
}

TEST_CASE("lab_sync: outside of together a mutex is taken and given back") {
  lab_sync::mutex mutex;
  lab_sync::condition condition;
  for (int i = 0; i < 2; ++i) {
    const scoped_lock lock(mutex);
    condition.notify_one();
    condition.notify_all();
  }
}

TEST_CASE("lab_sync: a condition wakes who waits for it, and holds the mutex again") {
  bool seen[2] = {};
  const auto report = explored([&](world& world) {
    lab_sync::mutex mutex;
    lab_sync::condition condition;
    int value = 0;
    bool waited = false;
    world.together(
        [&] {
          const scoped_lock lock(mutex);
          while (value == 0) {
            waited = true;
            condition.wait(mutex);
          }
          if (value != 1) value = 100;
        },
        [&] {
          const scoped_lock lock(mutex);
          value = 1;
          condition.notify_one();
          world.yield();  // nobody gets in
          if (value != 1) world.step("never", [] {});
        });
    seen[waited ? 1 : 0] = true;
    if (value != 1) world.step("never", [] {});
  });
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.states == 1);
  CHECK((seen[0] && seen[1]));
}

TEST_CASE("lab_sync: a notification that nobody sends is a deadlock") {
  const auto report = explored([](world& world) {
    lab_sync::mutex mutex;
    lab_sync::condition condition;
    bool ready = false;
    world.together(
        [&] {
          const scoped_lock lock(mutex);
          while (!ready) condition.wait(mutex);
        },
        [&] {
          const scoped_lock lock(mutex);
          ready = true;
        });
  });
  REQUIRE_FALSE(report.ok());
  CHECK(report.text().find("[1] waits for a condition") != std::string::npos);
}

TEST_CASE("lab_sync: whoever waits may be the one that is woken, and the first one may not get the mutex") {
  std::vector<bool> first_woken(4);
  const auto report = explored([&](world& world) {
    lab_sync::mutex mutex;
    lab_sync::condition condition;
    int waiting = 0;
    int tickets = 0;
    std::size_t first = 0;
    const auto take = [&](std::size_t number) {
      const scoped_lock lock(mutex);
      ++waiting;
      while (tickets == 0) condition.wait(mutex);
      --tickets;
      if (first == 0) first = number;
    };
    world.together([&] { take(1); }, [&] { take(2); },
                   [&] {
                     for (int i = 0; i < 2; ++i) {
                       const scoped_lock lock(mutex);
                       ++tickets;
                       condition.notify_one();
                     }
                   });
    first_woken[first] = true;
  });
  INFO(report.text());
  CHECK(report.ok());
  CHECK((first_woken[1] && first_woken[2]));
}

}  // namespace
