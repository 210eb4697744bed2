// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/explore.hpp>
#include <perdure/testing/lab_sync.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/strace.hpp>

#include <stdexcept>
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

TEST_CASE("lab_sync: who gives back what it does not hold, or keeps it, or wants it twice, fails with a trace and a token") {
  const auto text_of = [](std::function<void(world&, lab_sync::mutex&)> one,
                          std::function<void(world&, lab_sync::mutex&)> other) {
    exploration what{.workload =
                         [=](world& world) {
                           lab_sync::mutex mutex;
                           world.together([&] { one(world, mutex); }, [&] { other(world, mutex); });
                           world.together([&] { world.yield(); });
                         },
                     .check = [](after_crash&) { return true; }};
    const auto report = explore(what);
    what.replay = report.replay;
    CHECK(explore(what).text() == report.text());
    return report.text();
  };
  const auto says = [](const std::string& text, const char* what) {
    INFO(text);
    CHECK(text.find(what) != std::string::npos);
    CHECK(text.find("replay: 0") != std::string::npos);
  };
  const auto holds = [](world& world, lab_sync::mutex& mutex) {
    const scoped_lock lock(mutex);
    world.yield();
  };
  const auto gives_back = [](world&, lab_sync::mutex& mutex) { mutex.unlock(); };
  const auto nothing = [](world&, lab_sync::mutex&) {};
  says(text_of(holds, gives_back), "[2] gives back a mutex that ");
  says(text_of(nothing, gives_back), "a thread does what it must not\n");
  says(text_of(nothing, gives_back), "[2] gives back a mutex that nobody holds");
  says(text_of([](world&, lab_sync::mutex& mutex) { mutex.lock(); }, nothing), "[1] ends, and holds a mutex still");
  says(text_of(
           [](world&, lab_sync::mutex& mutex) {
             mutex.lock();
             mutex.lock();
           },
           nothing),
       "[1] waits for a mutex that it holds itself: it locked it twice");
}

TEST_CASE("lab_sync: a programmer's error outside of together is told before the process ends") {
  CHECK(tests::last_words_of([] {
          lab_sync::mutex mutex;
          mutex.lock();
          mutex.lock();
        }) == "lab_sync: a mutex is locked that is held, and there is no other thread to give it back\n");
  CHECK(tests::last_words_of([] { lab_sync::mutex().unlock(); }) == "lab_sync: a mutex is given back that nobody holds\n");
#if !PERDURE_TESTS_SANITIZED  // a thread sanitizer ends a forked child that starts threads
  CHECK(tests::last_words_of([] { (void)explored([](world& world) { world.together([&] { world.together([] {}); }); }); }) ==
        "world: together() or processes() within another one\n");
#endif
}

TEST_CASE("world: a thread that waits for ever, with no call that could fail, is a livelock, and the test goes on") {
  const auto report = explored([](world& world) {
    world.together(
        [&] {
          for (;;) world.yield();
        },
        [] {});
  });
  INFO(report.text());
  CHECK(report.text().find("livelock") != std::string::npos);
  CHECK(report.text().find("[1] yield") != std::string::npos);
}

#if defined(__cpp_exceptions)
TEST_CASE("world: an exception that leaves a thread is a failure, and the report names the thread and what it says") {
  const auto report = explored([](world& world) {
    lab_sync::mutex mutex;
    world.together([&] { world.yield(); },
                   [&] {
                     const scoped_lock lock(mutex);
                     throw std::runtime_error("out of luck");
                   });
  });
  INFO(report.text());
  CHECK(report.text().find("[2] is left by an exception: out of luck\n") != std::string::npos);
  CHECK(report.text().find("replay: 0") != std::string::npos);
}
#endif

}  // namespace
