// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_FILE_SLOT_HPP
#define PERDURE_MANIFEST_FILE_SLOT_HPP

// file_slot(fs, path): a Slot (see slot.hpp) that is one file, which holds the value and nothing else, and is replaced by
// atomic_write. For a value that people read and other programs may look at.
//
//   perdure::file_slot slot(fs, "settings.json");
//   auto now = slot.load(perdure::growing_room(text, 1 << 20));
//   auto next = slot.replace(now->token, changed);
//
// Beside it stands "<path>.lock", which is never removed (who removes a lock file lets two in). Its kernel lock is held during a
// replace and a load, and after a replace that failed in doubt until a load ended the doubt, or the slot is gone. What it holds
// is the digest of the value that is known to be durable, so that this need not be written again by every load. That is
// believed for as long as the system stays up, and needs no sync: after a restart what is there is durable anyway.
//
// Failure: timed_out where the lock was not free in lock_timeout_ns; unsupported where the Fs has no locks or no durability (see
//   the options); else those of atomic_write and of reading.
// Crash: as slot.hpp has it. A temporary file may be left, see temp_sweep.hpp, and the lock file may be there or not.
// Not promised: that a value which somebody writes without a slot, after the lock file named another one as durable, and which
// then is written back to that one, is durable. That the token of an equal value does not come back (see S7).

#include <perdure/core/native_clock.hpp>
#include <perdure/core/sha256.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/file_lock.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/manifest/detail/owned_path.hpp>
#include <perdure/manifest/slot.hpp>

