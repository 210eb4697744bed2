// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_LEDGER_HPP
#define PERDURE_MANIFEST_LEDGER_HPP

// ledger<Slot>: a state that people and programs name by its version, and replace only when it is still the version that they
// saw.
//
//   perdure::ledger<perdure::object_slot<perdure::any_store>> book(perdure::object_slot(store, "ledger"));
//   auto now = book.read();                                        // now->version, now->state
//   auto done = book.replace(now->version, changed);
//   if (done && done->answer != perdure::ledger_answer::won) ...   // done->found is the version that is there instead
//
// The version is the SHA-256 of the state and of nothing else: equal states have equal versions, wherever they are kept. Beside
// it the ledger counts its states (serial), and keeps the highest fencing token that a writer has shown (see slot_lock.hpp).
//
// read(): the state, durable. observe(): the state, visible; takes no lock and writes nothing, as slot.hpp has it.
// replace(expected, state, fence)
//   1  loads what is there, unless this object has seen `expected` there, and compares: the version, and that no writer has shown
//      a higher token than `fence`, which is 0 for one who has none
//   2  replaces it in the slot, with the next serial and this fence
//   3  where the slot was changed meanwhile, or lost the answer and the change with it: from 1, tries_max times
//   Success: `won`: the state is there, and survives. `conflict`: another version is there. `fenced`: the version is what was
//   expected, and a later holder of the lock has been here. Of both, nothing was changed. Exactly one of all who race from one
//   version wins, unless one of them puts back what was there.
//   Failure: `unknown`: the state may be there, or may come until this object has read() it; read() and look. `unchanged`: busy
//   where others were faster tries_max times; too_large; else the slot's.
// raise(fence): from here on nobody with a lower token wins. Whoever takes a lock over from one who did not release it (its lease
//   ran out, or it was forced) calls this before anything else. Same answers; the state and its version stay.
// Crash: the state that was there, or the one that was being put.
// Not promised: that a version is there once only (a state may come back, and then an old `expected` names it again). Whose state
//   it is.
//
// What is told of a state lies in memory of the ledger's, until its next call. One object is used by one thread at a time.

#include <perdure/core/content_id.hpp>
#include <perdure/core/detail/byte_buffer.hpp>
#include <perdure/manifest/detail/ledger_record.hpp>
#include <perdure/manifest/slot.hpp>

