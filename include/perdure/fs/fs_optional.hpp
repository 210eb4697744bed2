// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_FS_OPTIONAL_HPP
#define PERDURE_FS_FS_OPTIONAL_HPP

// What only some models of Fs can do. Each is a member of the model where it can, and is called through the free function
// here, which answers `unsupported`, with nothing touched, where it cannot. A model may itself answer `unsupported` at run
// time (a volume without links), so every helper has a way on or passes the answer up.
//
// Of an Fs
//   rename_no_replace(fs, from, to)       as rename, but an existing `to` is already_exists, decided atomically
//   link(fs, from, to)                    a second name for a file, the one behind `from` where that is a symbolic link;
//                                         already_exists; unsupported where this pair cannot be linked
//                                         (another volume, too many links, a volume or a policy without links)
//   make_link(fs, target, path)           a symbolic link; already_exists. With a separator behind it, it is the directory that
//                                         it leads to; but rename, remove and remove_dir then answer not_a_directory
//   read_link(fs, path, buffer) -> count  what it points to; invalid_argument where path is no link; too_large for the buffer
//   stat_link(fs, path) -> file_info      as stat, not following a link as the last component
//   open_dir(fs, path, links) -> Fs       a directory held open, itself an Fs: a relative path given to it starts there, whatever
//                                         the directory is called by then, and sync_dir(".") syncs it. Once it was removed, no
//                                         name is found in it, and none can be made: not_found
//   sync_all(fs, path)                    everything on the volume of path survives, as by L3 and L4
//   backend_id(fs) -> backend_id          see fs_types.hpp; without it, no two objects share a backend
//   writer(fs, nonce) -> writer_state     does the writer that this nonce names still run?
// Of two directories opened by open_dir on one model
//   rename_to(dir, from, other, to)       as rename, from one held directory into another
//   link_to(dir, from, other, to, links)  as link; with links::refuse, a symbolic link as `from` is an invalid_argument, or gets
//                                         the second name itself if it became one meanwhile: it is not followed
// Of a file
//   try_lock(file, lock_mode)             advisory; `busy` while another handle holds it; ends with the handle or its process,
//                                         so that a crash never leaves it held
//   begin_sync(file)                      what was written sets out for the device, and nobody waits: a later sync of it, or of
//                                         all, has less to do. Promises nothing; a failure is that of a sync, and as final
//   map(file) -> mapping                  its bytes in memory, read-only
//   clone_range(to, to_offset, from, from_offset, size) -> clone_report
//                                         without the bytes passing through the caller; unsupported: read and write instead
//   get_attributes(file) -> attributes    mode, owner, time of modification
//   set_attributes(file, attributes, set) those named in `set`, in an order that never grants more than the result does
//   for_each_xattr(file, xattr_visitor)   extended attributes, access control lists among them
//   set_xattr(file, name, value)
//   remove_xattr(file, name)              one that is not there is removed already

#include <perdure/fs/fs.hpp>

