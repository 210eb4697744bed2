// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CLUSTER_DETAIL_CLUSTER_KEYS_HPP
#define PERDURE_CLUSTER_DETAIL_CLUSTER_KEYS_HPP

// Where everything of a cluster lies in its Store. Format 1:
//
//   ledger                                 the state: an object_slot with a ledger
//   lock                                   who may change it: an object_slot with a slot_lock
//   catalog/sha256/<hex>/<operation>       payloads
//   graphs/<root>/...                      objects of a root, whatever they are called
//   recovery/<operation>                   what an operation makes and replaces, for as long as it has not ended
//   approvals/<hex>                        that somebody has approved what has this digest
//
// A named_key is how the collector calls what a state names: the key of a payload, the prefix of a root.

#include <perdure/cluster/cluster_names.hpp>
#include <perdure/store/key.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

inline constexpr path_view ledger_key = "ledger";
inline constexpr path_view lock_key = "lock";
inline constexpr path_view catalog_prefix = "catalog/";
inline constexpr path_view payload_prefix = "catalog/sha256/";
inline constexpr path_view roots_prefix = "graphs/";
inline constexpr path_view recovery_prefix = "recovery/";
inline constexpr path_view approvals_prefix = "approvals/";

using named_key = path_buffer<160>;

template <std::size_t N>
void append_hex(path_buffer<N>& to, const digest& of) noexcept {
  std::byte hex[digest::hex_size];
  to_hex(of, hex);
  to.append({reinterpret_cast<const char*>(hex), sizeof(hex)});
}
[[nodiscard]] inline result<digest> digest_of_text(path_view text) noexcept { return parse_digest({text.data(), text.size()}); }

[[nodiscard]] inline named_key key_of(const payload_id& id) noexcept {
  named_key key;
  key.append(payload_prefix);
  append_hex(key, id.of);
  key.append("/");
  append_number(key, id.operation);
  return key;
}
// What is no root's name has a prefix that is none's either.
[[nodiscard]] inline named_key prefix_of_root(path_view root) noexcept {
  named_key key;
  key.append(roots_prefix);
  if (operation_of_root(root) != 0) key.append(root);
  key.append("/");
  return key;
}
// By which it was made; 0 where it is no name.
[[nodiscard]] inline std::uint64_t operation_of(const cluster_name& one) noexcept {
  return one.root.empty() ? one.payload.operation : operation_of_root(one.root);
}
[[nodiscard]] inline named_key key_of(const cluster_name& one) noexcept {
  return one.root.empty() ? key_of(one.payload) : prefix_of_root(one.root);
}
[[nodiscard]] inline named_key key_of_recovery(std::uint64_t operation) noexcept {
  named_key key;
  key.append(recovery_prefix);
  append_number(key, operation);
  return key;
}
[[nodiscard]] inline named_key key_of_approval(const digest& of) noexcept {
  named_key key;
  key.append(approvals_prefix);
  append_hex(key, of);
  return key;
}

// The payload whose key this is; of operation 0 where it is none's.
[[nodiscard]] inline payload_id payload_of(key_view key) noexcept {
  if (!begins_with(key, payload_prefix)) return {};
  const path_view rest = key.from(payload_prefix.size());
  if (rest.size() < digest::hex_size + 2 || rest[digest::hex_size] != '/') return {};
  const auto of = digest_of_text(rest.first(digest::hex_size));
  if (!of) return {};
  return {*of, decimal_of(rest.from(digest::hex_size + 1))};
}
// The root in whose prefix this key is; empty where there is none.
[[nodiscard]] inline path_view root_of(key_view key) noexcept {
  if (!begins_with(key, roots_prefix)) return {};
  const path_view rest = key.from(roots_prefix.size());
  std::size_t end = 0;
  while (end < rest.size() && rest[end] != '/') ++end;
  return end == rest.size() || operation_of_root(rest.first(end)) == 0 ? path_view() : rest.first(end);
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CLUSTER_DETAIL_CLUSTER_KEYS_HPP
