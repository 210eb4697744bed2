// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_CLUSTER_CTL_LEASE_HPP
#define EXAMPLES_CLUSTER_CTL_LEASE_HPP

// lease_keeper: renews the lease of the lock while a command works, from a thread of its own: a commit is one call, and may take
// longer than the lease. Without a lease it does nothing.
//
// It is made after begin(), which may have had much to recover: `since_ns` is how long ago that was called. It ends before end().
// lost() says that somebody else has the lock by now: then no commit of this command can win any more, and it may as well stop.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace cluster_ctl {

class lease_keeper {
 public:
  template <class Cluster>
  lease_keeper(Cluster& mine, std::int64_t lease_ns, std::int64_t since_ns) {
    if (lease_ns <= 0) return;
    thread_ = std::thread([this, &mine, lease_ns, since_ns] {
      std::unique_lock guard(mutex_);
      // Three times in each lease, so that two may fail.
      const auto third = std::chrono::nanoseconds(lease_ns / 3 + 1);
      auto pause = third - std::chrono::nanoseconds(since_ns);
      for (; !ended_.wait_for(guard, pause, [this] { return is_over_; }); pause = third) {
        guard.unlock();
        const auto renewed = mine.renew();
        guard.lock();
        if (renewed && !renewed->done) return lost_.store(true);
      }
    });
  }
  lease_keeper(const lease_keeper&) = delete;
  lease_keeper& operator=(const lease_keeper&) = delete;
  ~lease_keeper() {
    {
      const std::lock_guard guard(mutex_);
      is_over_ = true;
    }
    ended_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] bool lost() const noexcept { return lost_; }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool is_over_ = false;
  std::atomic<bool> lost_ = false;
  std::thread thread_;
};

}  // namespace cluster_ctl

#endif  // EXAMPLES_CLUSTER_CTL_LEASE_HPP
