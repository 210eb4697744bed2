// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_PTHREAD_SYNC_HPP
#define PERDURE_CORE_PTHREAD_SYNC_HPP

// pthread_sync: the Sync policy of POSIX systems; <pthread.h> costs a tenth of <mutex>.

#include <perdure/core/sync.hpp>

#if PERDURE_HAS_POSIX

#include <pthread.h>
#include <sched.h>

namespace perdure {
inline namespace v1 {

struct pthread_sync {
  class mutex {
   public:
    mutex() = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;
    ~mutex() { pthread_mutex_destroy(&handle_); }
    void lock() noexcept { PERDURE_ASSERT(pthread_mutex_lock(&handle_) == 0, "pthread_mutex_lock"); }
    void unlock() noexcept { PERDURE_ASSERT(pthread_mutex_unlock(&handle_) == 0, "pthread_mutex_unlock"); }
    [[nodiscard]] pthread_mutex_t* native() noexcept { return &handle_; }

   private:
    pthread_mutex_t handle_ = PTHREAD_MUTEX_INITIALIZER;
  };
  class condition {
   public:
    condition() = default;
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;
    ~condition() { pthread_cond_destroy(&handle_); }
    void wait(mutex& held) noexcept { PERDURE_ASSERT(pthread_cond_wait(&handle_, held.native()) == 0, "pthread_cond_wait"); }
    void notify_one() noexcept { pthread_cond_signal(&handle_); }
    void notify_all() noexcept { pthread_cond_broadcast(&handle_); }

   private:
    pthread_cond_t handle_ = PTHREAD_COND_INITIALIZER;
  };
  static void yield() noexcept { sched_yield(); }
};
static_assert(Sync<pthread_sync>);

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_HAS_POSIX

#endif  // PERDURE_CORE_PTHREAD_SYNC_HPP
