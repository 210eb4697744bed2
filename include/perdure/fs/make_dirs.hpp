// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_MAKE_DIRS_HPP
#define PERDURE_FS_MAKE_DIRS_HPP

// make_dirs(fs, path, durability): a directory and whatever ancestors it lacks.
//
// Effects: makes each missing component of `path`; one that somebody else makes meanwhile is as good. With durability::full,
//   then syncs the parent of every component, from the deepest up, also of those that were there: a racing creator may have
//   made one a moment ago and not synced it yet. An ancestor that this process may not read and made nothing in is passed over.
// Success: `path` is a directory. The durability reached: less than full where the system cannot sync a directory, and
//   where one was passed over.
// Failure: not_a_directory where a file is in the way; else the Fs's own. Directories made so far stay.
// Crash: any leading part of the missing ones may be there.
// Not promised: the durability of the directory that a relative path starts from. That a name which an earlier, failed sync_dir
//   left in the cache reaches the disk (law L6): what is found is synced again, and no later sync can tell, nor can a directory
//   that is in use be made anew. Who was told of that failure removes the empty directory, and makes it again.

#include <perdure/fs/fs.hpp>
#include <perdure/fs/native_fs.hpp>
#include <perdure/fs/write_options.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

// What a path names without its last component: "" for the first of a relative path, "/" for the first of an absolute one.
template <class F>
[[nodiscard]] constexpr path_view prefix_of(path_view path) noexcept {
  std::size_t size = path.size();
  while (size > 0 && is_separator<F>(path[size - 1])) --size;
  while (size > 0 && !is_separator<F>(path[size - 1])) --size;
  const std::size_t with_separators = size;
  while (size > 0 && is_separator<F>(path[size - 1])) --size;
  return path.first(size != 0 ? size : (with_separators != 0 ? 1 : 0));
}

template <class F>
[[nodiscard]] constexpr bool is_root(path_view path) noexcept {
  return is_separator<F>(path[0]) && prefix_of<F>(path).empty();
}

// The next longer prefix of `whole` after its first `size` characters.
template <class F>
[[nodiscard]] constexpr path_view prefix_after(path_view whole, std::size_t size) noexcept {
  while (size < whole.size() && is_separator<F>(whole[size])) ++size;
  while (size < whole.size() && !is_separator<F>(whole[size])) ++size;
  return whole.first(size);
}

template <Fs F>
[[nodiscard]] result<void> make_or_find_dir(F& fs, path_view path, bool& made) {
  auto done = fs.make_dir(path);
  made = done.has_value();
  if (done || done.error().code() != code::already_exists) return done;
  const auto there = fs.stat(path);
  if (!there) return there.error();
  if (there->kind != file_kind::directory)
    return failure(code::not_a_directory, operation::make_dir).about({path.data(), path.size()});
  return {};
}

}  // namespace detail

template <Fs F>
[[nodiscard]] result<enum durability> make_dirs(F& fs, path_view path, enum durability durability = durability::full) {
  // Upwards to the deepest ancestor that is there or can be made, then down again.
  path_view deepest = path;
  bool made = false;
  auto found = detail::make_or_find_dir(fs, deepest, made);
  while (!found && found.error().code() == code::not_found) {
    deepest = detail::prefix_of<F>(deepest);
    if (deepest.empty()) return found.error();
    found = detail::make_or_find_dir(fs, deepest, made);
  }
  if (!found) return found.error();
  path_view first_made = made ? deepest : path_view();
  while (deepest.size() < path.size()) {
    const path_view next = detail::prefix_after<F>(path, deepest.size());
    if (next.size() == path.size() && next == deepest) break;
    PERDURE_TRY(detail::make_or_find_dir(fs, next, made));
    if (made && first_made.empty()) first_made = next;
    deepest = next;
  }
  if (durability != durability::full) return durability;

  enum durability reached = durability;
  for (path_view named = path; !named.empty() && !detail::is_root<F>(named);) {
    const path_view parent = detail::prefix_of<F>(named);
    const auto synced = fs.sync_dir(parent.empty() ? path_view(".") : parent);
    if (!synced) {
      const bool ours = !first_made.empty() && named.size() >= first_made.size();
      const enum code code = synced.error().code();
      if (code != code::unsupported && (code != code::permission || ours)) return synced.error();
      reached = durability::ordered;
    }
    named = parent;
  }
  return reached;
}

#if PERDURE_HAS_NATIVE_FS
template <Fs F = native_fs>
[[nodiscard]] result<enum durability> make_dirs(path_view path, enum durability durability = durability::full) {
  F fs;
  return make_dirs(fs, path, durability);
}
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_MAKE_DIRS_HPP
