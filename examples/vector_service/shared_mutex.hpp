// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_VECTOR_SERVICE_SHARED_MUTEX_HPP
#define EXAMPLES_VECTOR_SERVICE_SHARED_MUTEX_HPP

// shared_mutex: many who look, or one who changes, over any Sync policy. Who waits to change goes before who comes to look.

#include <perdure/core/sync.hpp>

namespace vector_service {

template <perdure::Sync Y>
class shared_mutex {
 public:
  void lock() {
    const perdure::scoped_lock held(mutex_);
    ++waiting_;
    while (changing_ || looking_ != 0) free_.wait(mutex_);
    --waiting_;
    changing_ = true;
  }
  void unlock() {
    const perdure::scoped_lock held(mutex_);
    changing_ = false;
    free_.notify_all();
  }
  void lock_shared() {
    const perdure::scoped_lock held(mutex_);
    while (changing_ || waiting_ != 0) free_.wait(mutex_);
    ++looking_;
  }
  void unlock_shared() {
    const perdure::scoped_lock held(mutex_);
    if (--looking_ == 0) free_.notify_all();
  }

  class [[nodiscard]] looking {
   public:
    explicit looking(shared_mutex& at) : at_(at) { at_.lock_shared(); }
    looking(const looking&) = delete;
    looking& operator=(const looking&) = delete;
    ~looking() { at_.unlock_shared(); }

   private:
    shared_mutex& at_;
  };

 private:
  typename Y::mutex mutex_;
  typename Y::condition free_;
  unsigned looking_ = 0;
  unsigned waiting_ = 0;
  bool changing_ = false;
};

}  // namespace vector_service

#endif  // EXAMPLES_VECTOR_SERVICE_SHARED_MUTEX_HPP
