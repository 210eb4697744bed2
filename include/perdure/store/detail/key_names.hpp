// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_KEY_NAMES_HPP
#define PERDURE_STORE_DETAIL_KEY_NAMES_HPP

// The names under which fs_store keeps its keys: of small letters, digits, '-', '_' and '%' alone, so that volumes which fold
// case, compose characters or reserve names keep them apart and take them all.
//
//   k...   an object: what is left of its key, each other byte as %xx
//   x...   a directory: the beginning of what is left of keys that are too long for one name
//   d%xx   a directory: the keys that go on with this byte
//   s...   the store's own

#include <perdure/store/key.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// Of one component; the longest that every file system takes is 255.
inline constexpr std::size_t key_name_max = 240;

[[nodiscard]] constexpr bool is_plain_in_a_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}
[[nodiscard]] constexpr int hex_value(char c) noexcept {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

template <std::size_t N>
void append_escaped(path_buffer<N>& to, char c) noexcept {
  if (is_plain_in_a_name(c)) {
    to.append({&c, 1});
    return;
  }
  const char* const digits = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(c);
  const char text[3] = {'%', digits[value >> 4], digits[value & 15]};
  to.append({text, 3});
}

// The key's own directories, if any, and its name. How much of `to` names its directory.
template <std::size_t N>
std::size_t append_key_name(path_buffer<N>& to, key_view rest) noexcept {
  std::size_t directory = to.size();
  for (std::size_t at = 0;;) {
    std::size_t end = at;
    std::size_t size = 1;
    while (end < rest.size() && size + (is_plain_in_a_name(rest[end]) ? 1 : 3) <= key_name_max)
      size += is_plain_in_a_name(rest[end++]) ? 1 : 3;
    to.append("/").append(end == rest.size() ? path_view("k") : path_view("x"));
    for (; at < end; ++at) append_escaped(to, rest[at]);
    if (end == rest.size()) return directory;
    directory = to.size();
  }
}

// What an escaped name means, behind its first character; false for a name that no key has.
template <std::size_t N>
[[nodiscard]] bool append_unescaped(path_buffer<N>& to, path_view name) noexcept {
  for (std::size_t at = 0; at < name.size();) {
    char c = name[at++];
    if (c == '%') {
      if (name.size() - at < 2) return false;
      const int high = hex_value(name[at]);
      const int low = hex_value(name[at + 1]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high << 4 | low);
      if (c == '\0' || is_plain_in_a_name(c)) return false;
      at += 2;
    } else if (!is_plain_in_a_name(c)) {
      return false;
    }
    to.append({&c, 1});
  }
  return to.ok();
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_KEY_NAMES_HPP
