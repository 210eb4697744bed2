// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/sync.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>

#include <csignal>

namespace {
struct counting_mutex {
  int locked = 0;
  int times = 0;
  counting_mutex() = default;
  counting_mutex(const counting_mutex&) = delete;
  void lock() { ++locked, ++times; }
  void unlock() { --locked; }
};
struct no_condition {
  using mutex = counting_mutex;
};
struct copied_mutex {
  void lock() {}
  void unlock() {}
};
struct copied {
  using mutex = copied_mutex;
  using condition = perdure::no_sync::condition;
};
}  // namespace

static_assert(perdure::Sync<perdure::no_sync> && !perdure::Sync<no_condition> && !perdure::Sync<int>);
static_assert(!perdure::Mutex<copied_mutex> && !perdure::Sync<copied>);  // a lock is where it was made

TEST_CASE("sync: scoped_lock holds the mutex for its scope") {
  counting_mutex mutex;
  {
    const perdure::scoped_lock lock(mutex);
    CHECK(mutex.locked == 1);
  }
  CHECK((mutex.locked == 0 && mutex.times == 1));
}

TEST_CASE("sync: no_sync locks nothing and notifies nobody") {
  perdure::no_sync::mutex mutex;
  perdure::no_sync::condition condition;
  const perdure::scoped_lock lock(mutex);
  condition.notify_one();
  condition.notify_all();
  CHECK(sizeof(mutex) == 1);
}

TEST_CASE("sync: waiting where there is no other thread ends the program") {
  const auto wait = []() -> int {
    for (const int signal : {SIGILL, SIGTRAP}) ::signal(signal, SIG_DFL);  // the death alone, without a report of it
    perdure::no_sync::mutex mutex;
    perdure::no_sync::condition condition;
    const perdure::scoped_lock lock(mutex);
    condition.wait(mutex);
    return 0;
  };
  CHECK(tests::in_child(wait) != 0);
}
