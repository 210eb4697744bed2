// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_MANIFEST_HPP
#define PERDURE_MANIFEST_MANIFEST_HPP

// manifest<T, Slot>: a value in memory that is never ahead of its slot. It changes through commit_manifest alone (see there),
// which saves first and publishes then.
//
//   perdure::manifest<state, perdure::file_slot<perdure::posix_fs>> all(perdure::file_slot(fs, "MANIFEST"));
//   PERDURE_TRY(all.open());
//   for (const auto& segment : all.read()->segments) ...
//
// open(initial): loads what is there, and makes it durable if nobody knows that it is; where there is nothing the value is
//   `initial`, which is not saved. To be called once, before anything else. Failure: what the slot and the codec say; nothing is
//   published then but `initial`.
// read(): the published value. Takes a lock for as long as it takes to copy a pointer, and waits for no save and no closure.
//   What is read is durable, and stays as it is for whoever holds it.
// refresh(): what another process has committed meanwhile, as open does. Commits do that by themselves when they find they are
// late.
//
// T is default-constructible, movable, and copied for each commit: give it parts that are shared (shared_ptr to const, a
// persistent container) if that is a lot. C is its codec (codec.hpp). Y is where locks come from (sync.hpp); with no_sync there
// is one thread, and none of this costs anything. M is where memory comes from (memory.hpp): a copy for each value that somebody
// still holds, a buffer to load into, and one to encode into unless the value is one piece of bytes as it is. On a device:
//
//   using store = perdure::twin_slot<perdure::flash_blocks<my_chip>>;
//   perdure::manifest<state, store, perdure::memory_codec<state>, perdure::no_sync,
//                     perdure::fixed_memory<2, sizeof(state)>> all(...);

#include <perdure/core/native_sync.hpp>
#include <perdure/manifest/detail/closure_mark.hpp>
#include <perdure/manifest/detail/commit_group.hpp>

namespace perdure {
inline namespace v1 {

template <class T>
struct manifest_options {
  result<void> (*invariant)(const T& next) = nullptr;  // of every value before it may be saved; its failure is the commit's
  std::uint64_t size_bytes_max = UINT64_MAX;           // of an encoded value
  std::uint32_t tries_max = 1000;                      // how often one commit may lose to another process
};

template <class T, Slot S, Codec<T> C = default_codec<T>, Sync Y = native_sync, Memory M = heap_memory>
class manifest {
 public:
  using value_type = T;
  using snapshot_type = snapshot<T, M>;

  explicit manifest(S slot, const manifest_options<T>& options = {}, C codec = {})
      : group_(detail::moved(slot), detail::moved(codec), {options.size_bytes_max, options.tries_max}),
        invariant_(options.invariant) {}
  manifest(const manifest&) = delete;
  manifest& operator=(const manifest&) = delete;

  [[nodiscard]] result<void> open(T initial = {}) {
    detail::closure_mark<Y>::check(this);
    return group_.open(detail::moved(initial));
  }
  [[nodiscard]] snapshot_type read() const { return group_.read(); }
  [[nodiscard]] result<void> refresh() {
    detail::closure_mark<Y>::check(this);
    return group_.refresh();
  }

  // What follows is for commit_manifest.

  // One function for all closures: they would be a protocol each.
  [[nodiscard]] auto commit(function_ref<result<bool>(T&, after_commit&)> decide, bool may_decline) {
    detail::closure_mark<Y>::check(this);
    const auto change = [&](T& next, after_commit& then) -> result<bool> {
      const detail::closure_mark<Y> running(this);
      const result<bool> wants = decide(next, then);
      if (wants && *wants && invariant_ != nullptr) PERDURE_TRY(invariant_(next));
      return wants;
    };
    return group_.commit(change, may_decline);
  }

 private:
  detail::commit_group<T, S, C, Y, M> group_;
  result<void> (*invariant_)(const T&);
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_MANIFEST_HPP
