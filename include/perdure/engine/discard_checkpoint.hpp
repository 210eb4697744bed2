// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_DISCARD_CHECKPOINT_HPP
#define PERDURE_ENGINE_DISCARD_CHECKPOINT_HPP

// discard_checkpoint(fs, path, current): removes what a crash, or a failure, has left of a checkpoint that was not finished.
//
// Effects: looks for a file of the name `current`, which is what the engine calls it, and at everything there is; then removes
//   all files in the directory and in those directly in it, these, and the directory; and syncs the one that it is in.
// Success: it is gone, and stays so.
// Failure: already_exists: there is a `current`: a complete checkpoint, or an engine, or, where directories cannot be synced,
//   what a crash left of one, which verify_checkpoint refuses and people have to remove; not_empty: there are directories in its
//   directories: no checkpoint. Neither is touched. not_found: there is nothing. Else as the Fs has them; what is left then is
//   refused as before, and may be discarded again.
// Crash: all of it, or part of it, which may be discarded again, or nothing.
// Not promised: that the directory is what a checkpoint left, where it has no `current`: the name is taken at the caller's word.
//   That it does no harm to a checkpoint, or a restore, that is being made: that fails, or verify_checkpoint refuses it.

#include <perdure/fs/fs_optional.hpp>
#include <perdure/fs/make_dirs.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

template <Fs F>
class checkpoint_remains {
  using path = path_buffer<path_capacity<F>()>;

 public:
  checkpoint_remains(F& fs, path_view root) noexcept : fs_(fs), root_(root) {}

  [[nodiscard]] result<void> refuse_complete(path_view current) const {
    path at;
    if (current.empty() || !at.join(root_, current).ok()) return failure(code::invalid_argument, operation::stat);
    const auto there = fs_.stat(at);
    if (there) return failure(code::already_exists, operation::remove).about({at.data(), at.size()});
    return there.error().code() == code::not_found ? result<void>() : result<void>(there.error());
  }

  // Everything, in its directories first. With `removes::nothing` it only looks whether that may be done.
  enum class removes : bool { nothing, all };
  [[nodiscard]] result<void> visit_all(removes what) const {
    return each_in(root_, [&](path_view at, bool directory) -> result<void> {
      if (!directory) return what == removes::all ? fs_.remove(at) : result<void>();
      PERDURE_TRY(each_in(at, [&](path_view below, bool deeper) -> result<void> {
        if (deeper) return failure(code::not_empty, operation::remove_dir).about({below.data(), below.size()});
        return what == removes::all ? fs_.remove(below) : result<void>();
      }));
      return what == removes::all ? fs_.remove_dir(at) : result<void>();
    });
  }

 private:
  template <class Use>
  [[nodiscard]] result<void> each_in(path_view directory, Use&& use) const {
    result<void> done;
    const auto listed = fs_.for_each_entry(directory, [&](const dir_entry& entry) {
      path at;
      if (!at.join(directory, entry.name).ok()) {
        done = failure(code::too_large, operation::list).about({entry.name.data(), entry.name.size()});
      } else {
        const auto directory_there = is_directory(at, entry.kind);
        done = directory_there ? use(path_view(at), *directory_there) : result<void>(directory_there.error());
      }
      return done ? visit::go_on : visit::stop;
    });
    return listed ? done : listed;
  }
  // A link to a directory is a name like that of a file.
  [[nodiscard]] result<bool> is_directory(path_view at, file_kind kind) const {
    if (kind != file_kind::unknown) return kind == file_kind::directory;
    auto there = stat_link(fs_, at);
    if (!there && there.error().code() == code::unsupported) there = fs_.stat(at);
    if (!there) return there.error();
    return there->kind == file_kind::directory;
  }

  F& fs_;
  path_view root_;
};

}  // namespace detail

template <Fs F>
[[nodiscard]] result<void> discard_checkpoint(F& fs, path_view path, path_view current) {
  using remains = detail::checkpoint_remains<F>;
  const remains left(fs, path);
  PERDURE_TRY(left.refuse_complete(current));
  PERDURE_TRY(left.visit_all(remains::removes::nothing));
  PERDURE_TRY(left.visit_all(remains::removes::all));
  PERDURE_TRY(fs.remove_dir(path));
  const path_view parent = detail::prefix_of<F>(path);
  const auto synced = fs.sync_dir(parent.empty() ? path_view(".") : parent);
  if (!synced && synced.error().code() != code::unsupported) return synced.error().with(doubt::durable);
  return {};
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_DISCARD_CHECKPOINT_HPP
