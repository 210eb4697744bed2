// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_ROLLUP_STORE_GATE_HPP
#define EXAMPLES_ROLLUP_STORE_GATE_HPP

// gate: lets a closer wait for all who went in before it, and for nobody who comes later. An ingest goes in and only then looks
// whether its period is open; a closer marks the period, waits at the gate, and knows then that whoever saw it open has finished.
// One closer at a time.

#include <perdure/core/sync.hpp>

namespace rollup_store {

template <perdure::Sync Y>
class gate {
 public:
  class inside {
   public:
    explicit inside(gate& of) : gate_(of) {
      const perdure::scoped_lock lock(gate_.mutex_);
      side_ = gate_.side_;
      ++gate_.count_[side_];
    }
    inside(const inside&) = delete;
    inside& operator=(const inside&) = delete;
    ~inside() {
      const perdure::scoped_lock lock(gate_.mutex_);
      --gate_.count_[side_];
      gate_.left_.notify_all();
    }

   private:
    gate& gate_;
    int side_ = 0;
  };

  void wait_for_all_inside() {
    const perdure::scoped_lock lock(mutex_);
    const int before = side_;
    side_ = 1 - side_;
    while (count_[before] != 0) left_.wait(mutex_);
  }

 private:
  typename Y::mutex mutex_;
  typename Y::condition left_;
  int side_ = 0;
  int count_[2] = {};
};

}  // namespace rollup_store

#endif  // EXAMPLES_ROLLUP_STORE_GATE_HPP
