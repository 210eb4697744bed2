// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_COMMIT_GROUP_HPP
#define PERDURE_MANIFEST_DETAIL_COMMIT_GROUP_HPP

// commit_group: the protocol behind manifest and commit_manifest (see there for what they promise).
//
// There are two values: the published one, which is durable and which readers get, and the tip, which is that one with every
// change that has been made since (see commit_values.hpp). A commit makes its change to a copy of the tip, under the lock, and
// then waits for the tip to be saved. Whoever waits while nobody saves does it, for all who wait; meanwhile others make their
// changes on top, and wait for the save after that. So each save takes along what came in during the one before.
//
// A change that means to commit, whatever it finds, is made to the tip itself where nobody else has that, for a copy of a large
// value costs as much as saving it does. Should it fail after all, all that the tip was built of is done again.
//
// A save that fails takes the tip back to the published value. What had been built on it is done again, or fails:
//   - of one change alone, it fails with the save;
//   - of several, each is done again and saved alone, so that each one gets its own answer;
//   - another process was faster: its value is loaded, and all are done again on that;
//   - it may have happened: the slot is loaded, which ends the doubt; where that fails, too, the doubt stays, and every commit
//     after it first tries to end it.

#include <perdure/manifest/detail/commit_values.hpp>
#include <perdure/manifest/detail/loose_lock.hpp>
#include <perdure/manifest/detail/value_encoder.hpp>
#include <perdure/manifest/slot.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <class T, Slot S, Codec<T> C, Sync Y, Memory M>
class commit_group {
  using maker = snapshot_maker;
  using node = snapshot<T, M>;

 public:
  struct limits {
    std::uint64_t size_bytes_max;
    std::uint32_t tries_max;
  };
  commit_group(S&& slot, C codec, const limits& set) : slot_(moved(slot)), encoder_(moved(codec)), limits_(set) {
    if (limits_.size_bytes_max > M::size_bytes_max) limits_.size_bytes_max = M::size_bytes_max;
  }

  // The value that is there, made durable; `initial`, where there is none.
  [[nodiscard]] result<void> open(T initial) {
    {
      lock_type lock(mutex_);
      wait_for_turn(lock);
      node first = values_.make(0, moved(initial));
      if (maker::is_empty(first)) return failure(code::busy, operation::load);
      values_.publish(moved(first));
      token_ = {};
      restart(no_failure());
    }
    return refresh();
  }
  [[nodiscard]] result<void> refresh() {
    lock_type lock(mutex_);
    wait_for_turn(lock);
    const auto loaded = load(lock);
    after_commit due = moved(due_);
    lock.unlock();
    due.run_all();
    return loaded;
  }

  [[nodiscard]] node read() const { return values_.read(); }

  // What became of one call. `change` makes its change to the value it is given and says whether to go on: true; false, to
  // decline; or a failure.
  struct answer {
    bool committed;
    std::uint64_t generation;
  };
  using change_ref = function_ref<result<bool>(T&, after_commit&)>;
  [[nodiscard]] result<answer> commit(change_ref change, bool may_decline) {
    waiter me;
    const auto done = commit_as(me, change, may_decline);
    // Outside of every lock.
    if (me.ended_doubt) {
      lock_type lock(mutex_);
      after_commit due = moved(due_);
      lock.unlock();
      due.run_all();
    }
    if (done && done->committed) me.then.run_all();
    return done;
  }

 private:
  using lock_type = loose_lock<typename Y::mutex>;
  using waiter = commit_waiter;
  using fate = commit_fate;

  // Who has to be saved alone goes before all others: they would never leave it alone.
  struct solo {
    explicit solo(commit_group& group) noexcept : group_(group) {}
    ~solo() { end(); }
    void begin() noexcept {
      if (!exchanged(is_on, true)) ++group_.solos_;
    }
    void end() noexcept {
      if (!exchanged(is_on, false)) return;
      --group_.solos_;
      group_.changed_.notify_all();
    }
    bool is_on = false;

   private:
    commit_group& group_;
  };

  // Whoever has it uses the slot, and the lock is free meanwhile. A codec may leave by an exception: others must not wait for
  // ever.
  class turn {
   public:
    turn(commit_group& group, lock_type& lock) : group_(group), lock_(lock) {
      group_.is_saving_ = true;
      lock_.unlock();
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() {
      if (is_over_) return;
      end();
      group_.abandon(doubted);
    }
    // Seen to be over by the compiler: without exceptions nothing is left of the destructor.
    PERDURE_FLAT void end() {
      is_over_ = true;
      lock_.lock();
      group_.is_saving_ = false;
      group_.values_.end_save();
      group_.changed_.notify_all();
    }
    const node* doubted = nullptr;  // what may have been saved

   private:
    commit_group& group_;
    lock_type& lock_;
    bool is_over_ = false;
  };

