// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_CONTENT_WINDOW_HPP
#define PERDURE_STORE_DETAIL_CONTENT_WINDOW_HPP

// content_window: a part of a content, its chunks and their digests, and the objects that are to be stored of it.

#include <perdure/core/chunker.hpp>
#include <perdure/store/content_pin.hpp>
#include <perdure/store/detail/node_builder.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// Bytes that want to be an object.
struct new_object {
  content_copy copy;
  bytes content;
  bool is_chunk = false;
};
struct ingest_count {
  std::uint64_t new_objects = 0;
  std::uint64_t new_bytes = 0;
};

struct content_window {
  room<std::byte> memory;
  std::size_t held = 0;       // of the memory
  std::size_t cut_bytes = 0;  // of what is held, those in a chunk of this window; the others belong to the next one
  bool is_last = false;
  room<bytes> pieces;
  room<digest> digests;
  room<new_object> todo;
  room<std::byte> nodes;

  // With what the window before has left, which may be this one.
  template <class Options>
  [[nodiscard]] result<void> begin(const Options& options, const content_window& before) {
    std::size_t size = 2 * options.chunks.max_bytes;
    size = size > options.inline_max_bytes ? size : options.inline_max_bytes + 1;  // so that what is inline never depends on it
    if (!memory.resize(size > options.window_bytes ? size : options.window_bytes)) return no_memory();
    const bytes left = bytes(before.memory.data(), before.held).from(before.cut_bytes);
    if (!left.empty()) std::memmove(memory.data(), left.data(), left.size());
    held = left.size();
    return {};
  }
  [[nodiscard]] bool is_full() const noexcept { return held == memory.size(); }
  // As much of it as there is room for. What is left.
  [[nodiscard]] bytes add(bytes piece) noexcept {
    const bytes some = piece.first(memory.size() - held);
    if (!some.empty()) std::memcpy(memory.data() + held, some.data(), some.size());
    held += some.size();
    return piece.from(some.size());
  }
  // As much as there is room for, and cut.
  template <class Options>
  [[nodiscard]] result<void> fill(byte_source source, const Options& options, const content_window& before) {
    PERDURE_TRY(begin(options, before));
    bool is_end = false;
    while (!is_end && !is_full()) {
      const auto got = source(mutable_bytes(memory.data() + held, memory.size() - held));
      if (!got) return got.error();
      is_end = *got == 0;
      held += *got;
    }
    return cut(options.chunks, is_end);
  }
  // One of so many equal parts of it.
  void hash(std::size_t part, std::size_t parts) noexcept {
    const std::size_t from = pieces.size() * part / parts;
    const std::size_t to = pieces.size() * (part + 1) / parts;
    sha256_of_many(pieces.data() + from, digests.data() + from, to - from);
  }

  void begin_naming() noexcept {
    todo.clear();
    nodes.clear();
  }
  // A node that its builder will write over. Where it is kept may move until the end.
  [[nodiscard]] result<void> keep(const content_copy& copy, bytes node) {
    const std::size_t at = nodes.size();
    const std::size_t wanted = at + node.size();
    if (!nodes.reserve(wanted < 4096 ? 4096 : 2 * wanted) || !nodes.resize(wanted)) return no_memory();
    std::memcpy(nodes.data() + at, node.data(), node.size());
    return todo.push({copy, bytes(static_cast<const std::byte*>(nullptr), node.size()), false}) ? result<void>() : no_memory();
  }
  void end_naming() noexcept {
    std::size_t at = 0;
    for (new_object& one : todo) {
      if (one.is_chunk) continue;
      one.content = bytes(nodes.data() + at, one.content.size());
      at += one.content.size();
    }
  }

  // As long as there is all that may count for a chunk.
  [[nodiscard]] result<void> cut(const chunking& how, bool is_end) {
    pieces.clear();
    cut_bytes = 0;
    while (cut_bytes != held && (is_end || held - cut_bytes >= how.max_bytes)) {
      const bytes rest = bytes(memory.data(), held).from(cut_bytes);
      const bytes piece = rest.first(chunk_size(rest, how));
      if (!pieces.push(piece)) return no_memory();
      cut_bytes += piece.size();
    }
    is_last = is_end && cut_bytes == held;
    return digests.resize(pieces.size()) ? result<void>() : no_memory();
  }
  void forget() noexcept {
    held = cut_bytes = 0;
    todo.clear();
  }
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_CONTENT_WINDOW_HPP
