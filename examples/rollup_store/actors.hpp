// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_ROLLUP_STORE_ACTORS_HPP
#define EXAMPLES_ROLLUP_STORE_ACTORS_HPP

// The actors of a running store, each on a thread of its own, until stop().

#include <examples/rollup_store/store.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace rollup_store {

class actors {
 public:
  // What fails is told, and tried again the next time.
  explicit actors(std::function<void(const char* who, const failure&)> tell) : tell_(std::move(tell)) {}
  actors(const actors&) = delete;
  actors& operator=(const actors&) = delete;
  ~actors() { stop(); }

  void start(const char* who, std::chrono::microseconds every, std::function<result<bool>()> work) {
    threads_.emplace_back([this, who, every, work = std::move(work)] {
      // Told to stop, an actor that works ends its turn, and one that waits goes home: it looks under the mutex under which it is
      // told, so that it cannot look, be told, and then wait.
      for (std::unique_lock lock(mutex_); !wake_.wait_for(lock, every, [this] { return stopping_; });) {
        lock.unlock();
        const auto done = work();
        if (!done) tell_(who, done.error());
        lock.lock();
      }
    });
  }

  // Nobody holds the mutex while somebody works, or is waited for here: an actor that is at a save that takes long delays this,
  // and cannot hold it up for ever.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& one : threads_) one.join();
    threads_.clear();
  }

 private:
  std::function<void(const char*, const failure&)> tell_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

template <class S>
void start_all(actors& all, S& store, std::chrono::microseconds every) {
  all.start("flusher", every, [&] { return store.flush(); });
  all.start("tick", every, [&] { return store.tick(); });
  all.start("rebuild", 7 * every, [&, number = std::int64_t{0}]() mutable { return store.rebuild(++number % 5); });
  all.start("compaction", 2 * every, [&] { return store.compact(); });
  all.start("sweep", 3 * every, [&] { return store.sweep(); });
  all.start("periods", 5 * every, [&, turn = std::int64_t{0}]() mutable {
    ++turn;
    return turn % 2 == 1 ? store.close(turn / 2 % 5) : store.reopen((turn - 1) / 2 % 5);
  });
}

}  // namespace rollup_store

#endif  // EXAMPLES_ROLLUP_STORE_ACTORS_HPP
