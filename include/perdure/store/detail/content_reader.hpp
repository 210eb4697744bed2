// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_CONTENT_READER_HPP
#define PERDURE_STORE_DETAIL_CONTENT_READER_HPP

// content_reader: from the name of a root down to the bytes, each of whose objects is held against its digest. Chunks are got
// some at a time, by several workers where there are, so that their digests are worked out beside one another.

#include <perdure/core/codec.hpp>
#include <perdure/core/jobs.hpp>
#include <perdure/core/progress.hpp>
#include <perdure/store/detail/content_objects.hpp>

namespace perdure {
inline namespace v1 {

// Of a walk over the objects of a content: is what is below this one to be walked, too?
enum class below : std::uint8_t { enter, pass_over };
enum class object_kind : std::uint8_t { chunk, node };
using object_walker = function_ref<result<below>(const digest&, object_kind)>;

namespace detail {

template <class Objects>
class content_reader {
 public:
  explicit content_reader(Objects& objects) noexcept : objects_(objects) {}

  // Success: how many bytes the content has.
  [[nodiscard]] result<std::uint64_t> open(const digest& root) {
    PERDURE_TRY(load(root, nullptr));
    return levels_[top_].size_bytes;
  }
  // Those of [from, from + count) that there are, in order.
  template <class Options>
  [[nodiscard]] result<void> read(std::uint64_t from, std::uint64_t count, byte_sink sink, const Options& how) {
    const std::uint64_t size = levels_[top_].size_bytes;
    if (from >= size || count == 0) return {};
    const reading to{sink, how.watch, how.jobs, how.workers == 0 ? 1 : how.workers};
    total_ = count < size - from ? count : size - from;
    PERDURE_TRY(descend(top_, from, total_, to));
    return flush(to);
  }

  // Every object below the root, and that itself, in front of what is below it. Chunks are named, and not read.
  [[nodiscard]] result<void> walk(const digest& root, object_walker walker) {
    const auto how = walker(root, object_kind::node);
    if (!how) return how.error();
    if (*how == below::pass_over) return {};
    PERDURE_TRY(load(root, nullptr));
    return top_ == 0 ? result<void>() : walk(top_, walker);
  }

 private:
  static constexpr std::size_t chunks_max = 32;
  static constexpr std::size_t held_max = std::size_t{8} << 20;

  struct reading {
    byte_sink sink;
    progress_watch watch;
    job_runner jobs;
    std::size_t workers;
  };
  struct loaded {
    room<std::byte> object;
    std::uint64_t size_bytes = 0;
  };
  // A chunk that is wanted, and which part of it.
  struct wanted {
    digest of;
    std::size_t at;
    std::size_t size;
    std::size_t from;
    std::size_t count;
  };

  // Of a child, what its parent says of it is expected.
  [[nodiscard]] result<void> load(const digest& of, const node_child* expected, std::uint8_t level = 0) {
    if (!object_.resize(node_size_max)) return no_memory();
    const auto got = objects_.fetch(of, mutable_bytes(object_.data(), object_.size()));
    if (!got) return got.error();
    const bytes object = bytes(object_.data(), *got);
    const auto node = parse_node(object);
    if (!node) return about_copy(node.error(), {of, 0});
    if (expected != nullptr && (node->level != level || node->size_bytes != expected->size_bytes))
      return about_copy(failure(code::corrupt, operation::get), {of, 0});
    if (expected == nullptr) top_ = node->level;
    loaded& to = levels_[node->level];
    if (!to.object.resize(object.size())) return no_memory();
    std::memcpy(to.object.data(), object.data(), object.size());
    to.size_bytes = node->size_bytes;
    return {};
  }

  [[nodiscard]] content_node node_at(std::uint8_t level) const noexcept {
    const loaded& here = levels_[level];
    return *parse_node(bytes(here.object.data(), here.object.size()));
  }
  [[nodiscard]] result<void> walk(std::uint8_t level, object_walker walker) {
    const content_node node = node_at(level);
    for (std::size_t i = 0; i < node.count; ++i) {
      const node_child child = node.child(i);
      const auto how = walker(child.of, level == 1 ? object_kind::chunk : object_kind::node);
      if (!how) return how.error();
      if (level == 1 || *how == below::pass_over) continue;
      const auto lower = static_cast<std::uint8_t>(level - 1);
      PERDURE_TRY(load(child.of, &child, lower));
      PERDURE_TRY(walk(lower, walker));
    }
    return {};
  }

  // Some of [from, from + count) is in this node, and nothing behind it. As deep as there are levels.
  [[nodiscard]] result<void> descend(std::uint8_t level, std::uint64_t from, std::uint64_t count, const reading& to) {
    const content_node node = node_at(level);
    if (level == 0) return pass(node.body.from(static_cast<std::size_t>(from)).first(static_cast<std::size_t>(count)), to);
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < node.count && at < from + count; ++i) {
      const node_child child = node.child(i);
      const std::uint64_t size = child.size_bytes;
      const std::uint64_t skip = from > at ? from - at : 0;
      if (skip < size) {
        const std::uint64_t most = from + count - at < size ? from + count - at : size;
        if (level == 1) {
          PERDURE_TRY(want(child, skip, most - skip, to));
        } else {
          const auto below = static_cast<std::uint8_t>(level - 1);
          PERDURE_TRY(load(child.of, &child, below));
          PERDURE_TRY(descend(below, skip, most - skip, to));
        }
      }
      at += size;
    }
    return {};
  }
  [[nodiscard]] result<void> want(const node_child& chunk, std::uint64_t from, std::uint64_t count, const reading& to) {
    const auto size = static_cast<std::size_t>(chunk.size_bytes);
    if (count_ == chunks_max || (count_ != 0 && held_bytes_ + size > held_max)) PERDURE_TRY(flush(to));
    wanted_[count_++] = {chunk.of, held_bytes_, size, static_cast<std::size_t>(from), static_cast<std::size_t>(count)};
    held_bytes_ += size;
    return {};
  }
  [[nodiscard]] result<void> flush(const reading& to) {
    if (count_ == 0) return {};
    if (!chunks_.resize(held_bytes_)) return no_memory();
    result<void> got[chunks_max];
    const std::size_t parts = to.workers < count_ ? to.workers : count_;
    to.jobs(parts, [&](std::size_t part) { fetch(count_ * part / parts, count_ * (part + 1) / parts, got); });
    for (std::size_t i = 0; i < count_; ++i) {
      PERDURE_TRY(got[i]);
      PERDURE_TRY(pass(held(wanted_[i]).from(wanted_[i].from).first(wanted_[i].count), to));
    }
    count_ = 0;
    held_bytes_ = 0;
    return {};
  }
  void fetch(std::size_t from, std::size_t to, result<void>* got) {
    bytes contents[chunks_max];
    digest digests[chunks_max];
    for (std::size_t i = from; i < to; ++i) {
      const content_key key = object_key({wanted_[i].of, 0});
      got[i] = objects_.fetch_unproved(key, held(wanted_[i]));
      contents[i] = got[i] ? bytes(held(wanted_[i])) : bytes();
    }
    sha256_of_many(contents + from, digests + from, to - from);
    for (std::size_t i = from; i < to; ++i) {
      if (got[i] && digests[i] == wanted_[i].of) continue;
      const bool is_bad = got[i] || got[i].error().code() == code::not_found || got[i].error().code() == code::corrupt;
      if (is_bad) got[i] = objects_.fetch_chunk(wanted_[i].of, held(wanted_[i]));
    }
  }
  [[nodiscard]] mutable_bytes held(const wanted& one) noexcept { return mutable_bytes(chunks_.data() + one.at, one.size); }
  [[nodiscard]] result<void> pass(bytes piece, const reading& to) {
    PERDURE_TRY(to.sink(piece));
    done_ += piece.size();
    if (to.watch({done_, total_, ++passed_}) == proceed::go_on) return {};
    return failure(code::cancelled, operation::get);
  }

  Objects& objects_;
  loaded levels_[node_level_max + 1];
  room<std::byte> object_;
  room<std::byte> chunks_;
  wanted wanted_[chunks_max];
  std::size_t count_ = 0;
  std::size_t held_bytes_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t passed_ = 0;
  std::uint8_t top_ = 0;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_CONTENT_READER_HPP
