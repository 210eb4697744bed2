// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_TEMP_SWEEP_HPP
#define PERDURE_FS_TEMP_SWEEP_HPP

// temp_sweep(fs, directory, clock, options): removes what writers that died have left in a directory.
//
// Effects: of the entries named as temp_name.hpp says, removes those whose writer has ended, as the Fs judges it. Where it cannot
//   judge (another boot, machine or container; a device without processes), removes those that were last written to longer
//   ago than `unjudged_after_ns`. Every other entry, and every file of a writer that lives, however long it sleeps, stays.
// Success: the counts. What could not be removed is counted and left.
// Failure: the listing's: not_found, not_a_directory, permission.
// Crash: what was removed may come back; the next sweep finds it again. Nothing is synced, for nothing depends on it.
// Not promised: that a writer on another machine, which has not written for `unjudged_after_ns`, still finds its file: its commit
//   then fails with not_found, and the old file stands. Directories below this one.

#include <perdure/core/native_clock.hpp>
#include <perdure/fs/fs_optional.hpp>
#include <perdure/fs/native_fs.hpp>
#include <perdure/fs/temp_name.hpp>

namespace perdure {
inline namespace v1 {

struct sweep_options {
  std::int64_t unjudged_after_ns = 24 * 3600 * ns_per_second;
};

struct sweep_report {
  std::uint32_t removed = 0;
  std::uint32_t living = 0;    // their writers live
  std::uint32_t unjudged = 0;  // nobody here can tell, and they are not old
  std::uint32_t failed = 0;    // to be removed, and could not be
};

namespace detail {

template <Fs F, Clock C>
[[nodiscard]] bool is_orphan(F& fs, path_view path, const nonce& name, C& clock, const sweep_options& options,
                             sweep_report& report) {
  switch (writer(fs, name)) {
    case writer_state::gone:
      return true;
    case writer_state::alive:
      ++report.living;
      return false;
    case writer_state::unknown:
      break;
  }
  const auto info = fs.stat(path);
  const bool old = info && info->modified_ns != time_unknown && info->modified_ns < clock.unix_ns() - options.unjudged_after_ns;
  if (!old) ++report.unjudged;
  return old;
}

}  // namespace detail

template <Fs F, Clock C>
[[nodiscard]] result<sweep_report> temp_sweep(F& fs, path_view directory, C& clock, const sweep_options& options = {}) {
  sweep_report report;
  const auto listed = fs.for_each_entry(directory, [&](const dir_entry& entry) {
    const auto name = temp_name::parse(entry.name);
    if (!name || entry.kind == file_kind::directory) return visit::go_on;
    path_buffer<detail::path_capacity<F>()> path;
    if (!path.join(directory, entry.name).ok()) {
      ++report.failed;
    } else if (detail::is_orphan(fs, path, *name, clock, options, report)) {
      const auto removed = fs.remove(path);
      if (removed) ++report.removed;
      if (!removed && removed.error().code() != code::not_found) ++report.failed;
    }
    return visit::go_on;
  });
  if (!listed) return listed.error();
  return report;
}

#if PERDURE_HAS_NATIVE_FS
template <Fs F = native_fs>
[[nodiscard]] result<sweep_report> temp_sweep(path_view directory, const sweep_options& options = {}) {
  F fs;
  native_clock clock;
  return temp_sweep(fs, directory, clock, options);
}
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_TEMP_SWEEP_HPP
