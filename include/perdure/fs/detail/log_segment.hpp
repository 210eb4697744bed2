// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_LOG_SEGMENT_HPP
#define PERDURE_FS_DETAIL_LOG_SEGMENT_HPP

// segment_reader: one segment of a log (core/record_format.hpp), frame by frame, through a window that the caller lends.
// log_names: what the files of a log are called.

#include <perdure/core/record_format.hpp>
#include <perdure/fs/fs.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// "d/000000000000000a.log" is segment 10 of the log in d.
template <class F>
class log_names {
 public:
  explicit log_names(path_view directory) noexcept { directory_.append(directory); }

  [[nodiscard]] path_view directory() const noexcept { return directory_; }
  [[nodiscard]] bool fit() const noexcept { return directory_.ok() && directory_.size() + 1 + name_size <= path_capacity<F>(); }
  [[nodiscard]] path_view segment(std::uint64_t number) noexcept {
    char name[name_size];
    for (std::size_t i = 16; i-- > 0; number >>= 4) name[i] = "0123456789abcdef"[number & 15];
    std::memcpy(name + 16, ".log", 4);
    return file(path_view(name, name_size));
  }
  // Valid until the next of these calls.
  [[nodiscard]] path_view file(path_view name) noexcept {
    spelled_.join(directory_, name);
    return spelled_;
  }

  // 0 for every other name.
  [[nodiscard]] static std::uint64_t number_of(path_view name) noexcept {
    if (name.size() != name_size || !(name.from(16) == path_view(".log"))) return 0;
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < 16; ++i) {
      const char c = name[i];
      const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
      if (digit < 0) return 0;
      number = number << 4 | static_cast<std::uint64_t>(digit);
    }
    return number;
  }

 private:
  static constexpr std::size_t name_size = 20;
  path_buffer<path_capacity<F>()> directory_;
  path_buffer<path_capacity<F>()> spelled_;
};

enum class segment_step : std::uint8_t {
  record,  // sequence(), payload()
  end,     // of the segment, or of the part of it that belongs to the log
  torn,    // the rest was never durable, and is no record
};

template <Fs F>
class segment_reader {
 public:
  [[nodiscard]] result<void> open(F& fs, path_view path, four_bytes kind, std::uint64_t number) {
    file_ = fs.open(path, {});
    if (!file_) return told(file_.error(), path);
    const auto size = file_->size();
    if (!size) return told(size.error(), path);
    size_ = *size;
    std::byte first[segment_head_bytes];
    const auto got = file_->read_at(0, first);
    if (!got) return told(got.error(), path);
    const auto head = decode_segment_head(bytes(first, *got), kind, number);
    if (!head) return told(head.error(), path);
    head_ = *head;
    at_ = segment_head_bytes;
    checksum_ = head_.checksum;
    next_ = head_.first;
    window_ = {};
    if (size_ < head_.published) return told(damage(code::corrupt, "published bytes", size_), path);
    return {};
  }

  // The next frame before `limit`, which is where the segment behind this one says that it ends; of the last, UINT64_MAX. The
  // window holds the payload until the next call.
  [[nodiscard]] result<segment_step> next(mutable_bytes window, std::uint64_t limit) {
    const bool last = limit == UINT64_MAX;
    const std::uint64_t end = last ? size_ : limit;
    if (at_ == end) return segment_step::end;
    const auto good = look(window, end);
    if (!good) return good.error();
    if (*good) return segment_step::record;
    // Nothing of a segment that another one follows, or that was there before its name, was ever allowed to be lost.
    if (!last || at_ < head_.published) return damage(code::corrupt, "record", at_);
    const auto lost = was_durable(window);
    if (!lost) return lost.error();
    if (*lost) return damage(code::corrupt, "record", at_);
    return segment_step::torn;
  }

