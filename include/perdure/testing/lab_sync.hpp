// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_LAB_SYNC_HPP
#define PERDURE_TESTING_LAB_SYNC_HPP

// lab_sync: a model of Sync (see sync.hpp) for code that runs in world.together(): who gets a mutex next, and who is woken, is a
// choice of the exploration; a deadlock is reported, and the test goes on. Each lock() is a place where another thread may go on.
//
// Outside of together() there is one thread: a mutex that is free is taken, and to wait for one is a programmer's error.

#include <cstdint>
#include <string>

#include <perdure/core/sync.hpp>
#include <perdure/testing/detail/turns.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

struct lab_sync {
  class mutex {
   public:
    mutex() = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

    void lock() {
      if (detail::lane* const me = detail::current_lane) {
        me->all.turn([] { return std::string("lock"); });
        while (owner_ != 0) me->all.wait(this, "waits for a mutex that [" + std::to_string(owner_) + "] holds");
        owner_ = me->number;
        me->all.say("lock");
      } else {
        PERDURE_ASSERT(owner_ == 0, "lab_sync: waiting for a mutex, and there is no other thread to give it back");
        owner_ = nobody;
      }
    }
    void unlock() {
      detail::lane* const me = detail::current_lane;
      if (me != nullptr) me->all.hold();
      owner_ = 0;
      if (me != nullptr) me->all.wake_all(this);
    }

   private:
    static constexpr std::size_t nobody = SIZE_MAX;  // a thread that is not one of together()
    std::size_t owner_ = 0;
  };

  class condition {
   public:
    condition() = default;
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;

    void wait(mutex& held) {
      detail::lane* const me = detail::current_lane;
      PERDURE_ASSERT(me != nullptr, "lab_sync: waiting, and there is no other thread to end it");
      if (me == nullptr) return;
      held.unlock();
      me->all.wait(this, "waits for a condition");
      held.lock();
    }
    void notify_one() {
      if (detail::lane* const me = detail::current_lane) me->all.wake_one(this);
    }
    void notify_all() {
      if (detail::lane* const me = detail::current_lane) me->all.wake_all(this);
    }
  };
};
static_assert(Sync<lab_sync>);

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_LAB_SYNC_HPP
