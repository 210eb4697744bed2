// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_AT_FS_HPP
#define PERDURE_FS_AT_FS_HPP

// at_fs<F>: the files below one directory of an F, and nothing else: no path, no link and no ".." leads out of it. For paths that
// somebody else chose. A model of Fs itself, with what F can do.
//
//   auto uploads = perdure::at_fs<perdure::posix_fs>::open(fs, "/srv/uploads");
//   uploads->stat("../passwords");   // permission
//
// Effects: each path is walked from the root, component by component, and each symbolic link on it is read and walked by hand, up
//   to 40 of them. Where F has open_dir, the walk goes from held directory to held directory and refuses links at every
//   step, so that nobody who swaps a directory for a link meanwhile leads it outside: what was swapped is resolved again or the
//   call fails. The last component is used in the directory that is held. F must outlive the at_fs; its stack is up to 48 KiB for
//   two paths.
// Success: as F's own. A link may be stored that points anywhere; it is not followed outside.
// Failure: as F's own, and permission where a path is absolute, climbs above the root or meets a link that does; after more than
//   40 links, invalid_argument. A failure names the path that the caller gave.
// Crash: as F's own.
// Not promised: where F cannot hold directories, safety from somebody who swaps directories for links during a call. Links
//   that F follows without showing them by stat_link. That what is moved out of the root during a call stays untouched.
//   rename_no_replace from one directory into another, where directories are held: unsupported.

#include <perdure/fs/detail/at_walk.hpp>

