// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/pthread_jobs.hpp>
#include <perdure/core/pthread_sync.hpp>

#include <tests/support/catch.hpp>

#include <vector>

using namespace perdure;

TEST_CASE("pthread_jobs: each is done once, whatever the number of threads, and what it did is seen") {
  for (const std::size_t threads : {0U, 1U, 2U, 5U, 1000U}) {
    const pthread_jobs run(threads);
    std::vector<int> done(40);
    run(done.size(), [&](std::size_t i) { ++done[i]; });
    CHECK(done == std::vector<int>(40, 1));
    run(0, [&](std::size_t) { done.clear(); });
    CHECK(done.size() == 40);
  }
}

TEST_CASE("pthread_jobs: two jobs run at the same time, for each waits for the other") {
  pthread_sync::mutex mutex;
  pthread_sync::condition arrived;
  int here = 0;
  pthread_jobs(2)(2, [&](std::size_t) {
    const scoped_lock lock(mutex);
    ++here;
    arrived.notify_all();
    while (here < 2) arrived.wait(mutex);
  });
  CHECK(here == 2);
}
