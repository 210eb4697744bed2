// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_CONTENT_ID_HPP
#define PERDURE_CORE_CONTENT_ID_HPP

// content_id: the name that a content_store gives to content, by the digest of its root object. Equal content, cut in the same
// way, has equal ids, on every machine; whoever has the id can check every byte that is told to belong to it.
//
//   to_text(id, buffer)       "sha256:" and 64 hexadecimal digits, lower case
//   parse_content_id(text)    takes exactly what to_text writes, for an id has one text

#include <perdure/core/sha256.hpp>

namespace perdure {
inline namespace v1 {

struct content_id {
  static constexpr std::size_t text_size = 7 + digest::hex_size;

  digest root;

  [[nodiscard]] friend bool operator==(const content_id& a, const content_id& b) noexcept { return a.root == b.root; }
};

namespace detail {
inline constexpr char content_id_scheme[] = {'s', 'h', 'a', '2', '5', '6', ':'};
}

// Writes 71 characters, no NUL, and returns a view of them. A smaller buffer is a programmer's error.
inline bytes to_text(const content_id& id, mutable_bytes buffer) noexcept {
  PERDURE_ASSERT(buffer.size() >= content_id::text_size, "the text of a content_id needs 71 characters");
  std::memcpy(buffer.data(), detail::content_id_scheme, sizeof(detail::content_id_scheme));
  to_hex(id.root, buffer.from(sizeof(detail::content_id_scheme)));
  return buffer.first(content_id::text_size);
}

// Failure: invalid_argument.
[[nodiscard]] inline result<content_id> parse_content_id(bytes text) noexcept {
  constexpr std::size_t scheme_size = sizeof(detail::content_id_scheme);
  if (!(text.first(scheme_size) == bytes(detail::content_id_scheme))) return failure(code::invalid_argument, operation::none);
  const auto root = parse_digest(text.from(scheme_size));
  if (!root) return root.error();
  return content_id{*root};
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_CONTENT_ID_HPP
