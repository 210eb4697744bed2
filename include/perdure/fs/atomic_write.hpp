// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_ATOMIC_WRITE_HPP
#define PERDURE_FS_ATOMIC_WRITE_HPP

// atomic_write(fs, path, content, options): a file, replaced whole or not at all.
// atomic_write(path, content, options): the same on the platform's own file system. (A template, so that only its users compile
// it.)
//
//   perdure::atomic_write("settings.json", text);     // on success the text survives a power cut
//
// Effects
//   1  Finds the target's directory; follows or refuses a link, or makes missing directories, if asked.
//   2  Looks at the file to be replaced, if something of it is to be kept.
//   3  Creates a file under a unique name in that directory, exclusively, with the final mode or a closed one.
//   4  Writes the content, sets the attributes if asked, syncs and closes it.
//   5  Renames it to `path`.
//   6  Syncs the directory (durability::full).
//   With content::skip_unchanged, a file that holds the bytes already is synced as it is, with its directory, and 2 to 5 are left
//   out.
// Success: the file holds the content. The report says which durability was reached; it is less than asked only where the
//   system has no more (no sync of directories: Windows, some FUSE volumes; no sync of a file at all: then `none`; an ancestor
//   that may not be read, with parents::make), and never less than options.at_least.
// Failure: `unchanged`: the old file stands, or none, and no temporary file is left (unless removing it failed, too). `unknown`
//   with doubt `visible`: the rename itself failed in the system and may have happened; with doubt `durable`: the new file is in
//   place, and a crash may bring the old one back. An unknown is settled by writing again, not by reading, and not with
//   content::skip_unchanged, which reads (after existing::refuse, which would refuse its own file: by replacing it with the same
//   bytes). Directories made by parents::make stay after any failure.
//   not_found (the directory; a followed link that leads nowhere), not_a_directory, is_a_directory (the target; a name that
//   ends in '/', "." or ".."), already_exists (existing::refuse), no_space, permission (also a read-only volume, or a directory
//   that may be written to and not read, with durability::full), too_large (a name or a path), invalid_argument (an empty path, a
//   NUL in it, a refused link, an owner without a mode), busy, unsupported (at_least; existing::refuse where the system has
//   neither links nor such a rename), sync_lost and io.
// Crash: with `full` or `ordered`, the old file or the new one, whole; with `full`, the new one once success was returned.
//   A file named as temp_name.hpp says may be left beside it, which temp_sweep removes. With `none`, anything.
// Concurrent writers, of any process: the result is one of theirs, whole.
//
// Not promised: with the defaults, the mode, owner, access control list and other attributes of the replaced file (options.keep
// keeps them), a hard link to it (it keeps the old file), or a symbolic link as target (options.target_link). That a target which
// is no file but a pipe, a socket or a device (/dev/null) is written to: it is replaced by the file, as a link is. That a link
// that is swapped in between is seen. The durability of directories that were there before, unless parents::make. With
// skip_unchanged, that bytes or a name which an earlier, failed sync of the file or its directory left in the cache reach the
// disk: no later sync can tell. Without it they do, for both are new then.

#include <perdure/fs/detail/staged_file.hpp>
#include <perdure/fs/native_fs.hpp>

namespace perdure {
inline namespace v1 {

template <Fs F>
[[nodiscard]] result<write_report> atomic_write(F& fs, path_view path, gather content, const write_options& options = {}) {
  detail::staged_file<F> staged;
  const auto prepare = [&]() -> result<bool> {
    PERDURE_TRY(staged.locate(fs, path, options));  // 1
    if (staged.settle_unchanged(content)) return true;
    PERDURE_TRY(staged.probe());
    PERDURE_TRY(staged.look_at_replaced());  // 2
    PERDURE_TRY(staged.create());            // 3
    PERDURE_TRY(staged.write(0, content));   // 4
    PERDURE_TRY(staged.finish());
    return false;
  };
  const auto prepared = prepare();
  if (!prepared) {
    staged.abandon();
    return detail::retold(prepared.error(), path);
  }
  if (*prepared) return staged.unchanged_report();
  return staged.publish(path);  // 5, 6
}

#if PERDURE_HAS_NATIVE_FS
template <Fs F = native_fs>
[[nodiscard]] result<write_report> atomic_write(path_view path, gather content, const write_options& options = {}) {
  F fs;
  return atomic_write(fs, path, content, options);
}
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_ATOMIC_WRITE_HPP