  [[nodiscard]] const segment_head& head() const noexcept { return head_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  // Behind the last frame that was shown: where it ends, the number of the next one, and what that has to chain to.
  [[nodiscard]] std::uint64_t position() const noexcept { return at_; }
  [[nodiscard]] std::uint64_t next_sequence() const noexcept { return next_; }
  [[nodiscard]] std::uint32_t checksum() const noexcept { return checksum_; }
  // How much of the segment was durable, as far as the frames that were shown say it; 0: not even its name.
  [[nodiscard]] std::uint64_t durable() const noexcept { return durable_; }
  [[nodiscard]] std::uint64_t sequence() const noexcept { return next_ - 1; }
  [[nodiscard]] bytes payload() const noexcept { return payload_; }

 private:
  [[nodiscard]] static failure told(const failure& why, path_view path) noexcept {
    return in_file(why, bytes(path.data(), path.size()));
  }
  [[nodiscard]] record_place place(std::uint64_t offset) const noexcept { return {head_.log, head_.segment, offset}; }

  // As much as there is of so many bytes at this offset, which the window can hold.
  [[nodiscard]] result<bytes> fetch(mutable_bytes window, std::uint64_t offset, std::size_t size) {
    const std::uint64_t skip = offset - window_at_;
    if (offset < window_at_ || skip > window_.size() || window_.size() - skip < size) {
      const auto got = file_->read_at(offset, window);
      if (!got) return got.error();
      window_ = window.first(*got);
      window_at_ = offset;
    }
    return window_.from(static_cast<std::size_t>(offset - window_at_)).first(size);
  }

  // Is there a frame of this log at this place, whole, next in order? A failure is one of reading, never a damaged frame.
  [[nodiscard]] result<bool> look(mutable_bytes window, std::uint64_t end) {
    if (end < at_ || end - at_ < record_head_bytes) return false;
    const auto first = fetch(window, at_, record_head_bytes);
    if (!first) return first.error();
    if (first->size() < record_head_bytes) return false;
    const auto head = stored_at<record_head>(first->data());
    if (!is_sound(head, place(at_)) || !follows(head)) return false;
    const std::uint64_t size = record_head_bytes + std::uint64_t{head.payload_bytes};
    if (size > end - at_) return false;
    if (size > window.size()) return damage(code::too_large, "record", at_);
    const auto whole = fetch(window, at_, static_cast<std::size_t>(size));
    if (!whole) return whole.error();
    if (whole->size() < size) return false;
    const bytes payload = whole->from(record_head_bytes);
    if (crc32c(payload) != head.payload_checksum) return false;
    payload_ = payload;
    at_ += size;
    checksum_ = head.checksum;
    attempt_ = head.attempt;
    next_ += 1;
    if (head.durable > durable_) durable_ = head.durable;
    return true;
  }
  [[nodiscard]] bool follows(const record_head& head) const noexcept {
    return head.sequence == next_ && head.generation == head_.generation && head.previous == checksum_ &&
           head.attempt >= attempt_;
  }

  // Does any frame behind a bad one say that the place of the bad one had been durable? Then that was no torn append.
  [[nodiscard]] result<bool> was_durable(mutable_bytes window) {
    for (std::uint64_t offset = at_ + 1; offset < size_ && size_ - offset >= record_head_bytes; ++offset) {
      const auto some = fetch(window, offset, record_head_bytes);
      if (!some) return some.error();
      if (some->size() < record_head_bytes) return false;
      if (std::memcmp(some->data(), record_mark.data(), record_mark.size()) != 0) continue;
      const auto head = stored_at<record_head>(some->data());
      if (head.generation == head_.generation && is_sound(head, place(offset)) && head.durable > at_) return true;
    }
    return false;
  }

  result<typename F::file> file_ = failure(code::not_found, operation::open);
  segment_head head_{};
  std::uint64_t size_ = 0;
  std::uint64_t at_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t durable_ = 0;
  std::uint32_t checksum_ = 0;
  std::uint32_t attempt_ = 0;
  bytes window_;  // what of the file is in the caller's window
  std::uint64_t window_at_ = 0;
  bytes payload_;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_DETAIL_LOG_SEGMENT_HPP