  [[nodiscard]] result<answer> commit_as(waiter& me, change_ref change, bool may_decline) {
    lock_type lock(mutex_);
    me.ended_doubt = !due_.empty();  // somebody else did, and left by an exception
    solo alone(*this);
    for (std::uint32_t tries = 0;;) {
      PERDURE_TRY(end_doubt(lock, me));
      const bool waits = alone.is_on ? is_saving_ || !values_.are_one() : solos_ != 0;
      if (waits) {
        changed_.wait(lock.mutex());
        continue;
      }
      me.then.clear();
      const std::uint64_t generation = values_.tip().generation() + 1;
      const auto make_change = [&](T& next) { return change(next, me.then); };
      const bool in_place = !may_decline && solos_ == 0 && values_.may_change_tip();
      const result<bool> wants = in_place ? values_.change_tip(make_change, building_) : values_.change_copy(make_change);
      me.changes = wants && *wants;
      if (in_place && !me.changes) continue;  // that was about a tip which is gone
      if (!me.changes && values_.are_one()) return refused(wants, generation - 1);
      join(me);
      wait_or_save(lock, me);
      if (me.fate == fate::saved) return me.changes ? result<answer>(answer{true, generation}) : refused(wants, generation - 1);
      if (me.fate == fate::failed) return me.why;
      if (me.fate == fate::again_alone) alone.begin();
      if (me.changes && me.why.code() == code::conflict && ++tries >= limits_.tries_max) return me.why;
    }
  }
  [[nodiscard]] static result<answer> refused(const result<bool>& wants, std::uint64_t generation) {
    if (!wants) return wants.error();
    return answer{false, generation};
  }

  void join(waiter& me) {
    // Who declined waits for what it has seen: the save that goes on, where nothing was changed after that.
    (!me.changes && building_.empty() ? saving_ : building_).add(me);
  }
  void wait_or_save(lock_type& lock, const waiter& me) {
    while (me.fate == fate::waits) {
      if (is_saving_) {
        changed_.wait(lock.mutex());
      } else {
        save(lock);
      }
    }
  }
  void wait_for_turn(lock_type& lock) {
    while (is_saving_) changed_.wait(lock.mutex());
  }

  // Whom the last save let go may be about to commit again: without them there would be two groups, one always waiting for the
  // other's save. With two processors and eight threads four yields are enough; who does not come by then is not waited for.
  void gather_callers(lock_type& lock) {
    if constexpr (requires { Y::yield(); }) {
      is_saving_ = true;
      for (int i = 0; i < yields_max && building_.size() < expected_; ++i) {
        lock.unlock();
        Y::yield();
        lock.lock();
      }
      is_saving_ = false;
    }
  }
  // For all who wait.
  void save(lock_type& lock) {
    gather_callers(lock);
    if (building_.empty()) return changed_.notify_all();  // somebody has spoiled the tip meanwhile
    const node candidate = values_.tip();
    values_.begin_save(candidate);
    saving_.take(building_);
    turn mine(*this, lock);
    const auto encoded = encode(*candidate);
    if (encoded) doubted_bytes_ = *encoded;
    const auto replaced = encoded ? slot_.replace(token_, *encoded) : result<typename S::token>(encoded.error());
    const bool in_doubt = !replaced && replaced.error().outcome() == outcome::unknown;
    const bool lost = !replaced && !in_doubt && replaced.error().code() == code::conflict;
    if (in_doubt) mine.doubted = &candidate;
    auto now = in_doubt || lost ? look() : result<found_value>(failure(code::io, operation::load));
    if (now || !in_doubt) doubted_bytes_ = {};
    mine.end();
    expected_ = saving_.size() + building_.size();

    if (replaced) {
      token_ = *replaced;
      values_.publish(candidate);
      return saving_.tell_all(fate::saved, no_failure());
    }
    if (!in_doubt && !lost) return take_back(replaced.error());
    if (!now) {
      if (!in_doubt) return give_up(now.error().with(doubt::none));
      return leave_in_doubt(candidate, replaced.error());
    }
    switch (lost ? earlier::nothing : now->earlier) {
      case earlier::took_effect:
        values_.publish(candidate);
        saving_.tell_all(fate::saved, no_failure());
        if (take_over(*now)) restart(no_failure());
        return;
      case earlier::had_no_effect:
        (void)take_over(*now);
        return take_back(replaced.error().with(doubt::none));
      default:
        (void)take_over(*now);
        if (!lost) return give_up(replaced.error());
        saving_.tell_all(fate::again, replaced.error());
        return restart(no_failure());
    }
  }

