// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_TURNS_HPP
#define PERDURE_TESTING_DETAIL_TURNS_HPP

// turns: threads of a workload, of which one runs at a time. At every call of the lab the one that runs may have to let another
// go on: that is a choice like any other, so that the same tape gives the same run.
//
// The threads are real ones, since the code under test may have thread-local state and mutexes of its own, and stop where they
// wait for their turn. One that falls asleep in between (in such a mutex) loses its turn; when it is woken it runs on to its next
// call of the lab beside whoever woke it, and waits for its turn there. So every decision is made when each thread either waits
// for its turn or is asleep, and does not depend on time.
//
// Where nobody can go on it is a deadlock. Threads that wait in a lab_sync are left where they are, for ever, and so are those of
// a livelock that still goes on when every call fails. One that sleeps in anything else cannot be left: what it sleeps in may be
// destroyed around it. So the test process ends then, after the report.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <perdure/testing/detail/disk.hpp>
#include <perdure/testing/detail/escaping.hpp>
#include <perdure/testing/detail/thread_watch.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

class turns;

struct lane {
  enum class doing : std::uint8_t { ready, waiting, asleep, ended };

  turns& all;
  std::size_t number;
  doing is = doing::ready;
  const void* waits_for = nullptr;  // a mutex or condition of lab_sync
  std::string told = "begins";      // what it is about to do, or why it waits
  std::uint32_t idle_calls = 0;     // since it, or somebody, changed something
  std::uint32_t locks = 0;          // of lab_sync, that it holds
  std::uint32_t in_vain = 0;        // how often, one after another, it asked for a lock that was held
  std::atomic<bool> inside = true;  // waiting for its turn, or about to
  thread_watch watch = {};
  std::condition_variable wake = {};
  std::thread thread = {};
};

inline thread_local lane* current_lane = nullptr;

class turns {
 public:
  using chooser = std::function<std::uint32_t(std::uint32_t ways)>;

  // `replay` says the token of the run so far, for a report that cannot wait.
  turns(std::shared_ptr<disk> disk, chooser choose, std::function<std::string()> replay, std::uint32_t& preemptions_left)
      : disk_(std::move(disk)), choose_(std::move(choose)), replay_(std::move(replay)), preemptions_left_(preemptions_left) {}
  turns(const turns&) = delete;
  turns& operator=(const turns&) = delete;

  // All of them, to their ends; or to where they hang: then the disk says so.
  static void run(const std::shared_ptr<turns>& self, std::vector<std::function<void()>> works) {
    for (std::size_t i = 0; i < works.size(); ++i) self->lanes_.push_back(std::unique_ptr<lane>(new lane{*self, i + 1}));
    std::unique_lock lock(self->mutex_);
    for (std::size_t i = 0; i < works.size(); ++i) {
      lane& one = *self->lanes_[i];
      one.thread = std::thread([self, &one, work = std::move(works[i])] {
        current_lane = &one;
        one.watch.begin();
        self->begin(one);
        const std::string escaped = what_escapes(work);
        self->end(one, escaped);
      });
    }
    self->pass(lock, nullptr, may::leave);
    while (!self->over_) {
      self->changed_.wait_for(lock, look_every);
      if (self->ending_ != nullptr) {
        self->bury(lock);
      } else {
        self->look_for_sleepers(lock);
      }
    }
    lock.unlock();
    for (const auto& one : self->lanes_) {
      if (one->is == lane::doing::ended) {
        one->thread.join();
      } else {
        one->thread.detach();
      }
    }
    self->disk_->speaker.clear();
  }

  // The calling thread is about to do this; another one may go first. Nothing, for a thread of somebody else's.
  template <class Text>
  void turn(Text&& about_to) {
    lane* const me = mine();
    if (me == nullptr) return;
    std::unique_lock lock = enter(*me);
    if (disk_->tracing) me->told = about_to();
    if (running_ == me) {
      // Who asks for a lock in vain may let the others go on, and who asks again has to: it would be in vain again.
      const bool in_vain = std::exchange(disk_->asked_in_vain, false);
      me->in_vain = in_vain ? me->in_vain + 1 : 0;
      const bool leaves = is_idle(*me) || me->in_vain > 1;
      check_progress(lock, *me);
      pass(lock, me, leaves ? may::leave : in_vain ? may::go_on_or_leave : may::go_on);
    }
    leave(lock, *me);
  }
  // Of a process that was killed: it goes on to its end, and nobody waits for that; unless it never comes.
  void turn_of_dead() {
    lane* const me = mine();
    if (me == nullptr) return;
    std::unique_lock lock = enter(*me);
    leave(lock, *me);
    (void)is_idle(*me);
    check_progress(lock, *me);
  }
  // The calling thread needs its turn, but leaves it to nobody.
  void hold() {
    if (lane* const me = mine()) {
      std::unique_lock lock = enter(*me);
      leave(lock, *me);
    }
  }
  // By whoever has its turn: a line in the trace. What is done again and again is told once.
  void say(const std::string& text) {
    if (!disk_->tracing || is_dead()) return;
    trace_line line{0, disk_->speaker + text};
    if (disk_->trace.empty() || disk_->trace.back().text != line.text) disk_->trace.push_back(std::move(line));
  }

