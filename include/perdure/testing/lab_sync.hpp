// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_LAB_SYNC_HPP
#define PERDURE_TESTING_LAB_SYNC_HPP

// lab_sync: a model of Sync (see sync.hpp) for code that runs in world.together(): who gets a mutex next, and who is woken, is a
// choice of the exploration; a deadlock is reported, and the test goes on. Each lock() is a place where another thread may go on.
// Who gives back what it does not hold, or ends and holds a mutex still, fails the exploration.
//
// Outside of together() there is one thread: a mutex that is free is taken; to wait for one, or to give back one that is not
// held, is a programmer's error, told on stderr.

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
        while (owner_ != 0) {
          me->all.wait(this, owner_ == me->number ? "waits for a mutex that it holds itself: it locked it twice"
                                                  : "waits for a mutex that " + holder() + " holds");
        }
        owner_ = me->number;
        ++me->locks;
        me->all.say("lock");
      } else {
        if (owner_ != 0) detail::panic("lab_sync: a mutex is locked that is held, and there is no other thread to give it back");
        owner_ = nobody;
      }
    }
    void unlock() {
      if (detail::lane* const me = detail::current_lane) {
        me->all.hold();
        if (owner_ != me->number)
          return me->all.misused(owner_ == 0 ? "gives back a mutex that nobody holds"
                                             : "gives back a mutex that " + holder() + " holds");
        owner_ = 0;
        --me->locks;
        me->all.wake_all(this);
      } else {
        if (owner_ == 0) detail::panic("lab_sync: a mutex is given back that nobody holds");
        owner_ = 0;
      }
    }

   private:
    static constexpr std::size_t nobody = SIZE_MAX;  // a thread that is not one of together()
    [[nodiscard]] std::string holder() const {
      return owner_ == nobody ? "whoever called together()" : "[" + std::to_string(owner_) + "]";
    }
    std::size_t owner_ = 0;
  };

  class condition {
   public:
    condition() = default;
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;

    void wait(mutex& held) {
      detail::lane* const me = detail::current_lane;
      if (me == nullptr) return detail::panic("lab_sync: a condition is waited for, and there is no other thread to end it");
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
