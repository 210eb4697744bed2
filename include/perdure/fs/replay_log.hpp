// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_REPLAY_LOG_HPP
#define PERDURE_FS_REPLAY_LOG_HPP

// replay_log(fs, directory, options, window, visitor): what a log of records (record_log.hpp) holds, without a writer's lock.
//
// Effects: reads the segments in order and shows each record to the visitor. Nothing is written. The window holds what is read: a
//   record of up to window.size() - 48 bytes can be shown, and no size in a file makes it need more.
// Success: every record that was ever acknowledged and not dropped, in order and without a gap; then perhaps some whose append
//   was not finished. `torn_bytes` says how much stood behind them that is no record.
// Failure: not_found (no such directory). corrupt, with what and where, "d/0000000000000003.log: record at byte 4711": a record
//   that was durable is damaged or gone, or a segment is missing, or (torn_tail::refuse) an append was not finished.
//   version_unsupported; too_large: a record that the window cannot hold; cancelled: the visitor answered visit::stop.
// Crash: as it only observes, what it shows is visible, and need not be durable: opening the log for writing settles that.
// Not promised: that damage to the very last records is told from an append that was not finished, when nothing behind them says
//   that they were durable. While somebody else writes, that the end is anything but a moment's; while he drops segments, that
//   none of them is missed: not_found then, try again. Anything against who can compute a CRC.

#include <perdure/fs/detail/log_chain.hpp>

namespace perdure {
inline namespace v1 {

struct replay_options {
  four_bytes kind = "RLOG";
  std::uint64_t from = 1;  // the sequence number to begin with; segments that end before it are not read
  enum torn_tail torn_tail = torn_tail::stop;
};

template <Fs F>
[[nodiscard]] result<replay_report> replay_log(F& fs, path_view directory, const replay_options& options, mutable_bytes window,
                                               record_visitor visitor) {
  if (window.size() <= segment_head_bytes) {
    return failure(code::invalid_argument, operation::read).about({directory.data(), directory.size()});
  }
  detail::log_chain<F> chain(fs, directory, options.kind);
  PERDURE_TRY(chain.find());
  if (!chain.is_empty()) PERDURE_TRY(chain.walk(options.from, options.torn_tail, window, visitor));
  return chain.report();
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_REPLAY_LOG_HPP
