// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_CONTENT_INGEST_HPP
#define PERDURE_STORE_DETAIL_CONTENT_INGEST_HPP

// content_ingest: one content on its way into a content_store, a window of it at a time, in four stages: read and cut; work out
// the digests; name (the nodes above, and what is known already); store. With several workers, three windows are in it at once,
// each in a stage of its own; naming is done by nobody but the caller, in between, for its order is that of the content.

#include <perdure/core/jobs.hpp>
#include <perdure/core/progress.hpp>
#include <perdure/store/detail/content_window.hpp>
#include <perdure/store/store_optional.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <class Objects, class Pin>
class content_ingest {
 public:
  template <class Options>
  content_ingest(Objects& objects, Pin& pin, byte_source source, const Options& how) noexcept
      : objects_(objects),
        pin_(pin),
        source_(source),
        watch_(how.watch),
        jobs_(how.jobs),
        workers_(how.workers == 0            ? 1
                 : how.workers < workers_max ? how.workers
                                             : workers_max),
        builder_(objects.options().nodes) {}

  // Success: the root.
  [[nodiscard]] result<digest> run() {
    if (workers_ > 1) return run_together();
    content_window& only = windows_[0];
    for (;;) {
      PERDURE_TRY(only.fill(source_, objects_.options(), only));
      if (is_small(only)) return whole(only);
      only.hash(0, 1);
      PERDURE_TRY(name(only));
      PERDURE_TRY(objects_.store_some(only.todo.data(), only.todo.size(), count_));
      PERDURE_TRY(told(only));
      if (only.is_last) return finish();
    }
  }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  [[nodiscard]] std::uint64_t objects() const noexcept { return named_; }
  [[nodiscard]] const ingest_count& count() const noexcept { return count_; }

 private:
  static constexpr std::size_t workers_max = 64;

  // In step n: window n is read, n - 1 hashed, and n - 2, which was named after the step before, stored.
  [[nodiscard]] result<digest> run_together() {
    PERDURE_TRY(windows_[0].fill(source_, objects_.options(), windows_[0]));
    if (is_small(windows_[0])) return whole(windows_[0]);
    for (std::size_t step = 1;; ++step) {
      content_window& next = windows_[step % 3];
      content_window& read = windows_[(step + 2) % 3];
      content_window& named = windows_[(step + 1) % 3];
      PERDURE_TRY(work(read.is_last ? nullptr : &next, &read, named));
      if (step > 1) PERDURE_TRY(told(named));
      PERDURE_TRY(name(read));
      if (!read.is_last) continue;
      PERDURE_TRY(work(nullptr, nullptr, read));
      PERDURE_TRY(told(read));
      return finish();
    }
  }
  // A store that buys durability once for many is given many; of another one the requests are made side by side.
  [[nodiscard]] result<void> work(content_window* next, content_window* read, content_window& named) {
    const std::size_t storers = Objects::puts_at_once ? 1 : workers_;
    result<void> filled;
    result<void> stored[workers_max];
    ingest_count counts[workers_max];
    const auto each = [&](std::size_t i) {
      if (i == 0) {
        if (next != nullptr) filled = next->fill(source_, objects_.options(), *read);
      } else if (i <= storers) {
        const std::size_t from = named.todo.size() * (i - 1) / storers;
        const std::size_t to = named.todo.size() * i / storers;
        stored[i - 1] = objects_.store_some(named.todo.data() + from, to - from, counts[i - 1]);
      } else if (read != nullptr) {
        read->hash(i - storers - 1, workers_);
      }
    };
    jobs_(1 + storers + workers_, each);
    for (std::size_t i = 0; i < storers; ++i) {
      PERDURE_TRY(stored[i]);
      count_.new_objects += counts[i].new_objects;
      count_.new_bytes += counts[i].new_bytes;
    }
    return filled;
  }

  [[nodiscard]] bool is_small(const content_window& first) const noexcept {
    return first.is_last && named_ == 0 && first.cut_bytes <= objects_.options().inline_max_bytes;
  }
  [[nodiscard]] result<void> name(content_window& window) {
    window.begin_naming();
    for (std::size_t i = 0; i < window.pieces.size(); ++i) {
      const bytes piece = window.pieces[i];
      PERDURE_TRY(want(window, window.digests[i], piece));
      PERDURE_TRY(
          builder_.add(window.digests[i], piece.size(), [&](const digest& of, bytes node) { return keep(window, of, node); }));
    }
    window.end_naming();
    size_bytes_ += window.cut_bytes;
    return {};
  }
  [[nodiscard]] result<digest> finish() {
    content_window& last = windows_[0];
    last.begin_naming();
    const auto root = builder_.finish([&](const digest& of, bytes node) { return keep(last, of, node); });
    if (!root) return root;
    last.end_naming();
    PERDURE_TRY(objects_.store_some(last.todo.data(), last.todo.size(), count_));
    return root;
  }
  [[nodiscard]] result<digest> whole(content_window& only) {
    const bytes content = bytes(only.memory.data(), only.cut_bytes);
    const node_head head = head_of(0, content.size(), 0);
    room<std::byte> object;
    if (!object.resize(sizeof(head) + content.size())) return no_memory();
    std::memcpy(object.data(), &head, sizeof(head));
    if (!content.empty()) std::memcpy(object.data() + sizeof(head), content.data(), content.size());
    const digest root = sha256_of(bytes(object.data(), object.size()));
    only.begin_naming();
    PERDURE_TRY(keep(only, root, bytes(object.data(), object.size())));
    only.end_naming();
    size_bytes_ = content.size();
    PERDURE_TRY(objects_.store_some(only.todo.data(), only.todo.size(), count_));
    return root;
  }

  // What is not known to be there.
  [[nodiscard]] result<bool> is_new(const digest& of) {
    ++named_;
    digest_set& known = pin_.known();
    if (known.size() >= objects_.options().known_max) known.clear();
    const added now = known.add(of);
    if (now == added::no_memory) return no_memory();
    return now == added::now;
  }
  [[nodiscard]] result<void> want(content_window& window, const digest& of, bytes piece) {
    const auto needed = is_new(of);
    if (!needed) return needed.error();
    if (!*needed) return {};
    return window.todo.push({pin_.copy_of(of), piece, true}) ? result<void>() : result<void>(no_memory());
  }
  [[nodiscard]] result<void> keep(content_window& window, const digest& of, bytes node) {
    const auto needed = is_new(of);
    if (!needed) return needed.error();
    return *needed ? window.keep(pin_.copy_of(of), node) : result<void>();
  }
  [[nodiscard]] result<void> told(const content_window& stored) {
    done_bytes_ += stored.cut_bytes;
    if (watch_({done_bytes_, progress::unknown, named_}) == proceed::go_on) return {};
    return failure(code::cancelled, operation::put);
  }

  Objects& objects_;
  Pin& pin_;
  byte_source source_;
  progress_watch watch_;
  job_runner jobs_;
  std::size_t workers_;
  node_builder builder_;
  content_window windows_[3];
  std::uint64_t size_bytes_ = 0;
  std::uint64_t done_bytes_ = 0;
  std::uint64_t named_ = 0;
  ingest_count count_;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_CONTENT_INGEST_HPP
