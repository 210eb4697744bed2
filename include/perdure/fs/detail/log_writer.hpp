// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_LOG_WRITER_HPP
#define PERDURE_FS_DETAIL_LOG_WRITER_HPP

// log_writer: the protocol of record_log, one function a step. All that follows a crash, a failed sync or a full segment is one
// step: a new segment, published whole by atomic_writer, which says where the one before ends and begins with a copy of the
// frames that were not durable there.

#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/detail/log_segment.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// Behind some frame: where it ends, which number comes next, and what that has to chain to.
struct log_position {
  std::uint64_t offset = 0;
  std::uint64_t next = 1;
  std::uint32_t checksum = 0;
};

// Not to be guessed from another one: every bit of what goes in changes what comes out.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t state, std::uint64_t value) noexcept {
  state = (state ^ value) + 0x9e3779b97f4a7c15;
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
  state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
  return state ^ (state >> 31);
}

template <Fs F>
class log_writer {
 public:
  log_writer(F& fs, path_view directory, four_bytes kind, enum durability at_least, enum durability directory_reach) noexcept
      : fs_(&fs), names_(directory), kind_(kind), at_least_(at_least), directory_reach_(directory_reach) {}

  // A log of its own, with nothing in it.
  [[nodiscard]] result<void> begin() {
    log_ = fresh(0);
    return rotate();
  }
  // Goes on behind the tail of a log that was read. What another process wrote and may not have synced is written again.
  [[nodiscard]] result<void> resume(const segment_reader<F>& tail, const log_position& durable) {
    const segment_head& head = tail.head();
    log_ = head.log;
    segment_ = head.segment;
    generation_ = head.generation;
    end_ = {tail.position(), tail.next_sequence(), tail.checksum()};
    durable_ = durable;
    // Where nobody says that its name is durable, nothing may follow it: it gets that name again.
    return tail.durable() == 0 ? publish(head, {segment_head_bytes, head.first, head.checksum}) : rotate();
  }

  // A new segment. Where it fails, nothing can be appended until it has succeeded: it may be there all the same.
  [[nodiscard]] result<void> rotate() {
    if (lost_) return failure(code::sync_lost, operation::read).with(doubt::durable);
    if (!must_rotate_ && durable_.offset != end_.offset) (void)sync(sync_what::data);
    segment_head head{};
    head.segment = segment_ + 1;
    head.first = durable_.next;
    head.previous_end = durable_.offset;
    head.previous = durable_.checksum;
    return publish(head, durable_);
  }

  // Frames behind the end, all or none of them: after a failure with doubt `none` none is there, and none will be.
  [[nodiscard]] result<void> append(const bytes* payloads, std::size_t count) {
    if (must_rotate_) {
      const auto rotated = rotate();
      if (!rotated) return failure(rotated.error()).with(doubt::none);
    }
    log_position after = end_;
    const auto written = write_frames(payloads, count, after);
    if (!written) return undone(written.error());
    end_ = after;
    return {};
  }

  // All that was appended, made durable: by a sync, or where that fails by a new segment.
  [[nodiscard]] result<enum durability> make_durable(sync_what what) {
    if (!must_rotate_ && durable_.offset == end_.offset) return reach_;
    if (!must_rotate_) {
      const auto synced = sync(what);
      if (synced) return what == sync_what::order && reach_ == durability::full ? durability::ordered : reach_;
      if (!must_rotate_) return durability::none;  // there is no sync here, and none was required
    }
    const auto rotated = rotate();
    if (!rotated) return failure(rotated.error()).with(doubt::durable);
    return reach_;
  }

  [[nodiscard]] const log_position& end() const noexcept { return end_; }
  [[nodiscard]] const log_position& durable() const noexcept { return durable_; }
  [[nodiscard]] std::uint64_t segment() const noexcept { return segment_; }
  [[nodiscard]] std::uint64_t published() const noexcept { return published_; }
  [[nodiscard]] std::uint64_t log() const noexcept { return log_; }
  [[nodiscard]] log_names<F>& names() noexcept { return names_; }
  [[nodiscard]] result<void> close() {
    if (!file_) return {};
    auto closed = file_->close();
    file_ = failure(code::not_found, operation::open);
    must_rotate_ = true;
    return closed;
  }

