// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_RECORD_LOG_HPP
#define PERDURE_FS_RECORD_LOG_HPP

// record_log: records, one behind another, in a directory of their own. What was acknowledged is there after any crash, in order.
//
//   std::vector<std::byte> window(1 << 20);                      // what one record may need
//   auto log = perdure::record_log<>::open(fs, "data/log", {}, window, [&](const perdure::log_record& record) {
//     apply(record.sequence, record.payload);                    // its number, 1 for the first one, and its bytes
//     return perdure::visit::go_on;
//   });
//   if (!log) return log.error();
//   const auto done = log->append(bytes_of(change));             // durable; done->last is its number
//   log->append(a, durability::none); log->append(b);            // one sync for both; so does log->append_all(records, count)
//
// Effects
//   open()         makes the directory, takes its lock, shows every record to the visitor, and begins a new segment: what another
//                  process may have left unsynced is written again in it, and what was torn stays behind. All of that is durable
//                  when open() returns.
//   append()       writes behind the last record, and syncs as asked: `full`, the records survive; `ordered`, none of a later
//                  append survives without them; `none`, neither. When a segment is full a new one begins.
//   sync()         makes durable whatever was appended.
//   drop_before(n) removes the segments all of whose records have numbers below n, once it is durable that they are dropped.
// Success: of append, the numbers of the records, and the durability that was reached: less than asked only where the system has
//   no more, and never less than options.at_least.
// Failure: `unchanged`: none of these records is in the log, and none will come back. `unknown`: they may be; the next append
//   that succeeds settles it, and so does opening the log. A failed sync is no failure of append() while the records can still be
//   read and written again in a new segment; where not, every call fails with sync_lost, and the log has to be opened anew.
//   busy (another writer); unsupported (a Fs without locks, and not writers::only_this; at_least); invalid_argument (an empty
//   record, an order of calls that is none); too_large (a record that the window could not show again); no_space, io and the
//   rest. Of open, as replay_log: corrupt and version_unsupported say what and where, and nothing is written then.
// Crash: at any moment, in open() and in what open() does after a crash, too: the log is what was appended up to some record, and
//   all that was acknowledged with `full` is in it. A file named as temp_name.hpp says may be left, which temp_sweep removes.
// Not promised: that append_all() is atomic: a crash may leave the first ones of its records. That the visitor has seen the log,
//   unless open() succeeded. See replay_log.hpp for the damage that no log can tell from a torn append. One thread at a time.
//   The Fs must outlive the log. That a directory which a process made that was told of a failed sync_dir, and died, is there
//   after a crash: who finds it cannot tell (see make_dirs.hpp).

#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/detail/log_writer.hpp>
#include <perdure/fs/file_lock.hpp>
#include <perdure/fs/make_dirs.hpp>
#include <perdure/fs/native_fs.hpp>
#include <perdure/fs/replay_log.hpp>

