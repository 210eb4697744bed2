// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_LOG_CHAIN_HPP
#define PERDURE_FS_DETAIL_LOG_CHAIN_HPP

// log_chain: the segments of a log, from the first that was not dropped to the last, each held against the one before it.

#include <perdure/core/function_ref.hpp>
#include <perdure/fs/detail/log_segment.hpp>

namespace perdure {
inline namespace v1 {

struct log_record {
  std::uint64_t sequence = 0;
  bytes payload;  // valid during the visit
};
using record_visitor = function_ref<visit(const log_record&)>;

enum class torn_tail : std::uint8_t {
  stop,    // the log ends before it; the report says how many bytes were left out
  refuse,  // it is corrupt
};

struct replay_report {
  std::uint64_t records = 0;  // that were shown
  std::uint64_t next_sequence = 1;
  std::uint64_t segments = 0;
  std::uint64_t torn_bytes = 0;  // behind the last record, of an append that was not finished
};

namespace detail {

template <Fs F>
class log_chain {
 public:
  log_chain(F& fs, path_view directory, four_bytes kind) noexcept : fs_(&fs), names_(directory), kind_(kind) {}

  // Which segments there are. What was dropped may be there, or be there again, and is not looked at.
  [[nodiscard]] result<void> find() {
    if (!names_.fit()) return failure(code::too_large, operation::open);
    // Somebody may drop segments between one look and the next; that is seen in a start that has moved.
    for (std::uint64_t before = 0;; before = start_) {
      PERDURE_TRY(read_start());
      std::uint64_t count = 0;
      last_ = dropped_ = 0;
      const auto listed = fs_->for_each_entry(names_.directory(), [&](const dir_entry& entry) {
        const std::uint64_t number = log_names<F>::number_of(entry.name);
        if (number >= start_) ++count;
        if (number != 0 && number < start_) ++dropped_;
        if (number > last_) last_ = number;
        return visit::go_on;
      });
      if (!listed) return in_file(listed.error(), text(names_.directory()));
      if (last_ < start_) last_ = 0;
      const bool whole = last_ == 0 ? !has_start_ : count == last_ - start_ + 1;
      if (whole) return {};
      if (before == start_) return failure(code::corrupt, operation::list).about(text(missing()));
    }
  }

  // Shows each record from this one on. Afterwards tail() stands behind the last one.
  [[nodiscard]] result<void> walk(std::uint64_t from, torn_tail policy, mutable_bytes window, record_visitor visitor) {
    PERDURE_TRY(tail_.open(*fs_, names_.segment(start_), kind_, start_));
    if (has_start_ && tail_.head().log != log_) return told(damage(code::corrupt, "segment head", 0), start_);
    log_ = tail_.head().log;
    for (std::uint64_t number = start_; number < last_; ++number) {
      segment_reader<F> following;
      PERDURE_TRY(following.open(*fs_, names_.segment(number + 1), kind_, number + 1));
      if (following.head().log != log_) return told(damage(code::corrupt, "segment head", 0), number + 1);
      const bool skipped = following.head().first <= from;
      if (!skipped) {
        PERDURE_TRY(walk_one(number, following.head().previous_end, from, policy, window, visitor));
        const bool chained = tail_.checksum() == following.head().previous && tail_.next_sequence() == following.head().first;
        if (!chained) return told(damage(code::corrupt, "segment head", 0), number + 1);
      }
      tail_ = moved(following);
    }
    PERDURE_TRY(walk_one(last_, UINT64_MAX, from, policy, window, visitor));
    report_.segments = last_ - start_ + 1;
    return {};
  }

  [[nodiscard]] bool is_empty() const noexcept { return last_ == 0; }
  [[nodiscard]] std::uint64_t start() const noexcept { return start_; }
  [[nodiscard]] std::uint64_t last() const noexcept { return last_; }
  [[nodiscard]] std::uint64_t log() const noexcept { return log_; }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
  [[nodiscard]] const segment_reader<F>& tail() const noexcept { return tail_; }
  [[nodiscard]] const replay_report& report() const noexcept { return report_; }

 private:
  [[nodiscard]] static bytes text(path_view path) noexcept { return {path.data(), path.size()}; }
  [[nodiscard]] failure told(const failure& why, std::uint64_t number) noexcept {
    return in_file(why, text(names_.segment(number)));
  }

  [[nodiscard]] result<void> read_start() {
    has_start_ = false;
    start_ = 1;
    const path_view path = names_.file("start");
    auto file = fs_->open(path, {});
    if (!file && file.error().code() == code::not_found) return {};
    if (!file) return in_file(file.error(), text(path));
    std::byte whole[sizeof(log_start) + 1];
    const auto got = file->read_at(0, whole);
    if (!got) return in_file(got.error(), text(path));
    const auto start = decode_log_start(bytes(whole, *got), kind_);
    if (!start) return in_file(start.error(), text(path));
    has_start_ = true;
    start_ = start->first_segment;
    log_ = start->log;
    return {};
  }

  // The first segment that should be there and is not.
  [[nodiscard]] path_view missing() {
    std::uint64_t number = start_;
    while (number < last_ && fs_->stat(names_.segment(number))) ++number;
    return names_.segment(number);
  }

  [[nodiscard]] result<void> walk_one(std::uint64_t number, std::uint64_t limit, std::uint64_t from, torn_tail policy,
                                      mutable_bytes window, record_visitor visitor) {
    for (;;) {
      const auto step = tail_.next(window, limit);
      if (!step) return told(step.error(), number);
      report_.next_sequence = tail_.next_sequence();
      if (*step == segment_step::end) return {};
      if (*step == segment_step::torn) {
        if (policy == torn_tail::refuse) return told(damage(code::corrupt, "torn tail", tail_.position()), number);
        report_.torn_bytes = tail_.size() - tail_.position();
        return {};
      }
      if (tail_.sequence() < from) continue;
      ++report_.records;
      if (visitor({tail_.sequence(), tail_.payload()}) == visit::stop)
        return told(failure(code::cancelled, operation::read), number);
    }
  }

  F* fs_;
  log_names<F> names_;
  four_bytes kind_;
  bool has_start_ = false;
  std::uint64_t start_ = 1;    // the first segment that was not dropped
  std::uint64_t last_ = 0;     // 0: there is none
  std::uint64_t dropped_ = 0;  // how many of those before the start are there
  std::uint64_t log_ = 0;
  segment_reader<F> tail_;
  replay_report report_;
};

}  // namespace detail

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_DETAIL_LOG_CHAIN_HPP
