// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_NODE_BUILDER_HPP
#define PERDURE_STORE_DETAIL_NODE_BUILDER_HPP

// node_builder: the nodes above the chunks of a content, level by level, while the chunks come.
//
// A node ends behind a child whose digest says so, so that an insertion changes the nodes around it and no others; one node at
// least, and one more in each level. The same chunks have the same nodes. A node goes to the sink as soon as it ends, and what is
// held is one unfinished node for each level.

#include <perdure/core/detail/room.hpp>
#include <perdure/core/function_ref.hpp>
#include <perdure/store/detail/content_node.hpp>

namespace perdure {
inline namespace v1 {

// How many children a node has. Names depend on it, as they do on chunking.
struct fan_out {
  std::size_t min_children = 32;
  std::size_t average_children = 128;  // behind the first ones
  std::size_t max_children = 512;

  [[nodiscard]] constexpr bool is_valid() const noexcept {
    return min_children >= 2 && average_children != 0 && min_children <= max_children &&
           max_children <= detail::node_children_limit;
  }
};

namespace detail {

// Takes a whole node and its name.
using node_sink = function_ref<result<void>(const digest&, bytes)>;

class node_builder {
 public:
  explicit node_builder(const fan_out& how) noexcept : how_(how) {}

  [[nodiscard]] result<void> add(const digest& chunk, std::uint64_t size_bytes, node_sink sink) {
    return add(1, {chunk, size_bytes}, sink);
  }
  // For another content.
  void restart() noexcept {
    for (unfinished& node : levels_) node.count = 0, node.size_bytes = 0;
    top_ = 0;
  }
  // The root; at least one chunk was added.
  [[nodiscard]] result<digest> finish(node_sink sink) {
    for (std::uint8_t level = 1; level <= top_; ++level) {
      const bool is_root = level == top_ && level > 1 && levels_[level].count == 1;
      if (is_root) return levels_[level].first();
      if (levels_[level].count != 0) PERDURE_TRY(close(level, sink));
    }
    return failure(code::too_large, operation::put);
  }

 private:
  struct unfinished {
    room<std::byte> object;  // the head's place, and the children
    std::size_t count = 0;
    std::uint64_t size_bytes = 0;

    [[nodiscard]] digest first() const noexcept { return stored_at<node_child>(object.data() + sizeof(node_head)).of; }
  };

  [[nodiscard]] result<void> add(std::uint8_t level, const node_child& child, node_sink sink) {
    if (level > node_level_max) return failure(code::too_large, operation::put);
    unfinished& node = levels_[level];
    top_ = level > top_ ? level : top_;
    const std::size_t at = sizeof(node_head) + node.count * sizeof(node_child);
    if (!node.object.reserve(sizeof(node_head) + how_.max_children * sizeof(node_child))) return no_memory();
    (void)node.object.resize(at + sizeof(node_child));
    std::memcpy(node.object.data() + at, &child, sizeof(child));
    if (child.size_bytes > UINT64_MAX - node.size_bytes) return failure(code::too_large, operation::put);
    node.size_bytes += child.size_bytes;
    ++node.count;
    const auto says = stored_at<little<std::uint64_t>>(child.of.bytes);
    const bool ends = node.count >= how_.min_children && says < UINT64_MAX / how_.average_children;
    return ends || node.count == how_.max_children ? close(level, sink) : result<void>();
  }
  [[nodiscard]] result<void> close(std::uint8_t level, node_sink sink) {
    unfinished& node = levels_[level];
    const node_head head = head_of(level, node.size_bytes, node.count);
    std::memcpy(node.object.data(), &head, sizeof(head));
    const bytes object = bytes(node.object.data(), node.object.size());
    const node_child made{sha256_of(object), node.size_bytes};
    PERDURE_TRY(sink(made.of, object));
    node.count = 0;
    node.size_bytes = 0;
    return add(static_cast<std::uint8_t>(level + 1), made, sink);
  }

  fan_out how_;
  unfinished levels_[node_level_max + 2];
  std::uint8_t top_ = 0;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_NODE_BUILDER_HPP
