// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_FS_HPP
#define PERDURE_FS_FS_HPP

// Fs: files under paths, and what of them outlives a crash. The one seam under everything that perdure keeps in files.
//
// A model is written against the laws below; testing/fs_laws.hpp checks those that a running program can see, the crash
// lab those that only a power cut shows. "Survives" means: a power cut or a crash of the system at any later moment, followed
// by a restart, shows it. "Fails" means: a result with a failure; nothing is thrown.
//
// The laws
//  L1  Visible at once. What a call that succeeded did, every later call sees, through every Fs over the same files.
//  L2  Names are atomic. While `rename` replaces an existing `to`, and after a crash during it, `to` names the whole old file
//      or the whole new one, never neither and never a mixture. Until the directories of both are synced, `from` may survive
//      beside a renamed `to`, and where `to` did not exist, a crash may leave neither name. Every other new name is there or not.
//  L3  Content survives its sync. After `file.sync(data)` succeeded, the bytes and the size that the file had when it was
//      called survive, whoever wrote them; after `sync(all)` its mode, owner, times and extended attributes do, too. A file that
//      survives has the mode it was created with, whatever was synced. Neither says anything about the file's name.
//  L4  Names survive their directory's sync. After `sync_dir(d)` succeeded, what was created, renamed, linked or removed
//      in d survives: the entries, not what their files contain, and not d's own entry in its parent. A model whose names
//      survive without it succeeds at once; one that cannot promise it answers `unsupported` and changes nothing.
//  L5  Without a sync, anything may be lost, and in any order: a later write, size or name may survive an earlier one, and a name
//      without its content: any size, zeros, bytes of another file. The exception is `file.sync(order)`: of what is done after
//      it, nothing survives without the bytes and the size that the file had; mode, owner, times and attributes are not held to
//      that. What a sync promised, no close and no later sync takes back.
//  L6  A failed sync is final. After a `sync` on a handle failed, every later one on that handle fails with sync_lost, and
//      whether any of the unsynced bytes survive is unknown, even though reads may still show them. After a failed `sync_dir` or
//      `sync_all` the same holds of the entries: a later one that succeeds speaks only of what was changed after the failure.
//  L7  One winner. Of any callers racing to create one name by `creation::create_new` or `make_dir`, from any thread, process
//      or machine that the Fs spans, exactly one succeeds; the others fail with already_exists.
//  L8  Honest outcomes. A failure with doubt `none` changed nothing that another call, or a crash, could show. Where the call may
//      have happened all the same (an I/O error from a rename or a creation, a write that failed half-way), the failure has
//      doubt `visible`; a failed sync or close has doubt `durable`. What only looks, and every `unsupported` or
//      `invalid_argument`, has none.
//  L9  Whole transfers. `write_at` writes everything or fails, and after a failure any part of the range may have been
//      written; `read_at` fills the buffer or stops at the end of the file. Short counts and interruptions stay inside.
//  L10 Open files keep their content. Removing or renaming over an open file either takes the name alone, and the handle goes
//      on with the old file, or fails with `busy` and changes nothing. Helpers close before they rename.
//  L11 A path is refused before anything is touched: empty or with a NUL, invalid_argument; too long, of 70,000 bytes at the
//      latest, too_large. A missing name is not_found; a file where a directory is needed is not_a_directory, and is never told
//      as not_found.
//  L12 A listing shows every entry that is there throughout exactly once, never "." or "..", and in no order. What comes or goes
//      meanwhile may be shown or not. The visitor may call the Fs, and may remove the entry it is shown.
//  L13 A nonce is not given twice, in any process that reaches the same files, before a restart or after it; where a device
//      cannot keep that, its nonces may start again, and helpers pass over the names that are taken. A nonce is the only source
//      of temporary names, so that a run under the crash lab can be repeated exactly.
//
// Threads: every operation of an Fs may be called from any thread at any time. Of a file, the reading ones, and writes to ranges
// that do not overlap; the others by one thread at a time.
//
// Required                                    fails also with
//   open(path, open_options) -> file          not_found, already_exists, is_a_directory (or else its first read or write does).
//                                             What the handle was not opened for is an invalid_argument
//   stat(path) -> file_info                   not_found. Follows links
//   rename(from, to)                          not_found, is_a_directory, busy; unsupported across volumes. Files and directories;
//                                             onto its own name it does nothing. A directory below itself: invalid_argument; onto
//                                             a file: not_a_directory; onto an empty one: replaces it, or fails
//   remove(path)                              not_found, is_a_directory, busy. The name, not the file behind a link
//   make_dir(path)                            already_exists, not_found (the parent). One leaf, never its ancestors
//   remove_dir(path)                          not_found, not_empty, not_a_directory
//   for_each_entry(path, entry_visitor)       not_found, not_a_directory
//   sync_dir(path)                            not_found, not_a_directory, unsupported
//   nonce() -> struct nonce                   cannot fail
// and of a file, a move-only handle whose destructor closes it in silence
//   read_at(offset, mutable_bytes) -> count   is_a_directory
//   write_at(offset, gather)                  no_space, too_large, is_a_directory. A gap before the offset reads as zeros
//   size() -> bytes
//   truncate(bytes)                           no_space, too_large. Shorter or longer; what is added reads as zeros
//   sync(sync_what)                           sync_lost, no_space
//   close()                                   sync_lost, no_space, io. The handle is closed whatever it answers; a second
//                                             close, and any use after it, is an invalid_argument
// Any of them may fail with permission, busy, io, invalid_argument, too_large and unsupported.
//
// What only some models can do is an optional operation, called through the free function of fs_optional.hpp, which answers
// `unsupported` for the others.
//
// Not promised: the order of a listing; times finer than the model's own; that a name is compared byte by byte (some volumes
// fold case); that a lock, a link or a map can be had at all; anything on a volume that lies about its flushes.

