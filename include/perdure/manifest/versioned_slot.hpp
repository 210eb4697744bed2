// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_VERSIONED_SLOT_HPP
#define PERDURE_MANIFEST_VERSIONED_SLOT_HPP

// versioned_slot(fs, directory): a Slot (see slot.hpp) whose values are files of their own, of which the last few are kept. For a
// value that somebody may want back as it was, or that is checked when it is read: a bit that the disk turned is seen.
//
//   perdure::versioned_slot slot(fs, "data/index", {.keep = 3});       // the directory is there, and is the slot's alone
//   auto now = slot.load(perdure::growing_room(text, 1 << 20));
//   auto next = slot.replace(now->token, changed);
//
// What is in the directory
//   v1, v2, ...   the values, and nothing else in them. None is ever written to again, and no number is ever given again
//   current       says which of them is the value, and which were, by number, size and SHA-256; see detail/version_pointer.hpp
//   lock          is never removed. Its kernel lock is held during a load and a replace, and after a replace that failed in doubt
//                 until a load ended the doubt, or the slot is gone. What it holds is which `current` is known to be durable, for
//                 as long as the system stays up, so that not every load has to write it again
//
// A replace
//   1  reads `current`, and compares
//   2  writes the value under the next number, syncs it, and then the directory: `current` must not survive alone
//   3  replaces `current` by atomic_write
//   4  removes the versions that it does not name any more, and those that writers who died left under a lower number
// A load reads both, makes `current` durable where that is not known (by writing it again, or one that names nothing where there
//   was none), and removes what 4 has left over.
//
// load_or_older(room): as load, but where the value cannot be read, the newest older one that can. It becomes the value, under a
//   number of its own, and what is returned says so. Nothing else ever shows an older one.
//
// Failure: corrupt where `current` or the value is damaged, and where the value is not there; timed_out where the lock was not
//   free in lock_timeout_ns; unsupported where the Fs has no locks (see writers), or cannot sync a file or a directory; too_large
//   also once all 2^64 numbers are used; version_unsupported for a `current` of a later format; else those of atomic_write.
// Crash: as slot.hpp has it. A version that nobody points to may be left, and a temporary file; the next loads and replaces
//   remove them.
// Not promised: that a `current` which somebody removed is told from one that never was. That an observe succeeds while values
// are replaced faster than it can read one (busy). An older value for an observe. Anything, where others put files there.

#include <perdure/core/native_clock.hpp>
#include <perdure/manifest/detail/settled_lock.hpp>
#include <perdure/manifest/detail/version_dir.hpp>

