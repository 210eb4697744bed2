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