namespace perdure {
inline namespace v1 {

struct log_options {
  four_bytes kind = "RLOG";
  std::uint64_t segment_bytes_max = 64 << 20;  // a new segment begins before this is passed, unless one record alone is larger
  // What the system must be able to give, else it is unsupported. With less than `full`, names survive in the order that the
  // system gives them: where it has none, a power cut may leave a segment without the one before it, and the log is refused as
  // corrupt.
  enum durability at_least = durability::full;
  enum torn_tail torn_tail = torn_tail::stop;
  enum writers writers = writers::any;
  enum parents parents = parents::make;  // must_exist: nor is the directory itself made
};

struct append_report {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  enum durability durability = durability::none;
};

#if PERDURE_HAS_NATIVE_FS
template <Fs F = native_fs>
#else
template <Fs F>
#endif
class record_log {
 public:
  [[nodiscard]] static result<record_log> open(F& fs, path_view directory, const log_options& options, mutable_bytes window,
                                               record_visitor visitor) {
    const bytes path(directory.data(), directory.size());
    if (window.size() <= segment_head_bytes) return failure(code::invalid_argument, operation::read).about(path);
    enum durability reach = durability::full;
    if (options.parents == parents::make) {
      const auto made = make_dirs(fs, directory, durability::full);
      if (!made) return made.error();
      reach = *made;
      if (reach < options.at_least) return failure(code::unsupported, operation::sync_dir).about(path);
    }
    record_log log(fs, directory, options, window.size(), reach);
    if (!log.writer_.names().fit()) return failure(code::too_large, operation::open).about(path);
    PERDURE_TRY(log.take_lock());
    detail::log_chain<F> chain(fs, directory, options.kind);
    PERDURE_TRY(chain.find());
    if (chain.is_empty()) {
      PERDURE_TRY(log.writer_.begin());
      return log;
    }
    PERDURE_TRY(chain.walk(1, options.torn_tail, window, visitor));
    log.start_ = chain.start();
    detail::log_position durable;
    if (chain.tail().durable() != 0) PERDURE_TRY(log.find_durable(chain.tail(), window, durable));
    PERDURE_TRY(log.writer_.resume(chain.tail(), durable));
    if (chain.dropped() != 0) PERDURE_TRY(log.drop_segments(chain.start()));
    return log;
  }

  [[nodiscard]] result<append_report> append(bytes record, enum durability durability = durability::full) {
    return append_all(&record, 1, durability);
  }
  [[nodiscard]] result<append_report> append_all(const bytes* records, std::size_t count,
                                                 enum durability durability = durability::full) {
    std::uint64_t size = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const bool shown_again = records[i].size() <= record_bytes_max_ && records[i].size() <= UINT32_MAX;
      if (!shown_again) return failure(code::too_large, operation::write);
      if (records[i].empty()) return failure(code::invalid_argument, operation::write);
      size += record_head_bytes + records[i].size();
    }
    if (count == 0 || closed_) return failure(code::invalid_argument, operation::write);
    const bool begun = writer_.end().offset > writer_.published();
    if (begun && writer_.end().offset + size > options_.segment_bytes_max) {
      const auto rotated = writer_.rotate();
      if (!rotated) return failure(rotated.error()).with(doubt::none);
    }
    PERDURE_TRY(writer_.append(records, count));
    append_report report{writer_.end().next - count, writer_.end().next - 1, durability::none};
    if (durability == durability::none) return report;
    const auto reached = writer_.make_durable(durability == durability::ordered ? sync_what::order : sync_what::data);
    if (!reached) return reached.error();
    report.durability = *reached;
    return report;
  }

  [[nodiscard]] result<enum durability> sync() {
    if (closed_) return failure(code::invalid_argument, operation::sync);
    return writer_.make_durable(sync_what::data);
  }

  [[nodiscard]] result<void> drop_before(std::uint64_t sequence) {
    if (closed_) return failure(code::invalid_argument, operation::remove);
    std::uint64_t start = start_;
    while (start < writer_.segment()) {
      detail::segment_reader<F> following;
      PERDURE_TRY(following.open(*fs_, writer_.names().segment(start + 1), options_.kind, start + 1));
      if (following.head().first > sequence) break;
      ++start;
    }
    if (start == start_) return {};
    return drop_segments(start);
  }

  // The number of the next record, and of the first that is not known to be durable.
  [[nodiscard]] std::uint64_t next_sequence() const noexcept { return writer_.end().next; }
  [[nodiscard]] std::uint64_t first_unsynced() const noexcept { return writer_.durable().next; }

  // Makes durable what was appended, and lets go of the files and the lock. Every call after it is an invalid_argument.
  [[nodiscard]] result<enum durability> close() {
    const auto synced = sync();
    closed_ = true;
    const auto closed = writer_.close();
    lock_ = failure(code::not_found, operation::lock);
    if (!synced || closed) return synced;
    return failure(closed.error());
  }

 private:
  record_log(F& fs, path_view directory, const log_options& options, std::size_t window_bytes, enum durability reach) noexcept
      : fs_(&fs),
        options_(options),
        record_bytes_max_(window_bytes - record_head_bytes),
        writer_(fs, directory, options.kind, options.at_least, reach) {}

  [[nodiscard]] result<void> take_lock() {
    if (options_.writers == writers::only_this) return {};
    lock_ = file_lock<F>::try_take(*fs_, writer_.names().file("lock"));
    if (!lock_) return lock_.error();
    return {};
  }

  // How far the last segment was durable is said by its last frames, and found by reading it again up to there.
  [[nodiscard]] result<void> find_durable(const detail::segment_reader<F>& tail, mutable_bytes window,
                                          detail::log_position& durable) {
    const std::uint64_t number = tail.head().segment;
    const path_view path = writer_.names().segment(number);
    detail::segment_reader<F> again;
    PERDURE_TRY(again.open(*fs_, path, options_.kind, number));
    for (;;) {
      const auto step = again.next(window, tail.durable());
      if (!step) return detail::in_file(step.error(), bytes(path.data(), path.size()));
      if (*step == detail::segment_step::end) break;
    }
    durable = {again.position(), again.next_sequence(), again.checksum()};
    return {};
  }

  // Nothing is removed before it is durable that nobody will look for it. What a crash brings back is below the start, too.
  [[nodiscard]] result<void> drop_segments(std::uint64_t start) {
    detail::log_start file{};
    file.kind = options_.kind;
    file.log = writer_.log();
    file.first_segment = start;
    detail::finish(file);
    write_options how;
    how.at_least = options_.at_least;
    const auto written = atomic_write(*fs_, writer_.names().file("start"), detail::stored_bytes(file), how);
    if (!written) return written.error();
    start_ = start;
    return fs_->for_each_entry(writer_.names().directory(), [&](const dir_entry& entry) {
      const std::uint64_t number = detail::log_names<F>::number_of(entry.name);
      if (number != 0 && number < start) (void)fs_->remove(writer_.names().segment(number));
      return visit::go_on;
    });
  }

  F* fs_;
  log_options options_;
  std::size_t record_bytes_max_;
  std::uint64_t start_ = 1;
  bool closed_ = false;
  detail::log_writer<F> writer_;
  result<file_lock<F>> lock_ = failure(code::not_found, operation::lock);
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_RECORD_LOG_HPP