  // By whoever has its turn: it did what a program must not do, whatever comes of it.
  void misused(const std::string& how) {
    lane& me = *mine();
    std::unique_lock lock = enter(me);
    leave(lock, me);
    tell_misuse(me, how);
  }

  // The calling thread waits until somebody has called wake_all or wake_one for the same thing.
  void wait(const void* what, std::string why) {
    lane* const me = mine();
    std::unique_lock lock = enter(*me);
    me->is = lane::doing::waiting;
    me->waits_for = what;
    me->told = std::move(why);
    pass(lock, me, may::leave);
    leave(lock, *me);
  }
  // By whoever has its turn, and keeps it.
  void wake_all(const void* what) {
    const std::unique_lock lock = with_turn();
    for (const auto& one : lanes_) {
      if (one->waits_for == what) make_ready(*one);
    }
  }
  void wake_one(const void* what) {
    const std::unique_lock lock = with_turn();
    std::vector<lane*> waiting;
    for (const auto& one : lanes_) {
      if (one->waits_for == what) waiting.push_back(one.get());
    }
    if (!waiting.empty()) make_ready(*waiting[asked(waiting.size())]);
  }

 private:
  enum class may : std::uint8_t { go_on, go_on_or_leave, leave };  // only to leave for another one from go_on is a preemption
  static constexpr auto look_every = std::chrono::microseconds(200);
  static constexpr std::uint32_t idle_calls_max = 100;
  static constexpr std::uint32_t all_idle_calls_max = 10'000;

  [[nodiscard]] lane* mine() const noexcept {
    return current_lane != nullptr && &current_lane->all == this ? current_lane : nullptr;
  }
  static void make_ready(lane& one) noexcept {
    one.is = lane::doing::ready;
    one.waits_for = nullptr;
  }
  [[nodiscard]] std::uint32_t asked(std::size_t ways) { return is_dead() ? 0 : choose_(static_cast<std::uint32_t>(ways)); }
  // A killed process goes on only because it cannot be stopped: how does not matter. Nor does it after a failure.
  [[nodiscard]] bool is_dead() const noexcept { return process_ != disk_->process || !disk_->hang.empty(); }

  [[nodiscard]] std::unique_lock<std::mutex> enter(lane& me) {
    me.inside = true;
    me.watch.moved();
    std::unique_lock lock(mutex_);
    if (me.is == lane::doing::asleep) me.is = lane::doing::ready;  // not any more
    return lock;
  }
  // Held until it is changed what is to be changed: whoever looks for sleepers waits so long.
  [[nodiscard]] std::unique_lock<std::mutex> with_turn() {
    lane& me = *mine();
    std::unique_lock lock = enter(me);
    leave(lock, me);
    return lock;
  }
  void leave(std::unique_lock<std::mutex>& lock, lane& me) {
    me.wake.wait(lock, [&] { return running_ == &me; });
    me.inside = false;
    me.watch.moved();
  }
  void begin(lane& me) {
    std::unique_lock lock = enter(me);
    leave(lock, me);
  }
  void end(lane& me, const std::string& escaped) {
    std::unique_lock lock = enter(me);
    me.wake.wait(lock, [&] { return running_ == &me; });
    if (!escaped.empty()) {
      tell_misuse(me, "is left by an exception: " + escaped);
    } else if (me.locks != 0) {
      tell_misuse(me, "ends, and holds a mutex still, which nobody can give back");
    }
    me.is = lane::doing::ended;
    idle_calls_ = 0;
    say("ends");
    current_lane = nullptr;  // what it still calls is a part of its end
    ending_ = &me;
    changed_.notify_all();
  }
  // Passes on the turn of a thread that has ended, when it is gone: else the next one may wait for a lock of its last moments,
  // and look as though it slept. If it sleeps itself, it needs somebody to go on.
  void bury(std::unique_lock<std::mutex>& lock) {
    lane& last = *ending_;
    deciding_ = true;
    for (int asleep = 0; asleep < 3 && !last.watch.is_gone();) {
      asleep = last.watch.is_asleep() ? asleep + 1 : 0;
      lock.unlock();
      std::this_thread::yield();
      lock.lock();
    }
    deciding_ = false;
    ending_ = nullptr;
    pass(lock, &last, may::leave);
  }

