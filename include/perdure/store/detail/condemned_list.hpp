// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_CONDEMNED_LIST_HPP
#define PERDURE_STORE_DETAIL_CONDEMNED_LIST_HPP

// A list of copies that are condemned: one object under condemned/<nonce>.
//
//   offset  size
//        0     4  "PdCl"
//        4     1  version, 1
//        5     1  why: 1 nothing names them, 2 they are altered
//        6     1  stage: 1 condemned, 2 being deleted, 3 given up
//        7     1  zero
//        8     4  how many
//       12     4  CRC32C of what follows and of the 12 bytes in front
//       16        for each: 32 its digest, 4 its generation
// Numbers are little-endian. A stage follows the one before by a put that matches it, and never comes back, so that of an owner
// who begins to delete and somebody who gives the list up one wins.

#include <perdure/core/crc32c.hpp>
#include <perdure/core/detail/byte_order.hpp>
#include <perdure/core/detail/room.hpp>
#include <perdure/store/detail/content_keys.hpp>
#include <perdure/store/detail/key_pages.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

enum class condemned_why : std::uint8_t { unnamed = 1, altered = 2 };
enum class condemned_stage : std::uint8_t { condemned = 1, deleting = 2, given_up = 3 };

inline constexpr char condemned_magic[4] = {'P', 'd', 'C', 'l'};
inline constexpr std::size_t condemned_copies_max = 4096;

struct condemned_head {
  char magic[4];
  little<std::uint8_t> version;
  little<std::uint8_t> why;
  little<std::uint8_t> stage;
  little<std::uint8_t> zero;
  little<std::uint32_t> count;
  little<std::uint32_t> checksum;
};
static_assert(sizeof(condemned_head) == 16 && offsetof(condemned_head, count) == 8);
struct stored_copy {
  digest of;
  little<std::uint32_t> generation;
};
static_assert(sizeof(stored_copy) == 36);

inline constexpr std::size_t condemned_size_max = sizeof(condemned_head) + condemned_copies_max * sizeof(stored_copy);

struct condemned_list {
  condemned_why why = condemned_why::unnamed;
  condemned_stage stage = condemned_stage::condemned;
  room<stored_copy> copies;

  [[nodiscard]] content_copy copy(std::size_t i) const noexcept { return {copies[i].of, copies[i].generation}; }
  [[nodiscard]] bytes body() const noexcept {
    return {reinterpret_cast<const std::byte*>(copies.data()), copies.size() * sizeof(stored_copy)};
  }
  [[nodiscard]] condemned_head head() const noexcept {
    condemned_head head{};
    std::memcpy(head.magic, condemned_magic, sizeof(head.magic));
    head.version = 1;
    head.why = static_cast<std::uint8_t>(why);
    head.stage = static_cast<std::uint8_t>(stage);
    head.count = static_cast<std::uint32_t>(copies.size());
    head.checksum = crc32c(before_checksum(head), crc32c(body()));
    return head;
  }
};

// Failure: corrupt; version_unsupported; no_space.
[[nodiscard]] inline result<condemned_list> parse_condemned(bytes object) {
  const failure refused(code::corrupt, operation::get);
  if (object.size() < sizeof(condemned_head)) return refused;
  const auto head = stored_at<condemned_head>(object.data());
  if (std::memcmp(head.magic, condemned_magic, sizeof(head.magic)) != 0) return refused;
  if (head.version != 1) return failure(code::version_unsupported, operation::get);
  const bytes body = object.from(sizeof(head));
  const bool sized = head.count <= condemned_copies_max && body.size() == head.count * sizeof(stored_copy);
  if (!sized || head.checksum != crc32c(before_checksum(head), crc32c(body))) return refused;
  if (head.why < 1 || head.why > 2 || head.stage < 1 || head.stage > 3 || head.zero != 0) return refused;
  condemned_list list;
  list.why = static_cast<condemned_why>(std::uint8_t{head.why});
  list.stage = static_cast<condemned_stage>(std::uint8_t{head.stage});
  if (!list.copies.resize(head.count)) return no_memory();
  if (head.count != 0) std::memcpy(static_cast<void*>(list.copies.data()), body.data(), body.size());
  return list;
}

struct kept_list {
  condemned_list list;
  class etag etag;
};
template <Store S>
[[nodiscard]] result<kept_list> read_condemned(S& store, key_view key) {
  room<std::byte> object;
  if (!object.resize(condemned_size_max)) return no_memory();
  const auto got = store.get(key, mutable_bytes(object.data(), object.size()));
  if (!got) return got.error();
  auto list = parse_condemned(bytes(object.data(), static_cast<std::size_t>(got->size_bytes)));
  if (!list) return list.error().about({key.data(), key.size()});
  return kept_list{moved(*list), got->etag};
}
template <Store S>
[[nodiscard]] result<etag> put_condemned(S& store, key_view key, const condemned_list& list, const precondition& when) {
  const condemned_head head = list.head();
  const bytes parts[] = {stored_bytes(head), list.body()};
  return store.put(key, gather(parts, 2), when);
}

// Calls with every object whose key begins so.
template <Store S, class Use>
[[nodiscard]] result<void> each_key(S& store, key_view prefix, Use&& use) {
  return for_each_object(store, prefix, 1000, [&](const listed_object& one) -> result<visit> {
    PERDURE_TRY(use(one));
    return visit::go_on;
  });
}

// Those with a nonce behind the prefix, all at once, to be gone through while the store changes. What else is there is none of
// ours.
template <Store S>
[[nodiscard]] result<void> keys_below(S& store, key_view prefix, room<content_key>& keys) {
  return each_key(store, prefix, [&](const listed_object& one) -> result<void> {
    if (!parse_nonce(prefix, one.key)) return {};
    content_key key;
    key.append(one.key);
    return keys.push(key) ? result<void>() : no_memory();
  });
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_CONDEMNED_LIST_HPP
