// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_COMMIT_MANIFEST_HPP
#define PERDURE_MANIFEST_COMMIT_MANIFEST_HPP

// commit_manifest(manifest, change): changes a value, in its slot and then in memory, or neither.
//
//   const auto done = perdure::commit_manifest(all, [&](state& next) { next.segments.push_back(made); });
//   const auto told = perdure::commit_manifest_if(all, [&](state& next) {
//     if (!next.has(replaced)) return false;     // decided under the lock: nobody else changes it meanwhile
//     next.swap(replaced, made);
//     return true;
//   });
//
// `change` gets the newest value, a copy that is its own, and changes it; it returns nothing, or a result<void> whose failure
// takes the change back. That of commit_manifest_if says whether to commit: a bool or a result<bool>. Either may take an
// after_commit&, too (see there), for what is to be done once the commit is certain.
//
// Effects
//   1  Ends the doubt that an earlier commit may have left: what is there is loaded, and made durable.
//   2  Copies the newest value, runs `change` on the copy, on this thread, and checks the invariant. (Changes of commit_manifest
//      that are to be saved together may be made to one copy, one after the other.)
//   3  Encodes it, and replaces the value in the slot. While that goes on others do step 2 on top of it, and are saved together
//      next.
//   4  Publishes it: read() gives it from here on.
//   `change` runs again, on a newer value, where somebody else's commit failed on which its value rested, or with which it shared
//   a copy, or another process won.
//   It must not mind: what it does outside of its value happens as often. It runs under a lock: of its manifest it may use
//   read() alone.
// Success: the value is published, and survives. Declined: nothing was changed; and what was seen is durable, too.
// Failure: `unchanged`: the old value stands in the slot and in memory. The closure's own failure, or the invariant's; too_large;
//   those of the slot; conflict, where other processes won tries_max times. `unknown`: the save may have happened, and the load
//   that was to tell failed as well. Readers see the old value until a later commit or refresh() ends the doubt; if it had
//   happened, it is published then. One commit's failure is never another's: of several that were saved together each is tried
//   alone before it fails. An exception from `change` passes through, and takes back this change alone; one from the codec passes
//   through whoever was saving, and takes back his: the others are saved again, each alone.
// Crash: the last value that was published, or the one that was being saved.
// Not promised: an order among commits that race; that a closure which declines in commit_manifest_if ran on a value that was
//   ever saved alone; anything about what a closure did elsewhere.

#include <perdure/manifest/manifest.hpp>

namespace perdure {
inline namespace v1 {

struct commit_report {
  bool committed = true;         // or it was declined
  std::uint64_t generation = 0;  // of the value that was published, or that was there when it was declined
};

namespace detail {

template <class Change, class T>
[[nodiscard]] decltype(auto) call_change(Change& change, T& next, after_commit& then) {
  if constexpr (requires { change(next, then); }) {
    return change(next, then);
  } else {
    return change(next);
  }
}
// What a closure of one signature takes first. A generic one is not looked at.
template <class Signature>
inline constexpr bool takes_a_copy = false;
template <class R, class A, class... Rest>
inline constexpr bool takes_a_copy<R (*)(A, Rest...)> = is_same<A, remove_reference<A>>;
template <class R, class A, class... Rest>
inline constexpr bool takes_a_copy<R (*)(A, Rest...) noexcept> = is_same<A, remove_reference<A>>;
template <class F, class R, class A, class... Rest>
inline constexpr bool takes_a_copy<R (F::*)(A, Rest...)> = is_same<A, remove_reference<A>>;
template <class F, class R, class A, class... Rest>
inline constexpr bool takes_a_copy<R (F::*)(A, Rest...) const> = is_same<A, remove_reference<A>>;
template <class F, class R, class A, class... Rest>
inline constexpr bool takes_a_copy<R (F::*)(A, Rest...) noexcept> = is_same<A, remove_reference<A>>;
template <class F, class R, class A, class... Rest>
inline constexpr bool takes_a_copy<R (F::*)(A, Rest...) const noexcept> = is_same<A, remove_reference<A>>;

template <class Change>
[[nodiscard]] consteval bool changes_a_copy() {
  if constexpr (requires { &Change::operator(); }) {
    return takes_a_copy<decltype(&Change::operator())>;
  } else if constexpr (is_function<Change>) {
    return takes_a_copy<Change*>;
  } else {
    return takes_a_copy<Change>;
  }
}

template <class Change, class T>
using answer_of_change = decltype(call_change(some<Change&>(), some<T&>(), some<after_commit&>()));

template <class M>
[[nodiscard]] result<commit_report> commit_in(M& manifest,
                                              function_ref<result<bool>(typename M::value_type&, after_commit&)> decide,
                                              bool may_decline) {
  const auto done = manifest.commit(decide, may_decline);
  if (!done) return done.error();
  return commit_report{done->committed, done->generation};
}

}  // namespace detail

template <class M, class Change>
[[nodiscard]] result<commit_report> commit_manifest(M& manifest, Change&& change) {
  using T = typename M::value_type;
  using answer = detail::answer_of_change<Change, T>;
  static_assert(!detail::changes_a_copy<detail::remove_cvref<Change>>(),
                "commit_manifest: the closure takes the value by reference; what it changes in a copy is lost");
  static_assert(detail::is_same<answer, void> || detail::is_same<answer, result<void>>,
                "commit_manifest: the closure returns nothing or a result<void>; what may decline is for commit_manifest_if");
  const auto decide = [&](T& next, after_commit& then) -> result<bool> {
    if constexpr (detail::is_same<answer, void>) {
      detail::call_change(change, next, then);
    } else {
      PERDURE_TRY(detail::call_change(change, next, then));
    }
    return true;
  };
  return detail::commit_in(manifest, decide, false);
}

template <class M, class Decide>
[[nodiscard]] result<commit_report> commit_manifest_if(M& manifest, Decide&& decide) {
  using T = typename M::value_type;
  using answer = detail::answer_of_change<Decide, T>;
  static_assert(!detail::changes_a_copy<detail::remove_cvref<Decide>>(),
                "commit_manifest_if: the closure takes the value by reference; what it changes in a copy is lost");
  static_assert(detail::is_same<answer, bool> || detail::is_same<answer, result<bool>>,
                "commit_manifest_if: the closure returns a bool or a result<bool>: whether to commit");
  const auto call = [&](T& next, after_commit& then) -> result<bool> { return detail::call_change(decide, next, then); };
  return detail::commit_in(manifest, call, true);
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_COMMIT_MANIFEST_HPP
