// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/pthread_sync.hpp>

#include <tests/support/catch.hpp>

#include <thread>
#include <vector>

TEST_CASE("pthread_sync: one thread at a time, and a waiter is woken") {
  perdure::pthread_sync::mutex mutex;
  perdure::pthread_sync::condition changed;
  int count = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        const perdure::scoped_lock lock(mutex);
        ++count;
        if (count == 4000) changed.notify_all();
        changed.notify_one();
      }
    });
  }
  {
    const perdure::scoped_lock lock(mutex);
    while (count < 4000) changed.wait(mutex);
    CHECK(count == 4000);
  }
  for (auto& thread : threads) thread.join();
}

TEST_CASE("pthread_sync: what one thread leaves in turn, the next finds") {
  perdure::pthread_sync::mutex mutex;
  perdure::pthread_sync::condition turned;
  constexpr int players = 3;
  constexpr int turns = 300;
  int turn = 0;
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int player = 0; player < players; ++player) {
    threads.emplace_back([&, player] {
      for (int i = 0; i < turns; ++i) {
        const perdure::scoped_lock lock(mutex);
        while (turn % players != player) turned.wait(mutex);
        order.push_back(player);
        ++turn;
        turned.notify_all();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  REQUIRE(order.size() == players * turns);
  for (std::size_t i = 0; i < order.size(); ++i) REQUIRE(order[i] == static_cast<int>(i % players));
}

TEST_CASE("pthread_sync: a waiting thread lets others in") {
  perdure::pthread_sync::mutex mutex;
  perdure::pthread_sync::condition changed;
  bool waits = false;
  bool told = false;
  std::thread waiter([&] {
    const perdure::scoped_lock lock(mutex);
    waits = true;
    while (!told) changed.wait(mutex);
  });
  for (bool seen = false; !seen;) {
    const perdure::scoped_lock lock(mutex);
    seen = waits;
  }
  {
    const perdure::scoped_lock lock(mutex);
    told = true;
    changed.notify_one();
  }
  waiter.join();
  CHECK(told);
}

static_assert(!std::is_copy_constructible_v<perdure::pthread_sync::mutex>);
static_assert(!std::is_copy_constructible_v<perdure::pthread_sync::condition>);
