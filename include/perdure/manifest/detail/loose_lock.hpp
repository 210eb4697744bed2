// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_LOOSE_LOCK_HPP
#define PERDURE_MANIFEST_DETAIL_LOOSE_LOCK_HPP

// loose_lock: takes a mutex for a scope, and can give it back in between.

#include <perdure/core/sync.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <Mutex M>
class loose_lock {
 public:
  explicit loose_lock(M& mutex) : mutex_(mutex) { lock(); }
  loose_lock(const loose_lock&) = delete;
  loose_lock& operator=(const loose_lock&) = delete;
  ~loose_lock() {
    if (held_) mutex_.unlock();
  }
  void lock() {
    mutex_.lock();
    held_ = true;
  }
  void unlock() {
    held_ = false;
    mutex_.unlock();
  }
  [[nodiscard]] M& mutex() noexcept { return mutex_; }

 private:
  M& mutex_;
  bool held_ = false;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_LOOSE_LOCK_HPP
