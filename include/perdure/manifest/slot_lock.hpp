// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_SLOT_LOCK_HPP
#define PERDURE_MANIFEST_SLOT_LOCK_HPP

// slot_lock<Slot, Clock>: one holder at a time, among all who reach a slot: of other processes, and of other machines. It stays
// when its holder dies, unlike a file_lock; and it says who that was.
//
//   perdure::slot_lock lock(perdure::object_slot(store, "lock"), clock);
//   const auto taken = lock.take({.id = perdure::lock_id::of(store.nonce()), .name = "apply", .host = host, .process = pid});
//   if (taken && !taken->done) ...                   // busy: taken->holder is who has it
//   ...
//   PERDURE_TRY(lock.release());
//
// A lock is a value, which is replaced and never removed: a Store has no conditional remove that could be trusted.
//
// take(claim, wait_ns)
//   1  loads the lock. Where it is free, or was never held: replaces it by the claim, with the next token
//   2  where it is held without a lease: busy, or it looks again, ever less often, until wait_ns have passed. Looking writes
//      nothing, and is in nobody's way
//   3  where it is held with one: the same; but once this object has seen the very same value there for more than that lease and
//      an eighth of it, on its own clock, the holder is taken to be dead, and 1. A holder who renews in that moment wins or loses
//      it whole
// renew(): the lease begins again. is_held(): that this object holds the lock, as far as it knows, and has a lease of which some
//   is left: measured from before its last take or renew was sent, so that it ends before anybody else's patience does.
// release(): replaces the value by one that says free. In the foreground, and what the destructor does as well where it was not
//   called, or failed.
// force_unlock(id): releases what is held under that id, and nothing that anybody took later.
// observe(): who has it, or had it last; visible, and may be over already.
//
// Success: take, renew, force_unlock: whether it was done, and if not, who has it; release: whether it was this object's still.
// Failure: `unknown`: of take the lock may be held under the claim's id. A release, or the end of this object, gives it back then
//   if it can, and force_unlock(claim.id) can always; a next take goes on with it, and tells so by the id. Of release that it may
//   be held still, or not any more: the same once more tells which; is_held() says no. `unchanged`: invalid_argument of a take
//   while is_held(), without an id, with a negative lease or where no token is left; busy where others were faster tries_max
//   times and had given it back before this one looked; the slot's.
// Crash: who held it holds it, until a force_unlock or its lease ends that.
// Without leases no two ever hold it, unless somebody is wrong about whom he forces out. With them one whose machine stood still,
// or slept while its clock did, may wake up and believe that he holds it: the token in each commit (ledger.hpp, replace and
// raise) keeps what he does from having an effect; is_held() before each step only makes that rare.
// Not promised: fairness. That clocks of two machines agree on what time it is; they only have to go equally fast, by an eighth.
//
// One object is used by one thread at a time.

#include <perdure/core/clock.hpp>
#include <perdure/manifest/detail/lock_record.hpp>
#include <perdure/manifest/slot.hpp>

