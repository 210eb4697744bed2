// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CLUSTER_CLUSTER_NAMES_HPP
#define PERDURE_CLUSTER_CLUSTER_NAMES_HPP

// What the state of a cluster names beside itself, and what is kept for as long as it does:
//
//   payload_id           bytes in the catalog, by their digest, and by the operation that put them there
//   a root               objects under graphs/<root>/. Its name ends with the operation that made it: "social-7"
//   state_names          the program's own function from the bytes of a state to all that it names: a plain one, or a lambda that
//                        captures nothing
//
// The number of the operation is a part of each name, so that none is ever given twice. What is garbage is deleted, and a
// delete that nobody has seen an answer of may come at any later moment (law S6 of store.hpp): it must find nothing that somebody
// has put there since. It is the token of the cluster's lock, which grows.
//
// to_text(id, buffer)     "sha256:", 64 hexadecimal digits, "/" and the number. parse_payload_id takes exactly what this writes.
// check_root_name(root)   up to 120 letters, digits, '.', '_' and '-', at the end "-" and the number; else invalid_argument
// operation_of_root(root) the number at its end: by which operation it was made. 0 where it is no root's name
// Thread rule: they are values.

#include <perdure/core/content_id.hpp>
#include <perdure/core/function_ref.hpp>
#include <perdure/store/store_types.hpp>

namespace perdure {
inline namespace v1 {

struct payload_id {
  static constexpr std::size_t text_size_max = content_id::text_size + 1 + 20;

  digest of = {};
  std::uint64_t operation = 0;  // which put it; 0 is none

  [[nodiscard]] friend bool operator==(const payload_id& a, const payload_id& b) noexcept {
    return a.of == b.of && a.operation == b.operation;
  }
};

struct cluster_name {
  payload_id payload = {};
  path_view root = {};  // empty where it is a payload
};
using cluster_name_visitor = function_ref<result<void>(const cluster_name&)>;

// Tells the visitor each name, in any order and as often as it likes, and stops with its failure. What it cannot read is corrupt,
// and then nothing is deleted; never fewer names.
using state_names = result<void> (*)(bytes state, cluster_name_visitor);

namespace detail {

inline constexpr std::size_t root_name_max = 120;

// 0 for what append_number does not write, and for 0 itself.
[[nodiscard]] inline std::uint64_t decimal_of(path_view text) noexcept {
  if (text.empty() || text[0] == '0') return 0;
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = static_cast<unsigned>(text[i] - '0');
    if (digit > 9 || number > (UINT64_MAX - digit) / 10) return 0;
    number = number * 10 + digit;
  }
  return number;
}

}  // namespace detail

// A smaller buffer than text_size_max is a programmer's error.
inline bytes to_text(const payload_id& id, mutable_bytes buffer) noexcept {
  PERDURE_ASSERT(buffer.size() >= payload_id::text_size_max, "the text of a payload_id needs 92 characters");
  path_buffer<21> number;
  number.append("/");
  detail::append_number(number, id.operation);
  to_text(content_id{id.of}, buffer);
  std::memcpy(buffer.data() + content_id::text_size, number.data(), number.size());
  return buffer.first(content_id::text_size + number.size());
}
[[nodiscard]] inline result<payload_id> parse_payload_id(bytes text) noexcept {
  const auto content = parse_content_id(text.first(content_id::text_size));
  if (!content) return content.error();
  const bytes rest = text.from(content_id::text_size);
  const path_view tail(reinterpret_cast<const char*>(rest.data()), rest.size());
  const std::uint64_t operation = tail.empty() || tail[0] != '/' ? 0 : detail::decimal_of(tail.from(1));
  if (operation == 0) return failure(code::invalid_argument, operation::none);
  return payload_id{content->root, operation};
}

[[nodiscard]] inline std::uint64_t operation_of_root(path_view root) noexcept {
  if (root.size() > detail::root_name_max) return 0;
  std::size_t end = 0;
  for (std::size_t i = 0; i < root.size(); ++i) {
    const char c = root[i];
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
    if (!plain && c != '-') return 0;
    if (c == '-') end = i;
  }
  return end == 0 ? 0 : detail::decimal_of(root.from(end + 1));
}
[[nodiscard]] inline result<void> check_root_name(path_view root) noexcept {
  if (operation_of_root(root) != 0) return {};
  return failure(code::invalid_argument, operation::none).about({root.data(), root.size()});
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CLUSTER_CLUSTER_NAMES_HPP