namespace perdure {
inline namespace v1 {

template <Fs F>
class at_fs {
  using root = detail::at_root<F>;
  using walk = detail::at_walk<F>;
  using if_missing = typename walk::if_missing;
  using dir = typename root::dir;
  static constexpr bool walks = root::walks;

 public:
  using perdure_fs = at_fs;
  using file = typename F::file;
  static constexpr std::size_t path_capacity = root::path_capacity;
  static constexpr bool is_separator(char c) noexcept { return root::is_separator(c); }

  // The root is an existing directory, and may be a link to one.
  [[nodiscard]] static result<at_fs> open(F& fs, path_view directory) {
    at_fs made(fs);
    if constexpr (walks) {
      made.root_.held = perdure::open_dir(fs, directory);
      if (made.root_.held) return detail::moved(made);
      if (made.root_.held.error().code() != code::unsupported) return made.root_.held.error();
    }
    const result<file_info> info = fs.stat(directory);
    if (!info) return info.error();
    if (info->kind != file_kind::directory)
      return failure(code::not_a_directory, operation::open).about({directory.data(), directory.size()});
    if (!made.root_.path.append(directory).ok())
      return failure(code::too_large, operation::open).about({directory.data(), directory.size()});
    return detail::moved(made);
  }

  [[nodiscard]] result<file> open(path_view path, const open_options& options) {
    open_options here = options;
    here.links = links::refuse;
    walk to(root_, operation::open, path);
    return to.follow(options.links, [&](auto& fs, path_view name) { return fs.open(name, here); });
  }
  [[nodiscard]] result<file_info> stat(path_view path) {
    walk to(root_, operation::stat, path);
    return to.look();
  }
  [[nodiscard]] result<file_info> stat_link(path_view path) {
    walk to(root_, operation::stat, path);
    PERDURE_TRY(to.begin());
    PERDURE_TRY(to.settle(if_missing::fail));
    return to.told(to.with([&](auto& fs, path_view name) { return perdure::stat_link(fs, name); }));
  }
  [[nodiscard]] result<void> remove(path_view path) {
    walk to(root_, operation::remove, path);
    PERDURE_TRY(to.begin_at_name(code::is_a_directory));
    return to.told(to.with([](auto& fs, path_view name) { return fs.remove(name); }));
  }
  [[nodiscard]] result<void> make_dir(path_view path) {
    walk to(root_, operation::make_dir, path);
    PERDURE_TRY(to.begin_at_name(code::already_exists, if_missing::go_on));
    return to.told(to.with([](auto& fs, path_view name) { return fs.make_dir(name); }));
  }
  [[nodiscard]] result<void> remove_dir(path_view path) {
    walk to(root_, operation::remove_dir, path);
    PERDURE_TRY(to.begin_at_name(code::invalid_argument));
    return to.told(to.with([](auto& fs, path_view name) { return fs.remove_dir(name); }));
  }
  [[nodiscard]] result<void> for_each_entry(path_view path, entry_visitor visitor) {
    walk to(root_, operation::list, path);
    PERDURE_TRY(to.begin_inside(links::follow));
    return to.told(to.with([&](auto& fs, path_view name) { return fs.for_each_entry(name, visitor); }));
  }
  [[nodiscard]] result<void> sync_dir(path_view path) {
    walk to(root_, operation::sync_dir, path);
    PERDURE_TRY(to.begin_inside(links::follow));
    return to.told(to.with([](auto& fs, path_view name) { return fs.sync_dir(name); }));
  }
  [[nodiscard]] result<void> sync_all(path_view path) {
    walk to(root_, operation::sync_all, path);
    const result<file_info> info = to.look();
    if (!info) return info.error();
    if (info->kind == file_kind::directory) PERDURE_TRY(to.inside(links::follow));
    // Of a file, the directory that holds it: that is on the same volume, and it is held.
    if (to.held()) return to.told(to.with([](auto& fs, path_view) { return perdure::sync_all(fs, "."); }));
    return to.told(to.with([](auto& fs, path_view name) { return perdure::sync_all(fs, name); }));
  }

  [[nodiscard]] result<void> rename(path_view from, path_view to) { return rename_to(from, *this, to); }
  [[nodiscard]] result<void> rename_to(path_view from, at_fs& other, path_view to) {
    walk source(root_, operation::rename, from);
    walk target(other.root_, operation::rename, to);
    PERDURE_TRY(begin_both(source, target));
    if constexpr (walks) {
      if (source.held() && target.held())
        return target.told(perdure::rename_to(source.here(), source.name(), target.here(), target.name()));
    }
    if (source.held() || target.held() || root_.fs != other.root_.fs) return target.refused(code::unsupported);
    return target.told(root_.fs->rename(source.whole(), target.whole()));
  }
  [[nodiscard]] result<void> rename_no_replace(path_view from, path_view to) {
    walk source(root_, operation::rename, from);
    walk target(root_, operation::rename, to);
    PERDURE_TRY(begin_both(source, target));
    if constexpr (walks) {
      if (source.held()) {
        if (!(source.parent() == target.parent())) return target.refused(code::unsupported);
        return target.told(perdure::rename_no_replace(source.here(), source.name(), target.name()));
      }
    }
    return target.told(perdure::rename_no_replace(*root_.fs, source.whole(), target.whole()));
  }

  [[nodiscard]] result<void> link(path_view from, path_view to) { return link_to(from, *this, to); }
  [[nodiscard]] result<void> link_to(path_view from, at_fs& other, path_view to, links links = links::follow) {
    walk source(root_, operation::link, from);
    walk target(other.root_, operation::link, to);
    const result<file_info> info = source.look(links);
    if (!info) return info.error();
    PERDURE_TRY(source.need_name(code::unsupported));
    PERDURE_TRY(target.begin_at_name(code::already_exists));
    if constexpr (walks) {
      if (source.held() && target.held())
        return target.told(perdure::link_to(source.here(), source.name(), target.here(), target.name(), links::refuse));
    }
    if (source.held() || target.held() || root_.fs != other.root_.fs) return target.refused(code::unsupported);
    return target.told(perdure::link(*root_.fs, source.whole(), target.whole()));
  }
  [[nodiscard]] result<void> make_link(path_view target, path_view path) {
    walk to(root_, operation::make_link, path);
    PERDURE_TRY(to.begin_at_name(code::already_exists));
    return to.told(to.with([&](auto& fs, path_view name) { return perdure::make_link(fs, target, name); }));
  }
  [[nodiscard]] result<std::size_t> read_link(path_view path, mutable_bytes buffer) {
    walk to(root_, operation::read_link, path);
    PERDURE_TRY(to.begin_at_name(code::invalid_argument));
    return to.told(to.with([&](auto& fs, path_view name) { return perdure::read_link(fs, name, buffer); }));
  }

  // A directory below the root, as a root of its own.
  [[nodiscard]] result<at_fs> open_dir(path_view path, links links = links::follow)
    requires walks
  {
    walk to(root_, operation::open_dir, path);
    if (!to.held()) return to.refused(code::unsupported);
    PERDURE_TRY(to.begin_inside(links));
    at_fs made(*root_.fs);
    made.root_.held = to.take();
    if (!made.root_.held) return to.refused(made.root_.held.error());
    return detail::moved(made);
  }

  [[nodiscard]] result<struct backend_id> backend_id() { return backend_id_of(*root_.fs); }
  [[nodiscard]] struct nonce nonce() { return root_.fs->nonce(); }
  [[nodiscard]] writer_state writer(const struct nonce& name) { return perdure::writer(*root_.fs, name); }

 private:
  explicit at_fs(F& fs) noexcept : root_{&fs} {}

  static result<void> begin_both(walk& source, walk& target) {
    PERDURE_TRY(source.begin_at_name(code::invalid_argument));
    PERDURE_TRY(target.begin_at_name(code::invalid_argument, if_missing::go_on));
    if (!target.ends_in_separator()) return {};
    const auto info = source.with([](auto& fs, path_view name) { return walk::stat_or_link(fs, name); });
    if (!info) return source.told(result<void>(info.error()));
    return info->kind == file_kind::directory ? result<void>() : target.refused(code::not_a_directory);
  }
  root root_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_AT_FS_HPP
