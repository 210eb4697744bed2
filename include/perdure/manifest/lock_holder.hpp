// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_LOCK_HOLDER_HPP
#define PERDURE_MANIFEST_LOCK_HOLDER_HPP

// lock_holder: who has a slot_lock, or had it last, as the lock tells everybody who asks.
//
//   lock_id           names one taking of the lock, and no other one ever: of a nonce, which the Store or the Fs gives
//   to_text(id, b)    32 hexadecimal digits; parse_lock_id takes exactly what this writes

#include <perdure/manifest/detail/object_record.hpp>

namespace perdure {
inline namespace v1 {

struct lock_id {
  static constexpr std::size_t text_size = 32;

  std::byte made[16] = {};

  [[nodiscard]] static lock_id of(const nonce& one) noexcept {
    lock_id id;
    std::memcpy(id.made, detail::object_mark::of(one).made, sizeof(id.made));
    return id;
  }
  friend bool operator==(const lock_id&, const lock_id&) = default;
};

// A smaller buffer is a programmer's error.
inline bytes to_text(const lock_id& id, mutable_bytes buffer) noexcept {
  PERDURE_ASSERT(buffer.size() >= lock_id::text_size, "the text of a lock_id needs 32 characters");
  for (std::size_t i = 0; i < lock_id::text_size; ++i) {
    const auto half = static_cast<unsigned>(id.made[i / 2]) >> (i % 2 == 0 ? 4 : 0) & 0xf;
    buffer.data()[i] = static_cast<std::byte>("0123456789abcdef"[half]);
  }
  return buffer.first(lock_id::text_size);
}
// Failure: invalid_argument.
[[nodiscard]] inline result<lock_id> parse_lock_id(bytes text) noexcept {
  if (text.size() != lock_id::text_size) return failure(code::invalid_argument, operation::none);
  lock_id id;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned>(text.data()[i]);
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && !(c >= 'a' && c <= 'f')) return failure(code::invalid_argument, operation::none);
    const unsigned half = is_digit ? c - '0' : c - 'a' + 10;
    id.made[i / 2] |= static_cast<std::byte>(half << (i % 2 == 0 ? 4 : 0));
  }
  return id;
}

struct lock_holder {
  static constexpr std::size_t name_size_max = 128;
  static constexpr std::size_t host_size_max = 96;

  bool is_held = false;
  lock_id id = {};
  std::uint64_t token = 0;  // a later holder's is higher (see ledger.hpp, `fence`); 0 where nobody ever was one
  std::uint64_t process = 0;
  std::int64_t taken_unix_ns = 0;  // by the holder's clock; for people
  std::int64_t lease_ns = 0;       // 0: until it is released
  std::uint64_t renewals = 0;

  [[nodiscard]] bytes name() const noexcept { return {name_, name_size_}; }
  [[nodiscard]] bytes host() const noexcept { return {host_, host_size_}; }
  // Cut off at the maximum: they are for people.
  void set_name(bytes text) noexcept { name_size_ = copy_to(name_, name_size_max, text); }
  void set_host(bytes text) noexcept { host_size_ = copy_to(host_, host_size_max, text); }

 private:
  [[nodiscard]] static std::uint8_t copy_to(char* into, std::size_t size_max, bytes text) noexcept {
    const bytes kept = text.first(text.size() < size_max ? text.size() : size_max);
    if (!kept.empty()) std::memcpy(into, kept.data(), kept.size());
    return static_cast<std::uint8_t>(kept.size());
  }

  std::uint8_t name_size_ = 0;
  std::uint8_t host_size_ = 0;
  char name_[name_size_max] = {};
  char host_[host_size_max] = {};
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_LOCK_HOLDER_HPP
