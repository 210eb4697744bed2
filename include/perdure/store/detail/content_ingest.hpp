// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_CONTENT_INGEST_HPP
#define PERDURE_STORE_DETAIL_CONTENT_INGEST_HPP

// content_ingest: one content on its way into a content_store, a window of it at a time, in four stages: read and cut; work out
// the digests; name (the nodes above, and what is known already); store. With several workers, three windows are in it at once,
// each in a stage of its own; naming is done by nobody but the caller, in between, for its order is that of the content.
//
// run(source) reads; or who has the content writes it, and finishes, and then another one if he likes. Of two windows one is
// being written to then, and the other one stored while the first is hashed.

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
  content_ingest(Objects& objects, Pin& pin, const Options& how) noexcept
      : objects_(objects),
        pin_(pin),
        number_(pin.next_writer()),
        watch_(how.watch),
        jobs_(how.jobs),
        workers_(how.workers == 0            ? 1
                 : how.workers < workers_max ? how.workers
                                             : workers_max),
        builder_(objects.options().nodes) {}

  // Success: the root. What was written before is the beginning of it.
  [[nodiscard]] result<digest> run(byte_source source) {
    if (written_ != 0 || windows_[0].held != 0) {
      PERDURE_TRY(write_all(source));
      return finish();
    }
    if (workers_ > 1) return run_together(source);
    content_window& only = windows_[0];
    for (;;) {
      PERDURE_TRY(only.fill(source, objects_.options(), only));
      if (is_small(only)) return whole(only);
      PERDURE_TRY(pass(only));
      if (only.is_last) return root();
    }
  }

  [[nodiscard]] result<void> write(bytes piece) {
    while (!piece.empty()) {
      content_window& to = written();
      if (to.memory.empty()) PERDURE_TRY(to.begin(objects_.options(), to));
      piece = to.add(piece);
      if (to.is_full()) PERDURE_TRY(pass_on());
    }
    return {};
  }
  // Of a content that is begun.
  [[nodiscard]] result<void> write_all(byte_source source) {
    for (;;) {
      content_window& to = written();
      const auto got = source(mutable_bytes(to.memory.data() + to.held, to.memory.size() - to.held));
      if (!got) return got.error();
      if (*got == 0) return {};
      to.held += *got;
      if (to.is_full()) PERDURE_TRY(pass_on());
    }
  }
  // Success: the root. What is told of it stays until restart().
  [[nodiscard]] result<digest> finish() {
    content_window& last = written();
    if (last.memory.empty()) PERDURE_TRY(last.begin(objects_.options(), last));
    PERDURE_TRY(last.cut(objects_.options().chunks, true));
    if (is_small(last)) return whole(last);
    PERDURE_TRY(pass(last));
    return root();
  }
  void restart() noexcept {
    pin_.finished(number_);
    for (content_window& one : windows_) one.forget();
    builder_.restart();
    written_ = size_bytes_ = done_bytes_ = named_ = 0;
    count_ = {};
  }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  [[nodiscard]] std::uint64_t objects() const noexcept { return named_; }
  [[nodiscard]] const ingest_count& count() const noexcept { return count_; }

 private:
  static constexpr std::size_t workers_max = 64;

  using filler = function_ref<result<void>()>;
  [[nodiscard]] static result<void> nothing() { return {}; }

  // In step n: window n is read, n - 1 hashed, and n - 2, which was named after the step before, stored.
  [[nodiscard]] result<digest> run_together(byte_source source) {
    PERDURE_TRY(windows_[0].fill(source, objects_.options(), windows_[0]));
    if (is_small(windows_[0])) return whole(windows_[0]);
    for (std::size_t step = 1;; ++step) {
      content_window& next = windows_[step % 3];
      content_window& read = windows_[(step + 2) % 3];
      content_window& named = windows_[(step + 1) % 3];
      const auto fill = [&] { return next.fill(source, objects_.options(), read); };
      PERDURE_TRY(work(read.is_last ? filler(nothing) : filler(fill), &read, named));
      if (step > 1) PERDURE_TRY(told(named));
      PERDURE_TRY(name(read));
      if (!read.is_last) continue;
      PERDURE_TRY(work(nothing, nullptr, read));
      PERDURE_TRY(told(read));
      return root();
    }
  }
  // Without others: all that is to be done with a window that is cut, at once.
  [[nodiscard]] result<void> pass(content_window& full) {
    if (workers_ == 1) {
      full.hash(0, 1);
      PERDURE_TRY(name(full));
      PERDURE_TRY(objects_.store_some(full.todo.data(), full.todo.size(), count_));
      return told(full);
    }
    PERDURE_TRY(pass_before(full));
    PERDURE_TRY(work(nothing, nullptr, full));
    return told(full);
  }
  // The one that is written to.
  [[nodiscard]] content_window& written() noexcept { return windows_[workers_ == 1 ? 0 : written_ % 2]; }
  [[nodiscard]] result<void> pass_on() {
    content_window& full = written();
    PERDURE_TRY(full.cut(objects_.options().chunks, false));
    PERDURE_TRY(workers_ == 1 ? pass(full) : pass_before(full));
    ++written_;
    return written().begin(objects_.options(), full);
  }
  // Hashed and named; and the one before it stored meanwhile.
  [[nodiscard]] result<void> pass_before(content_window& full) {
    content_window& before = windows_[(written_ + 1) % 2];
    PERDURE_TRY(work(nothing, &full, before));
    if (written_ != 0) PERDURE_TRY(told(before));
    return name(full);
  }
  // A store that buys durability once for many is given many; of another one the requests are made side by side.
  [[nodiscard]] result<void> work(filler fill, content_window* read, content_window& named) {
    const std::size_t storers = Objects::puts_at_once ? 1 : workers_;
    result<void> filled;
    result<void> stored[workers_max];
    ingest_count counts[workers_max];
    const auto each = [&](std::size_t i) {
      if (i == 0) {
        filled = fill();
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
  [[nodiscard]] result<digest> root() {
    content_window& last = windows_[0];
    last.begin_naming();
    const auto top = builder_.finish([&](const digest& of, bytes node) { return keep(last, of, node); });
    if (!top) return top;
    last.end_naming();
    PERDURE_TRY(objects_.store_some(last.todo.data(), last.todo.size(), count_));
    return top;
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
    digest_set& known = pin_.known_to(number_);
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
  std::uint64_t number_;  // among the writers of its pin
  progress_watch watch_;
  job_runner jobs_;
  std::size_t workers_;
  node_builder builder_;
  content_window windows_[3];
  std::uint64_t written_ = 0;  // windows before the one that is written to
  std::uint64_t size_bytes_ = 0;
  std::uint64_t done_bytes_ = 0;
  std::uint64_t named_ = 0;
  ingest_count count_;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_CONTENT_INGEST_HPP