  // Who goes on? `me` has the turn, if it is ready at all.
  void pass(std::unique_lock<std::mutex>& lock, lane* me, may what) {
    settle(lock);
    std::vector<lane*> ready;
    const bool can_go_on = me != nullptr && me->is == lane::doing::ready;
    if (can_go_on && what != may::leave) ready.push_back(me);
    for (const auto& one : lanes_) {
      if (one->is == lane::doing::ready && one.get() != me) ready.push_back(one.get());
    }
    if (ready.empty() && can_go_on) ready.push_back(me);
    if (ready.empty()) return finish();
    std::size_t way = 0;
    const bool is_preemption = ready[0] == me && what == may::go_on;
    // Who waits for what never comes need not be watched in every order.
    const bool is_waiting = idle_calls_ > 2 * idle_calls_max;
    if (ready.size() > 1 && !is_waiting && (!is_preemption || preemptions_left_ > 0)) way = asked(ready.size());
    if (is_preemption && way != 0) --preemptions_left_;
    running_ = ready[way];
    if (running_ == me) return;
    running_->idle_calls = 0;
    disk_->asked_in_vain = false;
    disk_->speaker = "[" + std::to_string(running_->number) + "] ";
    running_->wake.notify_one();
  }
  // Until everyone who lost its turn by falling asleep is asleep, or waits for its turn.
  void settle(std::unique_lock<std::mutex>& lock) {
    deciding_ = true;
    for (const auto& one : lanes_) {
      while (one->is == lane::doing::asleep && !sleeps(*one)) {
        lock.unlock();
        std::this_thread::yield();
        lock.lock();
      }
    }
    deciding_ = false;
  }
  [[nodiscard]] static bool sleeps(const lane& one) noexcept {
    for (int sample = 0; sample < 3; ++sample) {
      if (one.inside || !one.watch.is_asleep()) return false;
    }
    return true;
  }
  void look_for_sleepers(std::unique_lock<std::mutex>& lock) {
    if (over_ || deciding_ || running_ == nullptr || !sleeps(*running_)) return;
    for (const auto& one : lanes_) {
      if (one->is == lane::doing::asleep && !sleeps(*one)) return;
    }
    running_->is = lane::doing::asleep;
    running_->told = "sleeps in something that is not the lab's";
    pass(lock, nullptr, may::leave);
  }

  // Nobody can go on: all have ended, or hang.
  void finish() {
    running_ = nullptr;
    over_ = true;
    changed_.notify_all();
    bool sleeping = false;
    for (const auto& one : lanes_) sleeping = sleeping || one->is == lane::doing::asleep;
    const std::string why = what_all_do();
    if (why.empty()) return;
    if (!is_dead()) hang("deadlock: no thread can go on\n" + why);
    if (sleeping) give_up(disk_->hang.empty() ? "deadlock of a process that was killed\n" + why : disk_->hang);
  }
  [[nodiscard]] std::string what_all_do() const {
    std::string all;
    for (const auto& one : lanes_) {
      if (one->is != lane::doing::ended) all += "  [" + std::to_string(one->number) + "] " + one_line(one->told) + "\n";
    }
    return all;
  }
  // What a process does that was killed is its own affair.
  void tell_misuse(const lane& me, const std::string& how) {
    if (is_dead()) return;
    const std::string all = "[" + std::to_string(me.number) + "] " + how;
    disk_->hangs = false;
    hang(all + "\n");
  }
  void hang(std::string why) {
    disk_->hang = std::move(why);
    disk_->end_processes();
  }
  [[nodiscard]] bool is_idle(lane& me) {
    if (ops_seen_ != disk_->ops) {
      ops_seen_ = disk_->ops;
      idle_calls_ = 0;
      for (const auto& one : lanes_) one->idle_calls = 0;
    }
    ++idle_calls_;
    return ++me.idle_calls % idle_calls_max == 0;
  }
  // Or is never seen again.
  void check_progress(std::unique_lock<std::mutex>& lock, lane& me) {
    if (idle_calls_ <= all_idle_calls_max) return;
    idle_calls_ = 0;
    if (!disk_->hang.empty()) {
      me.is = lane::doing::waiting;
      me.waits_for = this;
      pass(lock, &me, may::leave);
      leave(lock, me);
    }
    hang("livelock: " + std::to_string(all_idle_calls_max) + " calls, and none of them changed anything\n" + what_all_do());
  }
  [[noreturn]] void give_up(const std::string& why) const {
    const std::string all = "explore: the threads of a workload hang, and cannot be stopped\n" + trace_tail(disk_->trace) + why +
                            "replay: " + replay_() + "\n";
    (void)std::fputs(all.c_str(), stderr);
    std::abort();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<disk> disk_;
  chooser choose_;
  std::function<std::string()> replay_;
  std::uint32_t& preemptions_left_;
  std::uint32_t process_ = disk_->process;
  std::vector<std::unique_ptr<lane>> lanes_;
  lane* running_ = nullptr;  // whose turn it is
  lane* ending_ = nullptr;   // who has ended, and still has the turn
  bool deciding_ = false;
  bool over_ = false;
  std::uint32_t ops_seen_ = 0;
  std::uint32_t idle_calls_ = 0;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_TURNS_HPP