namespace perdure {
inline namespace v1 {

template <Fs F>
[[nodiscard]] result<void> rename_no_replace(F& fs, path_view from, path_view to) {
  if constexpr (requires { fs.rename_no_replace(from, to); }) {
    return fs.rename_no_replace(from, to);
  } else {
    return failure(code::unsupported, operation::rename).about({to.data(), to.size()});
  }
}

template <Fs F>
[[nodiscard]] result<void> link(F& fs, path_view from, path_view to) {
  if constexpr (requires { fs.link(from, to); }) {
    return fs.link(from, to);
  } else {
    return failure(code::unsupported, operation::link).about({to.data(), to.size()});
  }
}

template <Fs F>
[[nodiscard]] result<void> make_link(F& fs, path_view target, path_view path) {
  if constexpr (requires { fs.make_link(target, path); }) {
    return fs.make_link(target, path);
  } else {
    return failure(code::unsupported, operation::make_link).about({path.data(), path.size()});
  }
}

template <Fs F>
[[nodiscard]] result<std::size_t> read_link(F& fs, path_view path, mutable_bytes buffer) {
  if constexpr (requires { fs.read_link(path, buffer); }) {
    return fs.read_link(path, buffer);
  } else {
    return failure(code::unsupported, operation::read_link).about({path.data(), path.size()});
  }
}

template <Fs F>
[[nodiscard]] result<file_info> stat_link(F& fs, path_view path) {
  if constexpr (requires { fs.stat_link(path); }) {
    return fs.stat_link(path);
  } else {
    return failure(code::unsupported, operation::stat).about({path.data(), path.size()});
  }
}

template <Fs F>
inline constexpr bool can_open_dir = requires(F& fs, path_view path) { fs.open_dir(path, links::follow); };

// The one without a free fallback: what it would return has no type where a model has none. Ask can_open_dir<F> first. What it
// does return is an Fs with the same files.
template <Fs F>
  requires can_open_dir<F>
[[nodiscard]] PERDURE_FLAT auto open_dir(F& fs, path_view path, links links = links::follow) {
  using dir = typename decltype(fs.open_dir(path, links))::value_type;
  static_assert(Fs<dir> && detail::is_same<decltype(fs.open_dir(path, links)), result<dir>>,
                "open_dir: the result of an Fs, with its tag `using perdure_fs = ...`");
  static_assert(detail::is_same<typename dir::file, typename F::file>, "open_dir: a held directory opens the same type of file");
  return fs.open_dir(path, links);
}

template <Fs D>
[[nodiscard]] result<void> rename_to(D& dir, path_view from, D& other, path_view to) {
  if constexpr (requires { dir.rename_to(from, other, to); }) {
    return dir.rename_to(from, other, to);
  } else {
    return failure(code::unsupported, operation::rename).about({to.data(), to.size()});
  }
}

template <Fs D>
[[nodiscard]] result<void> link_to(D& dir, path_view from, D& other, path_view to, links links = links::follow) {
  if constexpr (requires { dir.link_to(from, other, to, links); }) {
    return dir.link_to(from, other, to, links);
  } else {
    return failure(code::unsupported, operation::link).about({to.data(), to.size()});
  }
}

template <Fs F>
[[nodiscard]] result<void> sync_all(F& fs, path_view path) {
  if constexpr (requires { fs.sync_all(path); }) {
    return fs.sync_all(path);
  } else {
    return failure(code::unsupported, operation::sync_all).about({path.data(), path.size()});
  }
}

template <Fs F>
[[nodiscard]] result<struct backend_id> backend_id_of(F& fs) {
  if constexpr (requires { fs.backend_id(); }) {
    return fs.backend_id();
  } else {
    return failure(code::unsupported, operation::none);
  }
}

// May a file of one be linked to a name in the other? Without ids on both sides: no.
template <Fs A, Fs B>
[[nodiscard]] bool same_backend(A& a, B& b) {
  const auto first = backend_id_of(a);
  const auto second = backend_id_of(b);
  return first && second && *first == *second;
}

template <Fs F>
[[nodiscard]] writer_state writer(F& fs, const nonce& name) {
  if constexpr (requires { fs.writer(name); }) {
    return fs.writer(name);
  } else {
    return writer_state::unknown;
  }
}

template <File H>
[[nodiscard]] result<void> try_lock(H& file, lock_mode mode) {
  if constexpr (requires { file.try_lock(mode); }) {
    return file.try_lock(mode);
  } else {
    return failure(code::unsupported, operation::lock);
  }
}

template <File H>
[[nodiscard]] result<void> begin_sync(H& file) {
  if constexpr (requires { file.begin_sync(); }) {
    return file.begin_sync();
  } else {
    return failure(code::unsupported, operation::sync);
  }
}

template <File H>
[[nodiscard]] result<mapping> map(const H& file) {
  if constexpr (requires { file.map(); }) {
    return file.map();
  } else {
    return failure(code::unsupported, operation::map);
  }
}

template <File H>
[[nodiscard]] result<clone_report> clone_range(H& to, std::uint64_t to_offset, const H& from, std::uint64_t from_offset,
                                               std::uint64_t size_bytes) {
  if constexpr (requires { to.clone_range(to_offset, from, from_offset, size_bytes); }) {
    return to.clone_range(to_offset, from, from_offset, size_bytes);
  } else {
    return failure(code::unsupported, operation::clone);
  }
}

template <File H>
[[nodiscard]] result<attributes> get_attributes(const H& file) {
  if constexpr (requires { file.get_attributes(); }) {
    return file.get_attributes();
  } else {
    return failure(code::unsupported, operation::get_attributes);
  }
}

template <File H>
[[nodiscard]] result<void> set_attributes(H& file, const attributes& values, attribute_set set) {
  if constexpr (requires { file.set_attributes(values, set); }) {
    return file.set_attributes(values, set);
  } else {
    return failure(code::unsupported, operation::set_attributes);
  }
}

template <File H>
[[nodiscard]] result<void> for_each_xattr(const H& file, xattr_visitor visitor) {
  if constexpr (requires { file.for_each_xattr(visitor); }) {
    return file.for_each_xattr(visitor);
  } else {
    return failure(code::unsupported, operation::get_attributes);
  }
}

template <File H>
[[nodiscard]] result<void> set_xattr(H& file, path_view name, bytes value) {
  if constexpr (requires { file.set_xattr(name, value); }) {
    return file.set_xattr(name, value);
  } else {
    return failure(code::unsupported, operation::set_attributes);
  }
}

template <File H>
[[nodiscard]] result<void> remove_xattr(H& file, path_view name) {
  if constexpr (requires { file.remove_xattr(name); }) {
    return file.remove_xattr(name);
  } else {
    return failure(code::unsupported, operation::set_attributes);
  }
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_FS_OPTIONAL_HPP