#include <perdure/fs/fs_types.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

template <class H>
concept HasReadAt = requires(const H& file, mutable_bytes into) {
  { file.read_at(std::uint64_t{}, into) } -> results_in<std::size_t>;
};
template <class H>
concept HasWriteAt = requires(H& file, gather from) {
  { file.write_at(std::uint64_t{}, from) } -> results_in<void>;
};
template <class H>
concept HasSize = requires(const H& file) {
  { file.size() } -> results_in<std::uint64_t>;
};
template <class H>
concept HasTruncate = requires(H& file) {
  { file.truncate(std::uint64_t{}) } -> results_in<void>;
};
template <class H>
concept HasSync = requires(H& file) {
  { file.sync(sync_what::data) } -> results_in<void>;
};
template <class H>
concept HasClose = requires(H& file) {
  { file.close() } -> results_in<void>;
};
template <class H>
concept MoveOnlyHandle = requires(H& to, H&& from) {
  { H(static_cast<H&&>(from)) } noexcept;
  { to = static_cast<H&&>(from) } noexcept;
} && !detail::is_constructible<H, const H&>;

template <class F>
concept HasFile = requires { typename F::file; };
template <class F>
concept HasOpen = HasFile<F> && requires(F& fs, path_view p, const open_options& o) {
  { fs.open(p, o) } -> results_in<typename F::file>;
};
template <class F>
concept HasStat = requires(F& fs, path_view p) {
  { fs.stat(p) } -> results_in<file_info>;
};
template <class F>
concept HasRename = requires(F& fs, path_view p) {
  { fs.rename(p, p) } -> results_in<void>;
};
template <class F>
concept HasRemove = requires(F& fs, path_view p) {
  { fs.remove(p) } -> results_in<void>;
};
template <class F>
concept HasMakeDir = requires(F& fs, path_view p) {
  { fs.make_dir(p) } -> results_in<void>;
};
template <class F>
concept HasRemoveDir = requires(F& fs, path_view p) {
  { fs.remove_dir(p) } -> results_in<void>;
};
template <class F>
concept HasForEachEntry = requires(F& fs, path_view p, entry_visitor v) {
  { fs.for_each_entry(p, v) } -> results_in<void>;
};
template <class F>
concept HasSyncDir = requires(F& fs, path_view p) {
  { fs.sync_dir(p) } -> results_in<void>;
};
template <class F>
concept HasNonce = requires(F& fs) {
  { fs.nonce() } -> detail::same_as<nonce>;
};

// Conformance is declared, for syntax cannot see durability: `using perdure_fs = my_fs;` in class my_fs. The name of the
// class itself, so that a class derived from a model is not one by accident.
template <class F>
concept DeclaresFs = requires { typename F::perdure_fs; } && detail::same_as<typename F::perdure_fs, detail::remove_cv<F>>;

}  // namespace detail

template <class H>
concept File = detail::MoveOnlyHandle<H> && detail::HasReadAt<H> && detail::HasWriteAt<H> && detail::HasSize<H> &&
               detail::HasTruncate<H> && detail::HasSync<H> && detail::HasClose<H>;

template <class F>
concept Fs = detail::DeclaresFs<F> && detail::HasFile<F> && File<typename F::file> && detail::HasOpen<F> && detail::HasStat<F> &&
             detail::HasRename<F> && detail::HasRemove<F> && detail::HasMakeDir<F> && detail::HasRemoveDir<F> &&
             detail::HasForEachEntry<F> && detail::HasSyncDir<F> && detail::HasNonce<F>;

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_FS_HPP