namespace perdure {
inline namespace v1 {

// Of a state; or of none, where nothing was ever put.
struct ledger_version {
  digest of = {};
  bool exists = false;

  [[nodiscard]] static ledger_version of_state(bytes state) noexcept { return {sha256_of(state), true}; }
  [[nodiscard]] friend bool operator==(const ledger_version& a, const ledger_version& b) noexcept {
    return a.exists == b.exists && (!a.exists || a.of == b.of);
  }
};

// "sha256:" and 64 hexadecimal digits; "none" where there is none.
inline bytes to_text(const ledger_version& version, mutable_bytes buffer) noexcept {
  if (version.exists) return to_text(content_id{version.of}, buffer);
  PERDURE_ASSERT(buffer.size() >= 4, "the text of a ledger_version needs 71 characters");
  std::memcpy(buffer.data(), "none", 4);
  return buffer.first(4);
}
[[nodiscard]] inline result<ledger_version> parse_ledger_version(bytes text) noexcept {
  if (text == bytes("none")) return ledger_version{};
  const auto id = parse_content_id(text);
  if (!id) return id.error();
  return ledger_version{id->root, true};
}

struct ledger_entry {
  ledger_version version;
  std::uint64_t serial = 0;  // 0: there is nothing yet
  std::uint64_t fence = 0;
  bytes state;
};

enum class ledger_answer : std::uint8_t { won, conflict, fenced };

struct ledger_reply {
  ledger_answer answer = ledger_answer::won;
  std::uint64_t serial = 0;  // of what was put; where nothing was, of what is there
  ledger_version expected;
  ledger_version found;           // what was put, or is there
  std::uint64_t fence_found = 0;  // the highest token shown, this one included
};

struct ledger_options {
  std::uint64_t state_bytes_max = UINT64_MAX;
  std::uint32_t tries_max = 64;
};

namespace detail {
// Of the slot: no record is larger.
[[nodiscard]] constexpr std::uint64_t ledger_bytes_max(const ledger_options& of) noexcept {
  return of.state_bytes_max > UINT64_MAX - sizeof(ledger_head) ? UINT64_MAX : of.state_bytes_max + sizeof(ledger_head);
}
}  // namespace detail

template <Slot S>
class ledger {
 public:
  explicit ledger(S slot, const ledger_options& options = {}) : slot_(detail::moved(slot)), options_(options) {}

  [[nodiscard]] result<ledger_entry> read() {
    PERDURE_TRY(load());
    return entry();
  }
  [[nodiscard]] result<ledger_entry> observe() {
    is_current_ = false;  // the token of what is only visible is none to build on
    const auto seen = slot_.observe(growing_room(record_, detail::ledger_bytes_max(options_)));
    if (!seen) return seen.error();
    PERDURE_TRY(decode(*seen));
    return entry();
  }

  [[nodiscard]] result<ledger_reply> replace(const ledger_version& expected, bytes state, std::uint64_t fence = 0) {
    if (state.size() > options_.state_bytes_max) return failure(code::too_large, operation::replace);
    // At once, for it may be what read() has shown, which the next load writes over.
    const mutable_bytes next = next_.sized(head_size + state.size());
    if (!state.empty()) std::memcpy(next.data() + head_size, state.data(), state.size());
    const digest version = sha256_of(state);
    return change(&expected, fence, [&] { write_head(head_.serial + 1, fence, version, state.size()); });
  }
  [[nodiscard]] result<ledger_reply> raise(std::uint64_t fence) {
    return change(nullptr, fence, [&] {
      next_.clear();
      next_.append(record_.view());
      if (next_.size() == 0) next_.resize(head_size);
      write_head(head_.serial, fence, head_.version, head_.size_bytes);
    });
  }

 private:
  static constexpr std::size_t head_size = sizeof(detail::ledger_head);
  using slot_value = perdure::slot_value<typename S::token>;

  [[nodiscard]] ledger_version version() const noexcept { return {head_.version, head_.serial != 0}; }
  [[nodiscard]] ledger_entry entry() const noexcept {
    return {version(), head_.serial, head_.fence, record_.view().from(head_size)};
  }
  void write_head(std::uint64_t serial, std::uint64_t fence, const digest& version, std::uint64_t size_bytes) noexcept {
    const detail::ledger_head head = detail::encode_ledger(serial, fence, version, size_bytes);
    std::memcpy(next_.data(), &head, head_size);
  }

  [[nodiscard]] result<earlier> load() {
    is_current_ = false;
    const auto there = slot_.load(growing_room(record_, detail::ledger_bytes_max(options_)));
    if (!there) return there.error();
    PERDURE_TRY(decode(*there));
    token_ = there->token;
    is_current_ = true;
    return there->earlier;
  }
  [[nodiscard]] result<void> decode(const slot_value& there) {
    head_ = {};
    record_.resize(there.value.size());
    if (!there.exists()) return record_.clear(), result<void>();
    const auto head = detail::decode_ledger(record_.view());
    if (!head) return head.error();
    head_ = *head;
    return {};
  }

  // `expected` is null for one who takes any version; `prepare` makes the record that is to follow what is there.
  [[nodiscard]] result<ledger_reply> change(const ledger_version* expected, std::uint64_t fence, function_ref<void()> prepare) {
    const auto told = [&](ledger_answer answer, const detail::ledger_head& there) {
      const ledger_version found = {there.version, there.serial != 0};
      return ledger_reply{answer, there.serial, expected != nullptr ? *expected : found, found, there.fence};
    };
    for (std::uint32_t tries = 0; tries < options_.tries_max; ++tries) {
      // Of a raise that finds nothing to raise nobody else would ask the slot.
      const bool was_seen =
          is_current_ && (expected != nullptr ? version() == *expected && fence >= head_.fence : fence > head_.fence);
      if (!was_seen) PERDURE_TRY(load());  // 1
      if (expected != nullptr && !(version() == *expected)) return told(ledger_answer::conflict, head_);
      if (fence < head_.fence) return told(ledger_answer::fenced, head_);
      if (expected == nullptr && fence == head_.fence) return told(ledger_answer::won, head_);
      prepare();
      const auto next = detail::stored_at<detail::ledger_head>(next_.data());
      const auto put = slot_.replace(token_, next_.view());  // 2
      is_current_ = false;
      if (put) {
        head_ = next;
        token_ = *put;
        detail::swapped(record_, next_);
        is_current_ = true;
        return told(ledger_answer::won, next);
      }
      if (put.error().doubt() == doubt::none) {
        if (put.error().code() != code::conflict) return put.error();
        continue;
      }
      const auto became = load();  // 3
      if (!became || *became == earlier::untold || *became == earlier::nothing) return put.error();
      if (*became == earlier::took_effect) return told(ledger_answer::won, next);
    }
    return failure(code::busy, operation::replace);
  }

  S slot_;
  ledger_options options_;
  detail::ledger_head head_;    // of record_
  detail::byte_buffer record_;  // what was seen last
  detail::byte_buffer next_;
  typename S::token token_ = {};
  bool is_current_ = false;  // token_ is of record_, as far as this object knows
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_LEDGER_HPP
