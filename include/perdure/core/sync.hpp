// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_SYNC_HPP
#define PERDURE_CORE_SYNC_HPP

// Sync: where threads come from. A type that is shared between threads takes its locks from a Sync policy, so that the same
// code runs on pthreads, on a device that has no threads, and under the crash lab, which decides itself who goes next.
//
//   S::mutex       lock(), unlock(); not recursive
//   S::condition   wait(mutex&) with the mutex held, woken by notify_one() or notify_all(), and sometimes without a reason
// Both are default-constructible and stay where they were made.
//   S::yield()     optional: lets other threads go first, if there are any that can

#include <perdure/config.hpp>
#include <perdure/core/basics.hpp>

namespace perdure {
inline namespace v1 {

template <class M>
concept Mutex = detail::is_constructible<M> && !detail::is_constructible<M, const M&> && requires(M& mutex) {
  mutex.lock();
  mutex.unlock();
};

template <class C, class M>
concept Condition = detail::is_constructible<C> && !detail::is_constructible<C, const C&> && requires(C& condition, M& mutex) {
  condition.wait(mutex);
  condition.notify_one();
  condition.notify_all();
};

template <class S>
concept Sync = Mutex<typename S::mutex> && Condition<typename S::condition, typename S::mutex>;

// One thread, as on a device without an OS. Waiting there would be waiting for ever: a programmer's error.
struct no_sync {
  class mutex {
   public:
    mutex() = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;
    void lock() noexcept {}
    void unlock() noexcept {}
  };
  class condition {
   public:
    condition() = default;
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;
    void wait(mutex&) noexcept { PERDURE_PANIC("no_sync: waiting, and there is no other thread to end it"); }
    void notify_one() noexcept {}
    void notify_all() noexcept {}
  };
};
static_assert(Sync<no_sync>);

// Holds a mutex for a scope.
template <Mutex M>
class [[nodiscard]] scoped_lock {
 public:
  explicit scoped_lock(M& mutex) : mutex_(mutex) { mutex_.lock(); }
  scoped_lock(const scoped_lock&) = delete;
  scoped_lock& operator=(const scoped_lock&) = delete;
  ~scoped_lock() { mutex_.unlock(); }

 private:
  M& mutex_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_SYNC_HPP