  // One save failed, and changed nothing.
  void take_back(const failure& why) {
    std::uint32_t changes = 0;
    saving_.for_each([&](const waiter& one) { changes += one.changes ? 1 : 0; });
    saving_.tell([&](waiter& one) {
      one.why = changes == 1 ? why : no_failure();
      one.fate = !one.changes ? fate::again : changes == 1 ? fate::failed : fate::again_alone;
    });
    restart(no_failure());
  }
  // Who was to be saved fails; who came after tries again, and will see.
  void give_up(const failure& why) {
    saving_.tell([&](waiter& one) {
      one.why = one.changes ? why : no_failure();
      one.fate = one.changes ? fate::failed : fate::again;
    });
    restart(no_failure());
  }
  void leave_in_doubt(const node& candidate, const failure& why) {
    in_doubt_ = true;
    doubted_ = candidate;
    saving_.for_each([&](waiter& one) {
      if (one.changes) doubted_actions_.append(moved(one.then));
    });
    give_up(why);
  }
  // An exception passes through who saved. The others are tried alone: it may have been about one of them.
  void abandon(const node* doubted) {
    if (doubted != nullptr) return leave_in_doubt(*doubted, no_failure().with(doubt::visible));
    doubted_bytes_ = in_doubt_ ? doubted_bytes_ : bytes();
    saving_.tell([&](waiter& one) {
      one.why = no_failure();
      one.fate = one.changes ? fate::again_alone : fate::again;
    });
    restart(no_failure());
  }
  // What was built on the tip is built on nothing now.
  void restart(const failure& why) {
    building_.tell_all(fate::again, why);
    values_.restart();
  }
  [[nodiscard]] static failure no_failure() noexcept { return waiter::no_failure(); }

  // Before anything else is done.
  [[nodiscard]] result<void> end_doubt(lock_type& lock, waiter& me) {
    while (in_doubt_ && is_saving_) changed_.wait(lock.mutex());
    if (!in_doubt_) return {};
    me.ended_doubt = true;
    return load(lock);
  }

  // What is there is the published value from here on. Nobody saves meanwhile.
  [[nodiscard]] result<void> load(lock_type& lock) {
    turn mine(*this, lock);
    auto now = look();
    mine.end();
    if (!now) return now.error();
    if (in_doubt_ && now->earlier == earlier::took_effect) {
      values_.publish(doubted_);
      due_.append(moved(doubted_actions_));
    }
    in_doubt_ = false;
    doubted_ = maker::none<T, M>();
    doubted_actions_.clear();
    (void)take_over(*now);
    restart(no_failure());
    return {};
  }
  // What a load has shown; `value` is empty where it is one that is known here already.
  struct found_value {
    typename S::token token = {};
    enum earlier earlier = earlier::nothing;
    node value = maker::none<T, M>();
  };
  // By whoever has the slot. A value that has gone is nothing that a slot allows.
  [[nodiscard]] result<found_value> look() {
    auto found = slot_.load([this](std::uint64_t size) -> result<mutable_bytes> {
      if (size > limits_.size_bytes_max) return failure(code::too_large, operation::load);
      return loaded_.sized(static_cast<std::size_t>(size));
    });
    if (!found) return found.error();
    // The slot has told what became of it, and tells that once.
    const bytes doubted = exchanged(doubted_bytes_, bytes());
    found_value now;
    now.token = found->token;
    now.earlier = found->earlier;
    if (!found->exists()) {
      if (!(token_ == found->token)) return failure(code::not_found, operation::load);
      return now;
    }
    if (found->token == token_) return now;
    // It may be what was to be saved, and else the published value under a new token.
    if (found->earlier == earlier::took_effect && found->value == doubted) return now;
    if (found->earlier == earlier::had_no_effect) {
      const auto published = encode(*values_.published());
      if (published && found->value == *published) return now;
    }
    auto decoded = encoder_.decode(found->value);
    if (!decoded) return decoded.error();
    now.value = values_.make(0, moved(*decoded));
    if (maker::is_empty(now.value)) return failure(code::busy, operation::load);
    return now;
  }
  // True, if it is somebody else's value.
  bool take_over(found_value& now) {
    token_ = now.token;
    if (maker::is_empty(now.value)) return false;
    maker::number(now.value, values_.published().generation() + 1);
    values_.publish(moved(now.value));
    return true;
  }
  [[nodiscard]] result<bytes> encode(const T& value) { return encoder_.encode(value, limits_.size_bytes_max); }

  static constexpr int yields_max = 4;

  typename Y::mutex mutex_;        // all of the following but for what is said otherwise
  typename Y::condition changed_;  // a save or a load has ended
  S slot_;                         // of whoever saves or loads, as are the buffers
  value_encoder<T, C, M> encoder_;
  typename M::buffer loaded_;
  bytes doubted_bytes_;  // of the value that was saved last, until it is known what became of it
  limits limits_;
  commit_values<T, Y, M> values_;
  typename S::token token_ = {};  // of the published value
  bool is_saving_ = false;        // somebody uses the slot
  waiter_list saving_;            // who waits for the save that goes on
  waiter_list building_;          // for the next one
  std::uint32_t expected_ = 0;    // how many committed during the last save, and before it for it
  std::uint32_t solos_ = 0;       // how many have to be saved alone
  bool in_doubt_ = false;         // a save may have happened, and a load has failed since
  node doubted_ = maker::none<T, M>();
  after_commit doubted_actions_;
  after_commit due_;  // of what was in doubt, and is certain now
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_COMMIT_GROUP_HPP
