// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_CONTENT_KEYS_HPP
#define PERDURE_STORE_DETAIL_CONTENT_KEYS_HPP

// Under which keys a content_store keeps what it has:
//
//   objects/<64 hex>        a chunk or a node, by its digest; the first copy of it
//   objects/<64 hex>.<n>    copy n, decimal, from 1: made when the one before was condemned, for a delete that was sent may still
//                           hit that one
//   pins/<nonce>            a writer at work (content_pin.hpp)
//   condemned/<nonce>       copies that are about to be deleted (condemned_list.hpp)
//   quarantine/<64 hex>.<n> what an altered copy held (scrub.hpp)
// A nonce is four numbers of 16 hexadecimal digits, '-' between them.

#include <perdure/core/sha256.hpp>
#include <perdure/fs/fs_types.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

inline constexpr std::size_t content_key_size_max = 104;
using content_key = path_buffer<content_key_size_max>;

inline constexpr path_view objects_prefix = "objects/";
inline constexpr path_view pins_prefix = "pins/";
inline constexpr path_view condemned_prefix = "condemned/";
inline constexpr path_view quarantine_prefix = "quarantine/";

// One of the copies of an object.
struct content_copy {
  digest of;
  std::uint32_t generation = 0;
  friend bool operator==(const content_copy&, const content_copy&) = default;
};

[[nodiscard]] inline content_key key_of(path_view prefix, const content_copy& copy) noexcept {
  content_key key;
  char hex[digest::hex_size];
  to_hex(copy.of, hex);
  key.append(prefix).append({hex, sizeof(hex)});
  if (copy.generation == 0) return key;
  char digits[10];
  std::size_t at = sizeof(digits);
  for (std::uint32_t rest = copy.generation; rest != 0; rest /= 10) digits[--at] = static_cast<char>('0' + rest % 10);
  key.append(".").append({digits + at, sizeof(digits) - at});
  return key;
}
[[nodiscard]] inline content_key object_key(const content_copy& copy) noexcept { return key_of(objects_prefix, copy); }

// Failure: invalid_argument, where key_of does not make this.
[[nodiscard]] inline result<content_copy> parse_copy(path_view prefix, path_view key) noexcept {
  const failure other(code::invalid_argument, operation::none);
  if (!(key.first(prefix.size()) == prefix)) return other;
  const path_view name = key.from(prefix.size());
  const auto of = parse_digest(bytes(name.data(), name.size()).first(digest::hex_size));
  if (!of) return other;
  const path_view rest = name.from(digest::hex_size);
  if (rest.empty()) return content_copy{*of, 0};
  std::uint64_t generation = 0;
  if (rest.size() < 2 || rest.size() > 11 || rest[0] != '.' || rest[1] == '0') return other;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] < '0' || rest[i] > '9') return other;
    generation = generation * 10 + static_cast<std::uint64_t>(rest[i] - '0');
  }
  if (generation > UINT32_MAX) return other;
  return content_copy{*of, static_cast<std::uint32_t>(generation)};
}

[[nodiscard]] inline content_key key_of(path_view prefix, const struct nonce& nonce) noexcept {
  content_key key;
  key.append(prefix);
  const std::uint64_t parts[4] = {nonce.place, nonce.process, nonce.started, nonce.serial};
  for (int i = 0; i < 4; ++i) {
    char digits[16];
    for (int digit = 0; digit < 16; ++digit) digits[digit] = "0123456789abcdef"[parts[i] >> (60 - 4 * digit) & 15];
    key.append(i == 0 ? "" : "-").append({digits, sizeof(digits)});
  }
  return key;
}
[[nodiscard]] inline result<struct nonce> parse_nonce(path_view prefix, path_view key) noexcept {
  const failure other(code::invalid_argument, operation::none);
  if (!(key.first(prefix.size()) == prefix) || key.size() != prefix.size() + 4 * 16 + 3) return other;
  std::uint64_t parts[4] = {};
  for (std::size_t i = 0; i < 4 * 17 - 1; ++i) {
    const char c = key[prefix.size() + i];
    const bool is_digit = c >= '0' && c <= '9';
    if (i % 17 == 16 ? c != '-' : !is_digit && !(c >= 'a' && c <= 'f')) return other;
    if (i % 17 != 16) parts[i / 17] = parts[i / 17] << 4 | static_cast<std::uint64_t>(is_digit ? c - '0' : c - 'a' + 10);
  }
  return nonce{parts[0], parts[1], parts[2], parts[3]};
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_CONTENT_KEYS_HPP