namespace perdure {
inline namespace v1 {

struct versioned_slot_options {
  std::uint32_t keep = 2;  // versions, the newest among them: 1 to 32
  enum writers writers = writers::any;
  permissions mode = 0666;                    // of the files, less what the process masks out
  std::uint64_t size_bytes_max = UINT64_MAX;  // of a value
  std::int64_t lock_timeout_ns = 10 * ns_per_second;
};

#if PERDURE_HAS_NATIVE_FS
template <Fs F, Clock C = native_clock>
#else
template <Fs F, Clock C>
#endif
class versioned_slot {
 public:
  using perdure_slot = versioned_slot;
  struct token {
    std::uint64_t number = 0;  // of the version; 0 where there is none
    digest of = {};
    friend bool operator==(const token&, const token&) = default;
  };
  struct shown {
    slot_value<token> now;
    std::uint64_t wanted = 0;  // the number of the version that should have been there
    std::uint64_t found = 0;   // and of the one whose bytes these are
    [[nodiscard]] bool is_older() const noexcept { return found != wanted; }
  };

  versioned_slot(F& fs, path_view directory, C& clock, const versioned_slot_options& options = {})
      : options_(options),
        dir_(fs, directory, options.mode),
        lock_(directory, directory.empty() ? "lock" : "/lock", clock, options.writers, options.lock_timeout_ns) {
    PERDURE_ASSERT(options.keep >= 1 && options.keep <= detail::version_pointer::count_max,
                   "versioned_slot keeps 1 to 32 versions");
  }
#if PERDURE_HAS_NATIVE_FS
  explicit versioned_slot(F& fs, path_view directory, const versioned_slot_options& options = {})
    requires detail::is_same<C, native_clock>
      : versioned_slot(fs, directory, the_clock(), options) {}
#endif

  [[nodiscard]] result<slot_value<token>> load(slot_room room) {
    const auto got = load_one_of(room, 1);
    if (!got) return got.error();
    return got->now;
  }
  [[nodiscard]] result<shown> load_or_older(slot_room room) { return load_one_of(room, detail::version_pointer::count_max); }

  [[nodiscard]] result<slot_value<token>> observe(slot_room room) const {
    detail::version_entry missed;
    for (int tries_left = 64; tries_left > 0; --tries_left) {
      const auto there = dir_.pointer();
      if (!there) return there.error();
      const detail::version_entry newest = there->newest();
      if (newest.number == 0) return slot_value<token>{};
      bool refused = false;
      const auto value = read(newest, room, refused);
      if (value) return slot_value<token>{named(newest), *value};
      // It may have been replaced and removed meanwhile; but what `current` names after it was missed is not there.
      if (refused || !detail::is_damage(value.error())) return value.error();
      if (newest == missed) return detail::damaged(value.error());
      missed = newest;
    }
    return dir_.about(failure(code::busy, operation::load));
  }

  [[nodiscard]] result<token> replace(const token& expected, bytes value) {
    if (in_doubt_) return dir_.about(failure(code::conflict, operation::replace));
    if (value.size() > options_.size_bytes_max) return dir_.about(failure(code::too_large, operation::replace));
    const auto taken = lock_.take(dir_.fs());
    if (!taken) return taken.error().with(doubt::none);
    const auto done = compare_and_add(expected, value);
    if (!in_doubt_) lock_.release();
    // A doubt about any file but `current` is none about the value.
    if (!done && !in_doubt_) return done.error().with(doubt::none);
    return done;
  }

 private:
  using pointer = detail::version_pointer;
  using version = detail::version_entry;

  [[nodiscard]] static token named(const version& of) noexcept { return of.number == 0 ? token() : token{of.number, of.of}; }
#if PERDURE_HAS_NATIVE_FS
  [[nodiscard]] static native_clock& the_clock() noexcept {
    static native_clock clock;
    return clock;
  }
#endif

  // The failure of a room is the caller's own, whatever its code.
  [[nodiscard]] result<bytes> read(const version& one, slot_room room, bool& refused) const {
    if (one.size_bytes > options_.size_bytes_max) return dir_.about(failure(code::too_large, operation::load));
    return dir_.read(one, [&](std::uint64_t size_bytes) {
      auto memory = room(size_bytes);
      refused = !memory;
      return memory;
    });
  }

  [[nodiscard]] result<shown> load_one_of(slot_room room, std::size_t versions_max) {
    const auto taken = lock_.take(dir_.fs());
    if (!taken) return taken.error().with(doubt::none);
    bool adds = false;
    auto found = settle_one_of(room, versions_max, adds);
    if (!in_doubt_) lock_.release();
    // What it only read, or wrote again as it was, is in no more doubt than before.
    if (!found && !adds) return found.error().with(doubt::none);
    return found;
  }
  [[nodiscard]] result<shown> settle_one_of(slot_room room, std::size_t versions_max, bool& adds) {
    const auto there = dir_.pointer();
    if (!there) return there.error();
    shown found;
    std::size_t at = 0;
    for (; at < there->count(); ++at) {
      bool refused = false;
      const auto value = read((*there)[at], room, refused);
      if (value) {
        found.now.value = *value;
        break;
      }
      if (refused) return value.error();
      const bool is_lost = detail::is_damage(value.error()) || value.error().code() == code::io;
      if (!is_lost || at + 1 >= versions_max || at + 1 == there->count())
        return detail::is_damage(value.error()) ? detail::damaged(value.error()) : value.error();
    }
    found.wanted = there->newest().number;
    found.found = there->count() != 0 ? (*there)[at].number : 0;
    pointer now = *there;
    if (found.is_older()) {
      const auto again = add(now, found.now.value);
      if (!again) return again.error();
      now = there->with(*again, options_.keep);
    }
    found.now.token = named(now.newest());
    if (found.is_older() || !lock_.knows(digest_of(now))) {
      adds = found.is_older();
      const auto pointed = point(now);
      if (!pointed) return pointed.error();
    }
    if (in_doubt_) found.now.earlier = there->names(doubted_) ? earlier::took_effect : earlier::had_no_effect;
    in_doubt_ = false;
    if (!swept_ || adds) swept_ = dir_.sweep(now);
    return found;
  }

  [[nodiscard]] result<token> compare_and_add(const token& expected, bytes value) {
    const auto there = dir_.pointer();  // 1
    if (!there) return there.error();
    if (!(named(there->newest()) == expected)) return dir_.about(failure(code::conflict, operation::replace));
    const auto added = add(*there, value);  // 2
    if (!added) return added.error();
    const pointer next = there->with(*added, options_.keep);
    const auto pointed = point(next);  // 3
    if (!pointed) {
      in_doubt_ = pointed.error().outcome() == outcome::unknown;
      doubted_ = added->number;
      swept_ = false;
      if (!in_doubt_) dir_.remove(added->number);
      return pointed.error();
    }
    if (added->number != there->newest().number + 1) {  // 4
      swept_ = dir_.sweep(next);
    } else {
      for (std::size_t i = 0; i < there->count(); ++i) {
        if (!next.names((*there)[i].number)) swept_ = dir_.remove((*there)[i].number) && swept_;
      }
    }
    return named(*added);
  }
  // No number is used twice: not after a version that failed and was removed, either.
  [[nodiscard]] result<version> add(const pointer& to, bytes value) {
    if (tried_ < to.newest().number) tried_ = to.newest().number;
    return dir_.add(tried_, value);
  }
  [[nodiscard]] result<void> point(const pointer& to) {
    PERDURE_TRY(lock_.forget());
    PERDURE_TRY(dir_.point(to));
    lock_.remember(digest_of(to));
    return {};
  }
  [[nodiscard]] static digest digest_of(const pointer& of) noexcept {
    std::byte text[pointer::size_max];
    return sha256_of(of.encode(text));
  }

  versioned_slot_options options_;
  detail::version_dir<F> dir_;
  detail::settled_lock<F, C> lock_;
  bool swept_ = false;
  std::uint64_t tried_ = 0;  // the last number that was given here
  bool in_doubt_ = false;
  std::uint64_t doubted_ = 0;
};

#if PERDURE_HAS_NATIVE_FS
template <Fs F>
versioned_slot(F&, path_view) -> versioned_slot<F, native_clock>;
template <Fs F>
versioned_slot(F&, path_view, versioned_slot_options) -> versioned_slot<F, native_clock>;
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_VERSIONED_SLOT_HPP