namespace perdure {
inline namespace v1 {

struct lock_claim {
  lock_id id = {};  // never used before: lock_id::of(store.nonce())
  bytes name = {};  // what for; the first 128 bytes are kept
  bytes host = {};  // the first 96
  std::uint64_t process = 0;
  std::int64_t lease_ns = 0;      // 0: until it is released
  std::uint64_t token_above = 0;  // the token will be higher: the fence of a ledger that outlived its lock
};

struct lock_reply {
  bool done = false;
  lock_holder holder;  // who has it; or, where nobody has, who had it last
};

struct lock_options {
  std::uint32_t tries_max = 64;
  std::int64_t pause_ns = 10'000'000;  // between two looks, while take waits; up to 64 times as much, later
};

template <Slot S, Clock C>
class slot_lock {
 public:
  slot_lock(S slot, C& clock, const lock_options& options = {}) : slot_(detail::moved(slot)), clock_(&clock), options_(options) {}
  slot_lock(const slot_lock&) = delete;
  slot_lock& operator=(const slot_lock&) = delete;
  ~slot_lock() { (void)release(); }

  [[nodiscard]] result<lock_reply> take(const lock_claim& claim, std::int64_t wait_ns = 0) {
    if (is_held() || claim.id == lock_id() || claim.lease_ns < 0) return failure(code::invalid_argument, operation::lock);
    if (mine_ == mine::perhaps) {  // an earlier take is in doubt
      PERDURE_TRY(load());
      if (is_held()) return lock_reply{true, seen_};
    }
    if (mine_ == mine::yes) {  // and its lease ran out
      const auto renewed = renew();
      if (!renewed || renewed->done) return renewed;
    }
    const std::int64_t start_ns = clock_->elapsed_ns();
    std::int64_t slept_ns = 0;
    std::int64_t pause_ns = options_.pause_ns > 0 ? options_.pause_ns : 1;
    const std::int64_t pause_ns_max = pause_ns < INT64_MAX / 64 ? 64 * pause_ns : pause_ns;
    for (std::uint32_t tries = 0; tries < options_.tries_max;) {
      if (slept_ns != 0) PERDURE_TRY(look());
      if (slept_ns == 0 || !has_to_wait()) PERDURE_TRY(load());
      if (has_to_wait()) {  // 2, 3
        // A clock that stands still ends this, too.
        const std::int64_t passed_ns = clock_->elapsed_ns() - start_ns;
        const std::int64_t waited_ns = passed_ns > slept_ns ? passed_ns : slept_ns;
        if (waited_ns >= wait_ns) return lock_reply{false, seen_};
        const std::int64_t next_ns = pause_ns < wait_ns - waited_ns ? pause_ns : wait_ns - waited_ns;
        clock_->sleep_ns(next_ns);
        slept_ns = waited_ns + next_ns;
        tries = 0;  // whoever was faster has it: to lose to him is to wait for him
        if (pause_ns < pause_ns_max) pause_ns *= 2;
        continue;
      }
      const std::uint64_t token_before = seen_.token > claim.token_above ? seen_.token : claim.token_above;
      if (token_before == UINT64_MAX) return failure(code::invalid_argument, operation::lock);
      id_ = claim.id;  // 1
      mine_ = mine::perhaps;
      held_from_ns_ = clock_->elapsed_ns();
      const auto put = replace(claimed(claim, token_before + 1));
      if (mine_ == mine::yes) return lock_reply{true, seen_};
      if (mine_ == mine::perhaps) {
        if (put.error().doubt() == doubt::none) mine_ = mine::no;
        return put.error();
      }
      // Where its answer was lost it may be over already, by force or for who waited for its lease, and no id is used twice. But
      // where nobody has its token, or another one has that, it never was there, nor will be.
      const bool never_was = seen_.token <= token_before || (seen_.token == token_before + 1 && !(seen_.id == id_));
      if (put ? *put : !never_was) return lock_reply{false, seen_};
      ++tries;
    }
    return failure(code::busy, operation::lock);
  }

  [[nodiscard]] result<lock_reply> renew() {
    if (mine_ == mine::no) PERDURE_TRY(load());
    for (std::uint32_t tries = 0; tries < options_.tries_max; ++tries) {
      if (!is_current_) PERDURE_TRY(load());
      if (mine_ == mine::no) return lock_reply{false, seen_};
      lock_holder next = seen_;
      ++next.renewals;
      const std::int64_t sent_ns = clock_->elapsed_ns();
      const auto put = replace(next);
      if (!put) return put.error();
      if (!*put || mine_ == mine::no) continue;
      held_from_ns_ = sent_ns;
      return lock_reply{true, seen_};
    }
    return failure(code::busy, operation::lock);
  }

  [[nodiscard]] result<bool> release() {
    for (std::uint32_t tries = 0; tries < options_.tries_max && mine_ != mine::no; ++tries) {
      if (!is_current_) PERDURE_TRY(load());
      if (mine_ == mine::no) break;
      const auto put = replace(freed());
      if (!put) return put.error();
      if (*put) return mine_ = mine::no, true;
    }
    if (mine_ != mine::no) return failure(code::busy, operation::lock);
    return false;
  }

  [[nodiscard]] result<lock_reply> force_unlock(const lock_id& id) {
    for (std::uint32_t tries = 0; tries < options_.tries_max; ++tries) {
      PERDURE_TRY(load());
      if (!seen_.is_held || !(seen_.id == id)) return lock_reply{false, seen_};
      const auto put = replace(freed());
      if (!put) return put.error();
      if (*put) return lock_reply{true, seen_};
    }
    return failure(code::busy, operation::lock);
  }

  [[nodiscard]] result<lock_holder> observe() {
    const auto there = slot_.observe(fixed_room(memory_));
    if (!there) return there.error();
    return decode(*there);
  }

  [[nodiscard]] bool is_held() const noexcept {
    return mine_ == mine::yes && (seen_.lease_ns == 0 || clock_->elapsed_ns() - held_from_ns_ < seen_.lease_ns);
  }

 private:
  enum class mine : std::uint8_t { no, perhaps, yes };

  [[nodiscard]] lock_holder claimed(const lock_claim& claim, std::uint64_t token) const noexcept {
    lock_holder next;
    next.is_held = true;
    next.id = claim.id;
    next.token = token;
    next.process = claim.process;
    next.taken_unix_ns = clock_->unix_ns();
    next.lease_ns = claim.lease_ns;
    next.set_name(claim.name);
    next.set_host(claim.host);
    return next;
  }
  [[nodiscard]] lock_holder freed() const noexcept {
    lock_holder next = seen_;
    next.is_held = false;
    return next;
  }
  void saw(const lock_holder& there, const typename S::token& token) noexcept {
    seen_ = there;
    token_ = token;
    is_current_ = true;
    if (mine_ != mine::no) mine_ = seen_.is_held && seen_.id == id_ ? mine::yes : mine::no;
  }
  [[nodiscard]] bool has_to_wait() const noexcept { return seen_.is_held && !is_abandoned(); }
  [[nodiscard]] bool is_abandoned() const noexcept {
    const std::int64_t over_ns = clock_->elapsed_ns() - watched_from_ns_ - seen_.lease_ns;
    return seen_.lease_ns != 0 && over_ns > seen_.lease_ns / 8;
  }

  [[nodiscard]] result<earlier> load() {
    is_current_ = false;
    const auto there = slot_.load(fixed_room(memory_));
    PERDURE_TRY(found(there));
    return there->earlier;
  }
  [[nodiscard]] result<void> look() {
    const auto found_there = found(slot_.observe(fixed_room(memory_)));
    is_current_ = false;  // the token of what is only visible is none to build on
    return found_there;
  }
  [[nodiscard]] result<void> found(const result<slot_value<typename S::token>>& there) {
    if (!there) return there.error();
    const auto holder = decode(*there);
    if (!holder) return holder.error();
    saw(*holder, there->token);
    if (!(watched_ == token_)) watched_ = token_, watched_from_ns_ = clock_->elapsed_ns();
    return {};
  }
  [[nodiscard]] static result<lock_holder> decode(const slot_value<typename S::token>& there) noexcept {
    if (!there.exists()) return lock_holder();
    return detail::decode_lock(there.value);
  }
  // Whether it is there, or was and gave way to what seen_ is now; or another one was faster.
  [[nodiscard]] result<bool> replace(const lock_holder& next) {
    const detail::lock_record record = detail::encode_lock(next);
    const auto put = slot_.replace(token_, detail::stored_bytes(record));
    is_current_ = false;
    if (put) return saw(next, *put), true;
    const bool is_doubtful = put.error().doubt() != doubt::none;
    if (!is_doubtful && put.error().code() != code::conflict) return put.error();
    // What is there is another one than this object has seen, or may be free.
    if (mine_ == mine::yes && (!is_doubtful || !next.is_held)) mine_ = mine::perhaps;
    const auto became = load();
    if (!became) return is_doubtful ? put.error() : became.error();
    if (is_doubtful && (*became == earlier::untold || *became == earlier::nothing)) return put.error();
    return is_doubtful && *became == earlier::took_effect;
  }

  S slot_;
  C* clock_;
  lock_options options_;
  lock_holder seen_;  // what the slot held last
  typename S::token token_ = {};
  bool is_current_ = false;  // token_ is of it, as far as this object knows
  typename S::token watched_ = {};
  std::int64_t watched_from_ns_ = 0;
  lock_id id_ = {};  // of this object's own claim
  enum mine mine_ = mine::no;
  std::int64_t held_from_ns_ = 0;
  std::byte memory_[1024] = {};  // a later format, which has to be told as one, may be larger
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_SLOT_LOCK_HPP
