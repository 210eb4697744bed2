// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_PTHREAD_JOBS_HPP
#define PERDURE_CORE_PTHREAD_JOBS_HPP

// pthread_jobs(threads_max): a job_runner that starts threads for each call and waits for their end; the caller's is one of them.
// That costs some ten microseconds a thread: good for jobs of milliseconds, in a program without a pool. Where no thread can be
// started, those that there are do all of it.

#include <perdure/config.hpp>
#include <perdure/core/jobs.hpp>

#if PERDURE_HAS_POSIX

#include <pthread.h>

namespace perdure {
inline namespace v1 {

class pthread_jobs {
 public:
  static constexpr std::size_t threads_limit = 64;

  explicit pthread_jobs(std::size_t threads_max) noexcept
      : threads_max_(threads_max < threads_limit ? threads_max : threads_limit) {}

  void operator()(std::size_t count, job each) const {
    shared all{each, count};
    pthread_t threads[threads_limit];
    std::size_t started = 0;
    while (started + 1 < threads_max_ && started + 1 < count &&
           pthread_create(&threads[started], nullptr, &pthread_jobs::work, &all) == 0) {
      ++started;
    }
    work(&all);
    for (std::size_t i = 0; i < started; ++i) PERDURE_ASSERT(pthread_join(threads[i], nullptr) == 0, "pthread_join");
  }

 private:
  struct shared {
    job each;
    std::size_t count;
    std::size_t next = 0;
  };
  static void* work(void* with) {
    auto& all = *static_cast<shared*>(with);
    for (;;) {
      const std::size_t mine = __atomic_fetch_add(&all.next, 1, __ATOMIC_RELAXED);
      if (mine >= all.count) return nullptr;
      all.each(mine);
    }
  }

  std::size_t threads_max_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_HAS_POSIX

#endif  // PERDURE_CORE_PTHREAD_JOBS_HPP
