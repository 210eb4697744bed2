// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_VERIFY_CHECKPOINT_HPP
#define PERDURE_ENGINE_VERIFY_CHECKPOINT_HPP

// verify_checkpoint(fs, path, options): is this a whole checkpoint, as it was made?
//
// Effects: none. Reads `checkpoint.perdure`, the `current`, and every file that it names, with checkpoint_checks::digests to its
//   end.
// Success: every file is there, has its size and, where its digest is known, its content. What the checkpoint says of itself.
// Failure: not_found: there is nothing; corrupt: half of one, or an altered one: which file, in failure::path(); or a directory
//   without a `checkpoint.perdure`, as what restore_checkpoint made is; not_a_directory;
//   version_unsupported; too_large: over options.list_bytes_max. Else as the Fs has them: an I/O error is not half of one.
// Crash: a read proves that something is visible, not that it is durable.
// Not promised: that there is nothing else in the directory. With checkpoint_checks::sizes, anything about content but that of
//   the `current`. Anything against who can write a `checkpoint.perdure`.

#include <perdure/engine/detail/checkpoint_reader.hpp>

namespace perdure {
inline namespace v1 {

template <Fs F>
[[nodiscard]] result<checkpoint_info> verify_checkpoint(F& fs, path_view path, const verify_options& options = {}) {
  detail::checkpoint_reader<F> reader(fs, path, options);
  const auto record = reader.open();
  if (!record) return record.error();
  return detail::check_checkpoint(reader, *record);
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_VERIFY_CHECKPOINT_HPP
