// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_COMMIT_VALUES_HPP
#define PERDURE_MANIFEST_DETAIL_COMMIT_VALUES_HPP

// commit_values: the values of a commit_group. The published one, which is durable, and which readers get; the base, which is
// that one, or the one that is being saved; and the tip, which is the base with every change that has been made since. All but
// read() is for who holds the group's mutex.

#include <perdure/core/function_ref.hpp>
#include <perdure/core/sync.hpp>
#include <perdure/manifest/detail/commit_waiter.hpp>
#include <perdure/manifest/snapshot.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <class T, Sync Y, Memory M>
class commit_values {
  using maker = snapshot_maker;

 public:
  using node = snapshot<T, M>;

  [[nodiscard]] node read() const {
    const scoped_lock lock(pointer_);
    return published_;
  }
  [[nodiscard]] const node& published() const noexcept { return published_; }
  [[nodiscard]] const node& tip() const noexcept { return tip_; }
  [[nodiscard]] bool are_one() const noexcept { return tip_.same_as(published_); }

  // Empty, where no memory is left.
  template <class V>
  [[nodiscard]] node make(std::uint64_t generation, V&& value) {
    return maker::make<T, M>(values_, generation, forwarded<V>(value));
  }
  void publish(node next) {
    {
      const scoped_lock lock(pointer_);
      swapped(published_, next);
    }
    // What readers let go of is destroyed outside of their lock.
  }

  // From here on `saved`, the tip, is the base; until end_save().
  void begin_save(const node& saved) noexcept { base_ = &saved; }
  void end_save() noexcept { base_ = &published_; }
  // What was built on the published value is gone.
  void restart() noexcept { tip_ = published_; }

  // Says whether it has changed what it was given, and wants that to be the next tip.
  using change_ref = function_ref<result<bool>(T&)>;
  [[nodiscard]] result<bool> change_copy(change_ref change) {
    node next = make(tip_.generation() + 1, *tip_);
    if (maker::is_empty(next)) return failure(code::busy, operation::commit);
    const result<bool> wants = change(maker::value_of(next));
    if (wants && *wants) swapped(tip_, next);
    return wants;
  }

  // Whether nobody else has the tip: no reader, and nobody who is saving it. After trouble copies are made for some time, so that
  // one who fails again and again does not keep all others from being saved.
  [[nodiscard]] bool may_change_tip() noexcept {
    if (is_same<Y, no_sync>) return false;  // there a tip is saved as soon as it is made
    if (copies_due_ != 0) return --copies_due_, false;
    return !tip_.same_as(*base_);
  }
  // Where it goes wrong, by an exception even, nothing is left of the tip: all who `built` it begin again.
  [[nodiscard]] result<bool> change_tip(change_ref change, waiter_list& built) {
    tip_guard guard(*this, built);
    const result<bool> wants = change(maker::value_of(tip_));
    guard.is_well = wants && *wants;
    if (guard.is_well) maker::number(tip_, tip_.generation() + 1);
    return wants;
  }

 private:
  static constexpr std::uint32_t copies_after_trouble = 64;

  class tip_guard {
   public:
    tip_guard(commit_values& values, waiter_list& built) noexcept : values_(values), built_(built) {}
    tip_guard(const tip_guard&) = delete;
    tip_guard& operator=(const tip_guard&) = delete;
    ~tip_guard() {
      if (is_well) return;
      built_.tell_all(commit_fate::again, commit_waiter::no_failure());
      values_.tip_ = *values_.base_;
      values_.copies_due_ = copies_after_trouble;
    }
    bool is_well = false;

   private:
    commit_values& values_;
    waiter_list& built_;
  };

  mutable typename Y::mutex pointer_;  // of published_ alone, and only to look at it or to change it
  typename M::template values<T> values_;
  node published_ = maker::make<T, M>(values_, 0);
  const node* base_ = &published_;
  node tip_ = published_;
  std::uint32_t copies_due_ = 0;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_COMMIT_VALUES_HPP
