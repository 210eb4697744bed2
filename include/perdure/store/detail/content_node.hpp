// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_CONTENT_NODE_HPP
#define PERDURE_STORE_DETAIL_CONTENT_NODE_HPP

// The node of a content: what its objects hold, besides the chunks, which are their bytes and nothing else.
//
//   offset  size
//        0     4  "PdCn"
//        4     1  version, 1
//        5     1  level: 0 holds the content itself, 1 names chunks, and n names nodes of level n - 1
//        6     2  zero
//        8     8  how many bytes of content there are below
//       16     4  count of children; 0 in level 0
//       20        level 0: the content
//                 else for each child: 32 its digest, 8 how many bytes of content it has, 1 or more
// Numbers are little-endian. There is no checksum: the object's name is its digest. What comes from elsewhere is no danger to
// whoever reads it: levels go down, no child is empty, and the sizes of a node's children add up to its own.

#include <perdure/core/chunker.hpp>
#include <perdure/core/detail/byte_order.hpp>
#include <perdure/core/sha256.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

inline constexpr char node_magic[4] = {'P', 'd', 'C', 'n'};
inline constexpr std::uint8_t node_version = 1;
inline constexpr std::uint8_t node_level_max = 16;
inline constexpr std::size_t node_children_limit = 4096;
inline constexpr std::size_t node_inline_limit = std::size_t{64} << 10;

struct node_head {
  char magic[4];
  little<std::uint8_t> version;
  little<std::uint8_t> level;
  little<std::uint16_t> zero;
  little<std::uint64_t> size_bytes;
  little<std::uint32_t> count;
};
static_assert(sizeof(node_head) == 20 && offsetof(node_head, level) == 5 && offsetof(node_head, size_bytes) == 8 &&
              offsetof(node_head, count) == 16);

struct node_child {
  digest of;
  little<std::uint64_t> size_bytes;
};
static_assert(sizeof(node_child) == 40 && alignof(node_child) == 1 && offsetof(node_child, size_bytes) == 32);

inline constexpr std::size_t node_size_max = sizeof(node_head) + node_children_limit * sizeof(node_child);
static_assert(node_size_max >= sizeof(node_head) + node_inline_limit);

[[nodiscard]] inline node_head head_of(std::uint8_t level, std::uint64_t size_bytes, std::size_t count) noexcept {
  node_head head{};
  std::memcpy(head.magic, node_magic, sizeof(head.magic));
  head.version = node_version;
  head.level = level;
  head.size_bytes = size_bytes;
  head.count = static_cast<std::uint32_t>(count);
  return head;
}

// A node whose digest was right, and what is said about it where it is named.
struct content_node {
  std::uint8_t level = 0;
  std::uint64_t size_bytes = 0;
  std::size_t count = 0;
  bytes body;

  [[nodiscard]] node_child child(std::size_t i) const noexcept {
    return stored_at<node_child>(body.data() + i * sizeof(node_child));
  }
};

// Failure: corrupt; version_unsupported.
[[nodiscard]] inline result<content_node> parse_node(bytes object) noexcept {
  const failure refused(code::corrupt, operation::get);
  if (object.size() < sizeof(node_head)) return refused;
  const auto head = stored_at<node_head>(object.data());
  if (std::memcmp(head.magic, node_magic, sizeof(head.magic)) != 0 || head.version == 0) return refused;
  if (head.version > node_version) return failure(code::version_unsupported, operation::get);
  content_node node{head.level, head.size_bytes, head.count, object.from(sizeof(head))};
  if (head.zero != 0 || node.level > node_level_max) return refused;
  if (node.level == 0) {
    const bool good = node.count == 0 && node.body.size() == node.size_bytes && node.size_bytes <= node_inline_limit;
    return good ? result<content_node>(node) : result<content_node>(refused);
  }
  if (node.count == 0 || node.count > node_children_limit || node.body.size() != node.count * sizeof(node_child)) return refused;
  std::uint64_t left = node.size_bytes;
  for (std::size_t i = 0; i < node.count; ++i) {
    const std::uint64_t size = node.child(i).size_bytes;
    if (size == 0 || size > left || (node.level == 1 && size > chunking::limit_bytes)) return refused;
    left -= size;
  }
  if (left != 0) return refused;
  return node;
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_CONTENT_NODE_HPP
