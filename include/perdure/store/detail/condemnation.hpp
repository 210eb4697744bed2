// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_CONDEMNATION_HPP
#define PERDURE_STORE_DETAIL_CONDEMNATION_HPP

// condemnation: the only way in which a copy of an object is ever deleted.
//
//   1  add(copy): on a list, which is durable after end_lists(). Whoever takes a pin from now on sees it, and counts the copy as
//      absent for as long as the list is there
//   2  wait_for_pins(): all that were there after that have ended, and what their holders met is published, or never will be
//   3  carry_out(is_still): each list is read again; what is not condemned any more leaves it; and by a put that matches, it
//      says that deleting has begun: one that somebody else gave up meanwhile is left alone
//   4  the copies are removed
//   5  when all removes were answered, the list is given up, and removed: a copy of that name may be made again. While one remove
//      may come late, the list stays, and with it the next generation
// Nobody deletes by somebody else's list: what it said was true for whoever had waited and looked.

#include <perdure/core/progress.hpp>
#include <perdure/store/detail/condemned_list.hpp>

namespace perdure {
inline namespace v1 {

// What becomes of lists that another collector or scrub left in the middle of deleting, because it was killed or had no answer.
enum class abandoned : std::uint8_t {
  keep,    // a remove may be on its way still
  retire,  // none is, and no other collector or scrub runs: the caller knows
};

// Is asked while a pin is there that has to end first. It waits a little, and says go_on, or gives up with `cancel`.
using pin_wait = function_ref<proceed(key_view pin)>;
[[nodiscard]] inline proceed never_wait(key_view) noexcept { return proceed::cancel; }

namespace detail {

struct condemned_count {
  std::uint64_t condemned = 0;
  std::uint64_t spared = 0;   // condemned, and then not
  std::uint64_t deleted = 0;  // the removes that were answered
  std::uint64_t in_doubt = 0;
  std::uint64_t lists_left = 0;
};

template <Store S>
class condemnation {
 public:
  condemnation(S& store, condemned_why why) noexcept : store_(store) { list_.why = why; }
  // What was not carried out.
  ~condemnation() {
    for (const content_key& key : lists_) (void)give_up(key);
  }
  condemnation(const condemnation&) = delete;
  condemnation& operator=(const condemnation&) = delete;

  [[nodiscard]] const condemned_count& count() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return lists_.empty() && list_.copies.empty(); }

  [[nodiscard]] result<void> add(const content_copy& copy) {
    if (!list_.copies.push({copy.of, copy.generation})) return no_memory();
    ++count_.condemned;
    return list_.copies.size() == condemned_copies_max ? end_lists() : result<void>();
  }
  [[nodiscard]] result<void> end_lists() {
    if (list_.copies.empty()) return {};
    const content_key key = key_of(condemned_prefix, store_.nonce());
    if (!lists_.push(key)) return no_memory();
    PERDURE_TRY(put_condemned(store_, key, list_, precondition::absent));
    list_.copies.clear();
    return {};
  }

  // Failure: busy, where it was not waited for; about the pin.
  [[nodiscard]] result<void> wait_for_pins(pin_wait wait) {
    room<content_key> pins;
    PERDURE_TRY(keys_below(store_, pins_prefix, pins));
    for (const content_key& pin : pins) {
      for (;;) {
        const auto there = store_.head(pin);
        if (!there && there.error().code() == code::not_found) break;
        if (!there) return there.error();
        if (wait(pin) == proceed::cancel) return failure(code::busy, operation::remove_object).about({pin.data(), pin.size()});
      }
    }
    return {};
  }

  // is_still(copy) -> result<bool>
  template <class IsStill>
  [[nodiscard]] result<void> carry_out(IsStill&& is_still) {
    while (!lists_.empty()) {
      const content_key key = lists_[lists_.size() - 1];
      const auto done = carry_out(key, is_still);
      if (!done) return done;
      lists_.truncate(lists_.size() - 1);
    }
    return {};
  }

  // Lists of others, of the same kind, that were there before: what they condemned is free again.
  [[nodiscard]] result<void> take_over(const room<content_key>& others, abandoned what) {
    for (const content_key& key : others) {
      const auto kept = read_condemned(store_, key);
      if (!kept && kept.error().code() == code::not_found) continue;
      if (!kept) return kept.error();
      if (kept->list.why != list_.why) continue;
      const bool deletes = kept->list.stage == condemned_stage::deleting;
      if (deletes && what == abandoned::keep) {
        ++count_.lists_left;
        continue;
      }
      PERDURE_TRY(give_up(key));
    }
    return {};
  }

 private:
  template <class IsStill>
  [[nodiscard]] result<void> carry_out(const content_key& key, IsStill&& is_still) {
    auto kept = read_condemned(store_, key);
    if (!kept && kept.error().code() == code::not_found) return {};
    if (!kept) return kept.error();
    if (kept->list.stage != condemned_stage::condemned) return {};
    condemned_list& list = kept->list;
    std::size_t left = 0;
    for (std::size_t i = 0; i < list.copies.size(); ++i) {
      const auto still = is_still(list.copy(i));
      if (!still) return still.error();
      if (*still) list.copies[left++] = list.copies[i];
    }
    count_.spared += list.copies.size() - left;
    list.copies.truncate(left);
    if (left == 0) return give_up(key);
    list.stage = condemned_stage::deleting;
    const auto begun = put_condemned(store_, key, list, precondition::matches(kept->etag));
    if (!begun) return is_lost(begun.error()) ? result<void>() : begun.error();
    bool all = true;
    for (std::size_t i = 0; i < left; ++i) {
      const auto removed = store_.remove(object_key(list.copy(i)));
      all = all && removed;
      removed ? ++count_.deleted : ++count_.in_doubt;
    }
    if (all) return give_up(key);
    ++count_.lists_left;
    return {};
  }

  // First by a put, for what is only removed may come back after a crash. That it is given up is no loss to anybody.
  [[nodiscard]] result<void> give_up(const content_key& key) {
    auto kept = read_condemned(store_, key);
    if (!kept) return kept.error().code() == code::not_found ? result<void>() : kept.error();
    if (kept->list.stage != condemned_stage::given_up) {
      kept->list.stage = condemned_stage::given_up;
      kept->list.copies.clear();
      const auto put = put_condemned(store_, key, kept->list, precondition::matches(kept->etag));
      if (!put) return is_lost(put.error()) ? result<void>() : put.error();
    }
    return store_.remove(key);
  }

  S& store_;
  condemned_list list_;  // the one that is being written
  room<content_key> lists_;
  condemned_count count_;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_CONDEMNATION_HPP