 private:
  [[nodiscard]] std::uint64_t fresh(std::uint64_t state) noexcept {
    const nonce unique = fs_->nonce();
    return mixed(mixed(mixed(mixed(state, unique.place), unique.process), unique.started), unique.serial);
  }
  [[nodiscard]] failure told(const failure& why, enum doubt doubt) noexcept {
    const path_view path = names_.segment(segment_);
    return in_file(why, bytes(path.data(), path.size())).with(doubt);
  }

  // Several frames to a call, of which a gather has two parts each.
  [[nodiscard]] result<void> write_frames(const bytes* payloads, std::size_t count, log_position& after) {
    constexpr std::size_t frames_max = 16;
    record_head heads[frames_max];
    bytes parts[2 * frames_max];
    const std::uint64_t vouched = reach_ == durability::none ? 0 : durable_.offset;
    while (count != 0) {
      const std::size_t frames = count < frames_max ? count : frames_max;
      const std::uint64_t offset = after.offset;
      for (std::size_t i = 0; i < frames; ++i) {
        heads[i].payload_bytes = static_cast<std::uint32_t>(payloads[i].size());
        heads[i].payload_checksum = crc32c(payloads[i]);
        heads[i].generation = generation_;
        heads[i].durable = vouched;
        heads[i].attempt = attempt_;
        chain(heads[i], after, segment_);
        parts[2 * i] = stored_bytes(heads[i]);
        parts[2 * i + 1] = payloads[i];
      }
      PERDURE_TRY(file_->write_at(offset, gather(parts, 2 * frames)));
      payloads += frames;
      count -= frames;
    }
    return {};
  }
  // Completes a head for this place, and moves behind its frame.
  void chain(record_head& head, log_position& at, std::uint64_t segment) const noexcept {
    head.mark = record_mark;
    head.sequence = at.next;
    head.previous = at.checksum;
    head.checksum = checksum_of(head, {log_, segment, at.offset});
    at = {at.offset + record_head_bytes + head.payload_bytes, at.next + 1, head.checksum};
  }

  // A part of the append may be there, or all of it: it goes, durably, or else the segment ends before it.
  [[nodiscard]] failure undone(const failure& why) {
    ++attempt_;
    const bool cut = file_->truncate(end_.offset) && sync(sync_what::data);
    if (cut) return told(why, doubt::none);
    must_rotate_ = true;
    const bool ended = rotate() && reach_ == durability::full;
    return told(why, ended ? doubt::none : doubt::visible);
  }

  [[nodiscard]] result<void> sync(sync_what what) {
    const auto synced = file_->sync(what);
    if (synced && what != sync_what::order) durable_ = end_;
    // A failed sync is final on its handle.
    if (!synced && (synced.error().code() != code::unsupported || at_least_ != durability::none)) must_rotate_ = true;
    return synced;
  }

