// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_PERCENT_HPP
#define PERDURE_STORE_DETAIL_PERCENT_HPP

// Percent-encoding as Signature Version 4 wants it: every byte but A-Z a-z 0-9 - . _ ~ becomes %XX, upper case; in a path '/'
// stays. Nothing is decoded first: a key is bytes. A query is its pairs, encoded, in the order of the encoded names, then values.

#include <perdure/fs/path.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

[[nodiscard]] constexpr bool is_unreserved(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
         c == '~';
}

enum class slashes : std::uint8_t { stay, are_encoded };

template <std::size_t N>
void append_percent(path_buffer<N>& to, path_view text, slashes how) noexcept {
  constexpr char digits[] = "0123456789ABCDEF";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (is_unreserved(text[i]) || (text[i] == '/' && how == slashes::stay)) {
      to.append(text.from(i).first(1));
    } else {
      const char code[] = {'%', digits[byte >> 4], digits[byte & 0xF]};
      to.append({code, 3});
    }
  }
}

// The value of two hexadecimal digits, or -1.
[[nodiscard]] constexpr int hex_byte(char high, char low) noexcept {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  return digit(high) < 0 || digit(low) < 0 ? -1 : digit(high) << 4 | digit(low);
}

struct query_pair {
  path_view name;
  path_view value;
};

// As of the encoded texts, of which '%' is the smallest byte.
[[nodiscard]] inline int compare_encoded(path_view a, path_view b) noexcept {
  const auto rank = [](char c) { return (is_unreserved(c) ? 256 : 0) + static_cast<int>(static_cast<unsigned char>(c)); };
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i] != b[i]) return rank(a[i]) - rank(b[i]);
  }
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

// Sorts the pairs.
template <std::size_t N>
void append_query(path_buffer<N>& to, query_pair* pairs, std::size_t count) noexcept {
  const auto before = [](const query_pair& a, const query_pair& b) {
    const int order = compare_encoded(a.name, b.name);
    return order != 0 ? order < 0 : compare_encoded(a.value, b.value) < 0;
  };
  for (std::size_t i = 1; i < count; ++i) {
    for (std::size_t k = i; k != 0 && before(pairs[k], pairs[k - 1]); --k) swapped(pairs[k], pairs[k - 1]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) to.append("&");
    append_percent(to, pairs[i].name, slashes::are_encoded);
    to.append("=");
    append_percent(to, pairs[i].value, slashes::are_encoded);
  }
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_PERCENT_HPP