namespace perdure {
inline namespace v1 {

struct file_slot_options {
  enum writers writers = writers::any;
  enum durability at_least = durability::full;  // what the system must be able to give: else the first load is unsupported
  permissions mode = 0666;                      // of the file, less what the process masks out
  std::uint64_t size_bytes_max = UINT64_MAX;    // of a value
  std::int64_t lock_timeout_ns = 10 * ns_per_second;
};

#if PERDURE_HAS_NATIVE_FS
template <Fs F, Clock C = native_clock>
#else
template <Fs F, Clock C>
#endif
class file_slot {
 public:
  using perdure_slot = file_slot;
  struct token {
    bool exists = false;
    digest of = {};
    friend bool operator==(const token&, const token&) = default;
  };

  file_slot(F& fs, path_view path, C& clock, const file_slot_options& options = {})
      : fs_(&fs), clock_(&clock), options_(options), path_(path, ""), lock_path_(path, ".lock") {}
#if PERDURE_HAS_NATIVE_FS
  explicit file_slot(F& fs, path_view path, const file_slot_options& options = {})
    requires detail::is_same<C, native_clock>
      : file_slot(fs, path, the_clock(), options) {}
#endif

  [[nodiscard]] result<slot_value<token>> load(slot_room room) {
    PERDURE_TRY(lock());
    auto found = read(room);
    if (found) {
      const auto settled = settle(*found);
      // It looked, and wrote what is there again: if anything is in doubt it is what was so before.
      if (!settled) found = settled.error().with(doubt::none);
    }
    if (found) {
      if (in_doubt_) found->earlier = found->token == doubted_ ? earlier::took_effect : earlier::had_no_effect;
      in_doubt_ = false;
    }
    unlock();
    return found;
  }

  [[nodiscard]] result<slot_value<token>> observe(slot_room room) { return read(room); }

  [[nodiscard]] result<token> replace(const token& expected, bytes value) {
    if (in_doubt_) return about(failure(code::conflict, operation::replace));
    if (value.size() > options_.size_bytes_max) return about(failure(code::too_large, operation::replace));
    PERDURE_TRY(lock());
    const token next = named(value);
    const auto done = compare_and_write(expected, value, next);
    if (!done && done.error().outcome() == outcome::unknown) {
      in_doubt_ = true;
      doubted_ = next;
      knows_ = false;
    }
    unlock();
    if (!done) return done.error();
    return next;
  }

 private:
  [[nodiscard]] static token named(bytes value) noexcept { return {true, sha256_of(value)}; }
  [[nodiscard]] failure about(const failure& why) const noexcept { return detail::about_path(why, path_.view()); }
  [[nodiscard]] bool is_alone() const noexcept { return options_.writers == writers::only_this; }
#if PERDURE_HAS_NATIVE_FS
  [[nodiscard]] static native_clock& the_clock() noexcept {
    static native_clock clock;
    return clock;
  }
#endif

  [[nodiscard]] result<void> lock() {
    if (is_alone() || lock_) return {};
    lock_ = file_lock<F>::take(*fs_, lock_path_.view(), *clock_, options_.lock_timeout_ns);
    if (!lock_) return lock_.error();
    return {};
  }
  void unlock() {
    if (!in_doubt_) lock_ = not_held();
  }
  [[nodiscard]] static failure not_held() noexcept { return failure(code::busy, operation::lock); }

  [[nodiscard]] result<slot_value<token>> read(slot_room room) {
    auto file = fs_->open(path_.view(), {});
    if (!file) {
      if (file.error().code() != code::not_found) return about(file.error());
      // In a directory that is not there a value cannot be missing.
      const auto directory = fs_->stat(split_path<F>(path_.view()).parent);
      if (!directory) return about(directory.error());
      return slot_value<token>{};
    }
    const auto size = file->size();
    if (!size) return about(size.error());
    if (*size > options_.size_bytes_max) return about(failure(code::too_large, operation::read));
    const auto memory = room(*size);
    if (!memory) return about(memory.error());
    const auto got = file->read_at(0, memory->first(static_cast<std::size_t>(*size)));
    if (!got) return about(got.error());
    // Of a file that is only ever replaced nothing can be missing.
    if (*got != *size) return about(failure(code::corrupt, operation::read));
    const bytes value = bytes(*memory).first(*got);
    return slot_value<token>{named(value), value};
  }

  // What was found is durable afterwards.
  [[nodiscard]] result<void> settle(const slot_value<token>& found) {
    if (!in_doubt_ && is_known_durable(found.token)) return {};
    if (found.exists()) {
      PERDURE_TRY(write(found.value, found.token));
    } else {
      PERDURE_TRY(fs_->sync_dir(split_path<F>(path_.view()).parent));
    }
    now_is(found.token);
    return {};
  }
  [[nodiscard]] result<void> compare_and_write(const token& expected, bytes value, const token& next) {
    const auto there = is_alone() && knows_ ? result<token>(known_) : current();
    if (!there) return there.error();
    if (!(*there == expected)) return about(failure(code::conflict, operation::replace));
    PERDURE_TRY(write(value, next));
    now_is(next);
    return {};
  }
  [[nodiscard]] result<token> current() {
    auto file = fs_->open(path_.view(), {});
    if (!file && file.error().code() == code::not_found) return token{};
    if (!file) return about(file.error());
    sha256 hash;
    std::byte chunk[4096];
    for (std::uint64_t at = 0;;) {
      const auto got = file->read_at(at, chunk);
      if (!got) return about(got.error());
      if (*got == 0) return token{true, hash.finish()};
      hash.update(bytes(chunk, *got));
      at += *got;
    }
  }
  [[nodiscard]] result<void> write(bytes value, const token& next) {
    if (!is_alone()) PERDURE_TRY(lock_->file().truncate(0));  // from here on nobody believes that anything is durable
    write_options how;
    how.mode = options_.mode;
    // Whether a directory can be synced is known from the first load on; to ask each time would be a sync more.
    if (options_.at_least != durability::none) how.at_least = durability::ordered;
    const auto done = atomic_write(*fs_, path_.view(), value, how);
    if (!done) return done.error();
    if (done->durability < options_.at_least) return about(failure(code::unsupported, operation::replace).with(doubt::durable));
    if (!is_alone()) (void)lock_->file().write_at(0, bytes(next.of.bytes));
    return {};
  }

  // Where others may write, what they left is in the lock file.
  [[nodiscard]] bool is_known_durable(const token& found) {
    if (is_alone()) return knows_ && found == known_;
    if (!found.exists) return false;
    digest durable;
    const auto got = lock_->file().read_at(0, durable.bytes);
    return got && *got == sizeof(durable.bytes) && durable == found.of;
  }
  void now_is(const token& durable) noexcept {
    known_ = durable;
    knows_ = true;
  }

  F* fs_;
  C* clock_;
  file_slot_options options_;
  detail::owned_path path_;
  detail::owned_path lock_path_;
  result<file_lock<F>> lock_ = not_held();
  bool knows_ = false;
  token known_ = {};  // if knows_: what is there, and durable, unless somebody else wrote
  bool in_doubt_ = false;
  token doubted_ = {};
};

#if PERDURE_HAS_NATIVE_FS
template <Fs F>
file_slot(F&, path_view) -> file_slot<F, native_clock>;
template <Fs F>
file_slot(F&, path_view, file_slot_options) -> file_slot<F, native_clock>;
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_FILE_SLOT_HPP
