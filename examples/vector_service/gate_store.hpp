// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_VECTOR_SERVICE_GATE_STORE_HPP
#define EXAMPLES_VECTOR_SERVICE_GATE_STORE_HPP

// gate_store: for the acceptance, objects in memory behind a gate. While it is shut every put and remove waits there.

#include <perdure/store/mem_store.hpp>

#include <condition_variable>
#include <mutex>

namespace vector_service {

class gate_store {
 public:
  using perdure_store = gate_store;

  void shut() {
    const std::lock_guard lock(mutex_);
    shut_ = true;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    shut_ = false;
    changed_.notify_all();
  }
  // So many wait.
  void wait_for(int waiting) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= waiting; });
  }
  [[nodiscard]] perdure::mem_store& behind() { return objects_; }

  auto get(perdure::key_view key, perdure::mutable_bytes into) { return objects_.get(key, into); }
  auto get_range(perdure::key_view key, std::uint64_t at, perdure::mutable_bytes into) {
    return objects_.get_range(key, at, into);
  }
  auto head(perdure::key_view key) { return objects_.head(key); }
  auto put(perdure::key_view key, perdure::gather content, const perdure::precondition& when) {
    pass();
    return objects_.put(key, content, when);
  }
  auto remove(perdure::key_view key) {
    pass();
    return objects_.remove(key);
  }
  auto list(perdure::key_view prefix, perdure::key_view cursor, std::size_t limit, perdure::object_visitor visitor) {
    return objects_.list(prefix, cursor, limit, visitor);
  }
  auto nonce() { return objects_.nonce(); }

 private:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !shut_; });
    --waiting_;
  }

  perdure::mem_store objects_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool shut_ = false;
};
static_assert(perdure::Store<gate_store>);

}  // namespace vector_service

#endif  // EXAMPLES_VECTOR_SERVICE_GATE_STORE_HPP