  // The segment that `head` describes, with the frames of the current one that stand between `from` and its end.
  [[nodiscard]] result<void> publish(segment_head head, const log_position& from) {
    if (file_) (void)file_->close();  // what it has not synced is written again
    file_ = failure(code::not_found, operation::open);
    must_rotate_ = true;
    head.kind = kind_;
    head.log = log_;
    head.generation = fresh(mixed(generation_, from.next));
    head.published = segment_head_bytes + (end_.offset - from.offset);
    finish(head);
    log_position at{segment_head_bytes, head.first, head.checksum};
    write_options how;
    // That a directory cannot be synced is seen when it is: asking before, as at_least::full does, would be one sync more.
    how.at_least = at_least_ < durability::ordered ? at_least_ : durability::ordered;
    auto writer = atomic_writer<F>::open(*fs_, names_.segment(head.segment), how);
    if (!writer) return failure(writer.error()).with(doubt::durable);
    PERDURE_TRY(writer->write(stored_bytes(head)));
    if (from.offset != end_.offset) PERDURE_TRY(copy_frames(from, head, at, *writer));
    const auto named = writer->commit();
    if (!named) return failure(named.error()).with(doubt::durable);
    // With a name that may not survive it is no segment to go on from: the next attempt takes the same number.
    const enum durability reach = named->durability < directory_reach_ ? named->durability : directory_reach_;
    if (reach < at_least_) return told(failure(code::unsupported, operation::sync_dir), doubt::durable);
    reach_ = reach;
    segment_ = head.segment;
    generation_ = head.generation;
    published_ = head.published;
    attempt_ = 0;
    end_ = at;
    durable_ = at;
    open_options again;
    again.access = access::read_write;
    file_ = fs_->open(names_.segment(segment_), again);
    if (!file_) return told(file_.error(), doubt::none);
    must_rotate_ = false;
    return {};
  }

  [[nodiscard]] result<void> copy_frames(log_position from, const segment_head& to, log_position& at, atomic_writer<F>& writer) {
    const auto source = fs_->open(names_.segment(segment_), {});
    if (!source) return told(source.error(), doubt::durable);
    while (from.offset != end_.offset) {
      const auto copied = copy_frame(*source, from, to, at, writer);
      if (!copied) return told(copied.error(), doubt::durable);
      // They were written, and they are not what was written: only who opens the log anew can tell what is left of it.
      if (!*copied) {
        lost_ = true;
        return told(failure(code::sync_lost, operation::read), doubt::durable);
      }
    }
    return {};
  }
  [[nodiscard]] result<bool> copy_frame(const typename F::file& source, log_position& from, const segment_head& to,
                                        log_position& at, atomic_writer<F>& writer) {
    std::byte piece[1024];
    const auto got = source.read_at(from.offset, mutable_bytes(piece, record_head_bytes));
    if (!got) return got.error();
    if (*got < record_head_bytes) return false;
    auto head = stored_at<record_head>(piece);
    const std::uint64_t left = end_.offset - from.offset - record_head_bytes;
    const bool good = is_sound(head, {log_, segment_, from.offset}) && head.sequence == from.next &&
                      head.previous == from.checksum && head.payload_bytes <= left;
    if (!good) return false;
    const std::uint32_t expected = head.payload_checksum;
    const std::uint64_t payload_at = from.offset + record_head_bytes;
    from = {payload_at + head.payload_bytes, from.next + 1, head.checksum};
    head.generation = to.generation;
    head.durable = 0;
    head.attempt = 0;
    chain(head, at, to.segment);
    PERDURE_TRY(writer.write(stored_bytes(head)));
    std::uint32_t checksum = 0;
    for (std::uint64_t offset = payload_at; offset < from.offset;) {
      const mutable_bytes some = mutable_bytes(piece).first(static_cast<std::size_t>(from.offset - offset));
      const auto read = source.read_at(offset, some);
      if (!read) return read.error();
      if (*read != some.size()) return false;
      checksum = crc32c(some, checksum);
      PERDURE_TRY(writer.write(some));
      offset += some.size();
    }
    return checksum == expected;
  }

  F* fs_;
  log_names<F> names_;
  four_bytes kind_;
  enum durability at_least_;
  enum durability directory_reach_;
  enum durability reach_ = durability::none;  // of a record that was synced
  bool must_rotate_ = true;                   // nothing may be appended to this segment any more
  bool lost_ = false;                         // what was appended cannot be read any more
  std::uint32_t attempt_ = 0;
  std::uint64_t log_ = 0;
  std::uint64_t segment_ = 0;
  std::uint64_t generation_ = 0;
  std::uint64_t published_ = 0;
  log_position end_;      // behind all that was appended
  log_position durable_;  // behind all that is durable: the frames after it are written again in a new segment
  result<typename F::file> file_ = failure(code::not_found, operation::open);
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_DETAIL_LOG_WRITER_HPP
