// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_CONTENT_READER_HPP
#define PERDURE_STORE_DETAIL_CONTENT_READER_HPP

// content_reader: from the name of a root down to the bytes, each of whose objects is held against its digest.

#include <perdure/core/codec.hpp>
#include <perdure/store/detail/condemned_list.hpp>
#include <perdure/store/detail/content_node.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <class Objects>
class content_reader {
 public:
  explicit content_reader(Objects& objects) noexcept : objects_(objects) {}

  // Success: how many bytes the content has.
  [[nodiscard]] result<std::uint64_t> open(const digest& root) {
    PERDURE_TRY(load(root, node_level_max));
    return levels_[top_].size_bytes;
  }
  // Those of [from, from + count) that there are, in order.
  [[nodiscard]] result<void> read(std::uint64_t from, std::uint64_t count, byte_sink sink) {
    const std::uint64_t size = levels_[top_].size_bytes;
    if (from >= size || count == 0) return {};
    return descend(top_, from, count < size - from ? count : size - from, sink);
  }

 private:
  struct loaded {
    room<std::byte> object;
    std::uint64_t size_bytes = 0;
  };
  [[nodiscard]] static content_node node_of(const loaded& one) noexcept {
    // It was parsed before.
    return *parse_node(bytes(one.object.data(), one.object.size()));
  }

  // A node whose level is `level`, or, of a root, at most that.
  [[nodiscard]] result<void> load(const digest& of, std::uint8_t level, const std::uint64_t* size_bytes = nullptr) {
    if (!buffer_.resize(node_size_max)) return no_memory();
    const auto got = objects_.fetch(of, mutable_bytes(buffer_.data(), buffer_.size()));
    if (!got) return got.error();
    const bytes object = bytes(buffer_.data(), *got);
    const auto node = parse_node(object);
    const content_key key = object_key({of, 0});
    if (!node) return node.error().about({key.data(), key.size()});
    const bool expected = size_bytes == nullptr || (node->level == level && node->size_bytes == *size_bytes);
    if (!expected) return failure(code::corrupt, operation::get).about({key.data(), key.size()});
    if (size_bytes == nullptr) top_ = node->level;
    loaded& to = levels_[node->level];
    if (!to.object.resize(object.size())) return no_memory();
    std::memcpy(to.object.data(), object.data(), object.size());
    to.size_bytes = node->size_bytes;
    return {};
  }

  // There is something to read in [from, from + count), and it is all in this node. As deep as there are levels.
  [[nodiscard]] result<void> descend(std::uint8_t level, std::uint64_t from, std::uint64_t count, byte_sink sink) {
    const content_node node = node_of(levels_[level]);
    if (level == 0) return sink(node.body.from(static_cast<std::size_t>(from)).first(static_cast<std::size_t>(count)));
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < node.count && at < from + count; ++i) {
      const node_child child = node.child(i);
      const std::uint64_t size = child.size_bytes;
      const std::uint64_t skip = from > at ? from - at : 0;
      if (skip < size) {
        const std::uint64_t most = from + count - at < size ? from + count - at : size;
        if (level == 1) {
          PERDURE_TRY(pass(child, skip, most - skip, sink));
        } else {
          const auto below = static_cast<std::uint8_t>(level - 1);
          PERDURE_TRY(load(child.of, below, &size));
          PERDURE_TRY(descend(below, skip, most - skip, sink));
        }
      }
      at += size;
    }
    return {};
  }
  [[nodiscard]] result<void> pass(const node_child& chunk, std::uint64_t from, std::uint64_t count, byte_sink sink) {
    const auto size = static_cast<std::size_t>(chunk.size_bytes);
    if (!buffer_.resize(size)) return no_memory();
    const auto got = objects_.fetch_chunk(chunk.of, mutable_bytes(buffer_.data(), size));
    if (!got) return got.error();
    return sink(bytes(buffer_.data(), size).from(static_cast<std::size_t>(from)).first(static_cast<std::size_t>(count)));
  }

  Objects& objects_;
  loaded levels_[node_level_max + 1];
  room<std::byte> buffer_;
  std::uint8_t top_ = 0;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_CONTENT_READER_HPP
