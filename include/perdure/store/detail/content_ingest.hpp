// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_CONTENT_INGEST_HPP
#define PERDURE_STORE_DETAIL_CONTENT_INGEST_HPP

// content_ingest: one content on its way into a content_store, a window of it at a time.

#include <perdure/core/progress.hpp>
#include <perdure/store/content_pin.hpp>
#include <perdure/store/detail/node_builder.hpp>
#include <perdure/store/store_optional.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// Bytes that want to be an object, and its name.
struct new_object {
  digest of;
  bytes content;
};

template <class Objects, class Pin>
class content_ingest {
 public:
  content_ingest(Objects& objects, Pin& pin, byte_source source, progress_watch watch) noexcept
      : objects_(objects), pin_(pin), source_(source), watch_(watch), builder_(objects.options().nodes) {}

  // Success: the root.
  [[nodiscard]] result<digest> run() {
    const chunking& how = objects_.options().chunks;
    const std::size_t wanted = objects_.options().window_bytes;
    if (!window_.resize(wanted < 2 * how.max_bytes ? 2 * how.max_bytes : wanted)) return no_memory();
    for (;;) {
      PERDURE_TRY(fill());
      if (is_end_ && size_bytes_ == 0 && held_ <= objects_.options().inline_max_bytes) return whole();
      PERDURE_TRY(cut());
      PERDURE_TRY(store_window());
      PERDURE_TRY(told());
      if (is_end_ && held_ == 0) return finish();
    }
  }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  [[nodiscard]] std::uint64_t objects() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t new_objects() const noexcept { return new_count_; }
  [[nodiscard]] std::uint64_t new_bytes() const noexcept { return new_bytes_; }

 private:
  [[nodiscard]] result<void> fill() {
    while (!is_end_ && held_ < window_.size()) {
      const auto got = source_(mutable_bytes(window_.data() + held_, window_.size() - held_));
      if (!got) return got.error();
      is_end_ = *got == 0;
      held_ += *got;
    }
    return {};
  }
  // Chunks of the window, as long as it holds all that may count for one.
  [[nodiscard]] result<void> cut() {
    const chunking& how = objects_.options().chunks;
    pieces_.clear();
    cut_ = 0;
    while (cut_ != held_ && (is_end_ || held_ - cut_ >= how.max_bytes)) {
      const bytes rest = bytes(window_.data() + cut_, held_ - cut_);
      const bytes piece = rest.first(chunk_size(rest, how));
      if (!pieces_.push(piece)) return no_memory();
      cut_ += piece.size();
    }
    if (!digests_.resize(pieces_.size())) return no_memory();
    sha256_of_many(pieces_.data(), digests_.data(), pieces_.size());
    return {};
  }
  [[nodiscard]] result<void> store_window() {
    todo_.clear();
    nodes_.clear();
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      if (!todo_.push({digests_[i], pieces_[i]})) return no_memory();
      PERDURE_TRY(builder_.add(digests_[i], pieces_[i].size(), [&](const digest& of, bytes node) { return keep(of, node); }));
    }
    PERDURE_TRY(put());
    size_bytes_ += cut_;
    held_ -= cut_;
    if (held_ != 0) std::memmove(window_.data(), window_.data() + cut_, held_);
    return {};
  }
  [[nodiscard]] result<digest> finish() {
    todo_.clear();
    nodes_.clear();
    const auto root = builder_.finish([&](const digest& of, bytes node) { return keep(of, node); });
    if (!root) return root;
    PERDURE_TRY(put());
    return root;
  }
  [[nodiscard]] result<digest> whole() {
    const node_head head = head_of(0, held_, 0);
    nodes_.clear();
    todo_.clear();
    if (!nodes_.resize(sizeof(head) + held_)) return no_memory();
    std::memcpy(nodes_.data(), &head, sizeof(head));
    if (held_ != 0) std::memcpy(nodes_.data() + sizeof(head), window_.data(), held_);
    size_bytes_ = held_;
    const bytes node = bytes(nodes_.data(), nodes_.size());
    const digest root = sha256_of(node);
    if (!todo_.push({root, node})) return no_memory();
    PERDURE_TRY(put());
    return root;
  }
  // A node that the builder will write over. Where it is kept may move, so that it is noted by its size alone.
  [[nodiscard]] result<void> keep(const digest& of, bytes node) {
    const std::size_t at = nodes_.size();
    if (!todo_.push({of, bytes(static_cast<const std::byte*>(nullptr), node.size())})) return no_memory();
    if (!nodes_.reserve(at + node.size() < 4096 ? 4096 : 2 * (at + node.size()))) return no_memory();
    (void)nodes_.resize(at + node.size());
    std::memcpy(nodes_.data() + at, node.data(), node.size());
    return {};
  }

  [[nodiscard]] result<void> put() {
    std::size_t at = 0;
    for (new_object& one : todo_) {
      if (one.content.data() != nullptr) continue;
      one.content = bytes(nodes_.data() + at, one.content.size());
      at += one.content.size();
    }
    const auto done = objects_.store_all(pin_, todo_.data(), todo_.size(), new_count_, new_bytes_);
    count_ += todo_.size();
    return done;
  }
  [[nodiscard]] result<void> told() {
    if (watch_({size_bytes_, progress::unknown, count_}) == proceed::go_on) return {};
    return failure(code::cancelled, operation::put);
  }

  Objects& objects_;
  Pin& pin_;
  byte_source source_;
  progress_watch watch_;
  node_builder builder_;
  room<std::byte> window_;
  room<bytes> pieces_;
  room<digest> digests_;
  room<new_object> todo_;
  room<std::byte> nodes_;
  std::size_t held_ = 0;
  std::size_t cut_ = 0;
  bool is_end_ = false;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t new_count_ = 0;
  std::uint64_t new_bytes_ = 0;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_CONTENT_INGEST_HPP
