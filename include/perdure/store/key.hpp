// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_KEY_HPP
#define PERDURE_STORE_KEY_HPP

// check_key(key, operation, size_max), check_prefix(...): is this a key, or the beginning of one, as law S9 of store.hpp has it?
// For whoever writes a Store.
//
// Failure: invalid_argument: empty (a prefix may be), a NUL in it, or not UTF-8 (overlong forms and surrogates are not; the end
//   of a prefix may not cut a character); too_large: longer than size_max.

#include <perdure/store/store_types.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

// How many bytes the character has that begins here; 0 where none does.
[[nodiscard]] inline std::size_t utf8_size(const unsigned char* at, std::size_t left) noexcept {
  const unsigned lead = at[0];
  if (lead < 0x80) return 1;
  const std::size_t size = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (size == 0 || size > left) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((at[i] & 0xc0U) != 0x80) return 0;
  }
  if ((lead == 0xe0 && at[1] < 0xa0) || (lead == 0xf0 && at[1] < 0x90)) return 0;  // overlong
  if ((lead == 0xed && at[1] > 0x9f) || (lead == 0xf4 && at[1] > 0x8f)) return 0;  // a surrogate; behind the last
  return size;
}

[[nodiscard]] inline bool is_utf8_without_nul(key_view text) noexcept {
  const auto* const at = reinterpret_cast<const unsigned char*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = at[i] == 0 ? 0 : utf8_size(at + i, text.size() - i);
    if (size == 0) return false;
    i += size;
  }
  return true;
}

}  // namespace detail

[[nodiscard]] inline result<void> check_prefix(key_view prefix, enum operation operation, std::size_t size_max) noexcept {
  if (!detail::is_utf8_without_nul(prefix))
    return failure(code::invalid_argument, operation).about({prefix.data(), prefix.size()});
  if (prefix.size() > size_max) return failure(code::too_large, operation).about({prefix.data(), prefix.size()});
  return {};
}

[[nodiscard]] inline result<void> check_key(key_view key, enum operation operation, std::size_t size_max) noexcept {
  if (key.empty()) return failure(code::invalid_argument, operation);
  return check_prefix(key, operation, size_max);
}

namespace detail {

// As std::memcmp, and the shorter one first.
[[nodiscard]] inline int compare_keys(key_view a, key_view b) noexcept {
  const std::size_t common = a.size() < b.size() ? a.size() : b.size();
  const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
  if (order != 0) return order;
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}
[[nodiscard]] inline bool begins_with(key_view key, key_view prefix) noexcept {
  return key.size() >= prefix.size() && key.first(prefix.size()) == prefix;
}

}  // namespace detail

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_KEY_HPP
