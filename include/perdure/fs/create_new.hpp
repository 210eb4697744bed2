// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_CREATE_NEW_HPP
#define PERDURE_FS_CREATE_NEW_HPP

// create_new(fs, path, content, options): a file that was not there before, whole or not at all.
//
// Effects: as atomic_write with existing::refuse: the name is taken by a rename that replaces nothing, or by a link.
// Success: the file is there and holds the content; of racing creators, in any process, this one won.
// Failure: already_exists for every other racer, and for any object under that name, a dangling link included; unsupported where
//   the Fs has neither links nor a rename that replaces nothing; else as atomic_write.
// Crash: no file, or the whole one; with durability::full, the whole one once success was returned. As atomic_write, a
//   temporary file may be left, here also as a second name of the whole file.
// Not promised: that the file stays; see atomic_write for the rest.

#include <perdure/fs/atomic_write.hpp>

namespace perdure {
inline namespace v1 {

template <Fs F>
[[nodiscard]] result<write_report> create_new(F& fs, path_view path, gather content, write_options options = {}) {
  options.existing = existing::refuse;
  return atomic_write(fs, path, content, options);
}

#if PERDURE_HAS_NATIVE_FS
template <Fs F = native_fs>
[[nodiscard]] result<write_report> create_new(path_view path, gather content, const write_options& options = {}) {
  F fs;
  return create_new(fs, path, content, options);
}
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_CREATE_NEW_HPP
