// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_LINK_OR_COPY_HPP
#define PERDURE_FS_LINK_OR_COPY_HPP

// link_or_copy(from_fs, from, to_fs, to, options): a file under one more name, at the least cost that the two places allow.
//
// Effects: links where both Fs share a backend and the link succeeds; where it is `unsupported` (another volume, too many links,
//   a volume or a policy without links), copies: by sharing extents, else inside the system, else through a buffer. A copy has
//   the source's permissions, and not its set-user-id and set-group-id bits, for its owner is another. With durability, what a
//   link shares is synced before it is linked, for being there is not being durable. A symbolic link as source is followed.
// Success: `to` names the content. The report says how, which durability was reached, and which answer stood against a link.
// Failure: already_exists, never replaced; permission is no reason to copy, and fails. `unchanged` leaves no `to` and no
//   temporary file; unknown as atomic_write, and where a part that placement::direct wrote could not be removed.
// Crash: no `to`, or the whole one. With placement::direct, which writes a copy under its final name at once and needs
//   neither links nor a rename that replaces nothing, a crash may leave part of one.
// Not promised: one version of a source that is written to meanwhile. That a later write to a linked file stays under one
//   name.

#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/fs_optional.hpp>

namespace perdure {
inline namespace v1 {

enum class placement : std::uint8_t { atomic, direct };

enum class placed : std::uint8_t {
  linked,
  shared,  // a copy that shares extents
  copied,
};

struct link_options {
  enum durability durability = durability::full;
  enum placement placement = placement::atomic;
  mutable_bytes buffer = {};  // for a copy through memory; a small one of its own where none is given
};

struct link_report {
  enum placed placed = placed::linked;
  enum durability durability = durability::none;  // what was reached
  std::uint64_t size_bytes = 0;                   // of a copy
  result<void> link_refused;                      // why it is a copy
};

namespace detail {

// The stack that a helper may take for a buffer: little on a model that has little.
template <class F>
inline constexpr std::size_t piece_size = path_capacity<F>() < 4096 ? 512 : 16384;

// Copies all of `from`: by the system itself where both handles are of one kind, and through memory what it leaves.
template <std::size_t PieceSize, File From, File Onto>
[[nodiscard]] result<void> copy_content(const From& from, Onto& onto, mutable_bytes buffer, link_report& report) {
  std::uint64_t& done = report.size_bytes;
  report.placed = placed::copied;
  if constexpr (detail::is_same<From, Onto>) {
    const auto size = from.size();
    if (!size) return size.error();
    bool all_shared = true;
    while (done < *size) {
      const auto cloned = clone_range(onto, done, from, done, *size - done);
      if (!cloned) break;  // whatever the reason: reading and writing tells better what is wrong
      all_shared = all_shared && cloned->cloned == cloned::shared;
      done += cloned->size_bytes;
    }
    if (done != 0 && all_shared) report.placed = placed::shared;
  }
  std::byte own[PieceSize];
  const mutable_bytes piece = buffer.empty() ? mutable_bytes(own) : buffer;
  for (;;) {
    const auto got = from.read_at(done, piece);
    if (!got) return got.error();
    if (*got == 0) return {};
    PERDURE_TRY(onto.write_at(done, bytes(piece.first(*got))));
    report.placed = placed::copied;
    done += *got;
    if (*got < piece.size()) return {};
  }
}

// Can there be a link at all? Where not, the source need not be made ready for one.
template <class From, class To>
inline constexpr bool may_link = is_same<From, To> && requires(From& fs, path_view path) { fs.link(path, path); };

template <Fs From, Fs To>
[[nodiscard]] result<void> try_link(From& from_fs, path_view from, To& to_fs, path_view to) {
  if constexpr (may_link<From, To>) {
    if (&from_fs == &to_fs) return link(from_fs, from, to);
    if (same_backend(from_fs, to_fs)) return link_to(from_fs, from, to_fs, to);
  }
  return failure(code::unsupported, operation::link);
}

// A linked name is as durable as the file behind it, so that is synced first; the directory afterwards.
template <Fs From, Fs To>
[[nodiscard]] result<void> place_link(From& from_fs, path_view from, To& to_fs, path_view to, link_report& report) {
  if (may_link<From, To> && report.durability != durability::none) {
    auto source = from_fs.open(from, {});
    if (!source) return source.error();
    const auto synced = source->sync(report.durability == durability::full ? sync_what::all : sync_what::order);
    // What is in doubt is the source; `to` is not there yet.
    if (!synced && synced.error().code() != code::unsupported) return retold(synced.error(), from);
    if (!synced) report.durability = durability::none;
    const auto closed = source->close();
    if (!closed) return retold(closed.error(), from);
  }
  const auto linked = try_link(from_fs, from, to_fs, to);
  if (!linked) return retold(linked.error(), to, linked.error().doubt());
  if (report.durability != durability::full) return {};
  const auto synced = to_fs.sync_dir(split_path<To>(to).parent);
  if (synced) return {};
  if (synced.error().code() != code::unsupported) return retold(synced.error(), to, doubt::durable);
  report.durability = durability::ordered;
  return {};
}

template <Fs To, File Source>
[[nodiscard]] result<void> place_copy(const Source& source, To& to_fs, path_view to, const link_options& options,
                                      link_report& report) {
  write_options how;
  how.durability = options.durability;
  how.existing = existing::refuse;
  const auto attributes = get_attributes(source);
  if (!attributes && attributes.error().code() != code::unsupported) return retold(attributes.error(), to);
  if (attributes) {
    how.attributes.mode = attributes->mode & 0777;
    how.set = attribute_set::mode;
  }
  staged_file<To> staged;
  const auto prepare = [&]() -> result<void> {
    PERDURE_TRY(staged.locate(to_fs, to, how));
    PERDURE_TRY(options.placement == placement::atomic ? staged.create() : staged.create_in_place());
    PERDURE_TRY(copy_content<piece_size<To>>(source, staged.file(), options.buffer, report));
    return staged.finish();
  };
  const auto prepared = prepare();
  if (!prepared) return retold(prepared.error(), to, staged.abandon());
  const auto published = staged.publish(to);
  if (!published) return published.error();
  report.durability = published->durability;
  return {};
}

}  // namespace detail

template <Fs From, Fs To>
[[nodiscard]] result<link_report> link_or_copy(From& from_fs, path_view from, To& to_fs, path_view to,
                                               const link_options& options = {}) {
  link_report report;
  report.durability = options.durability;
  const auto linked = detail::place_link(from_fs, from, to_fs, to, report);
  if (linked) return report;
  if (linked.error().code() != code::unsupported || linked.error().operation() != operation::link) return linked.error();
  report.link_refused = linked;
  auto source = from_fs.open(from, {});
  if (!source) return source.error();
  PERDURE_TRY(detail::place_copy(*source, to_fs, to, options, report));
  return report;
}

#if PERDURE_HAS_NATIVE_FS
template <Fs F = native_fs>
[[nodiscard]] result<link_report> link_or_copy(path_view from, path_view to, const link_options& options = {}) {
  F fs;
  return link_or_copy(fs, from, fs, to, options);
}
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_LINK_OR_COPY_HPP
