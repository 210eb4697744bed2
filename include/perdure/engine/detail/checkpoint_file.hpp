// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_DETAIL_CHECKPOINT_FILE_HPP
#define PERDURE_ENGINE_DETAIL_CHECKPOINT_FILE_HPP

// One file of a checkpoint: how it gets there, and the digest of it. Any number of them may be placed at a time.

#include <perdure/core/sha256.hpp>
#include <perdure/fs/link_or_copy.hpp>
#include <perdure/fs/read_file.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

[[nodiscard]] inline failure shorter_than_pinned(path_view path) noexcept {
  return failure(code::corrupt, operation::read).about({path.data(), path.size()});
}

// The digest of the first so many bytes of a file, which it must have.
template <File H>
[[nodiscard]] result<void> hash_file(const H& file, std::uint64_t size_bytes, mutable_bytes piece, sha256& hash, path_view path) {
  for (std::uint64_t done = 0; done < size_bytes;) {
    const std::uint64_t left = size_bytes - done;
    const auto got = file.read_at(done, left < piece.size() ? piece.first(static_cast<std::size_t>(left)) : piece);
    if (!got) return about_path(got.error(), path);
    if (*got == 0) return shorter_than_pinned(path);
    hash.update(piece.first(*got));
    done += *got;
  }
  return {};
}

// Is the file of that name and size in the previous checkpoint this one?
enum class same_as_previous : std::uint8_t {
  no,
  if_equal,  // in digest, which has to be worked out
  yes,
};

struct placing {
  path_view from;  // on the source's Fs
  path_view to;    // on the target's
  std::uint64_t size_bytes = 0;
  bool may_link = false;
  bool is_hashed = false;  // is a digest wanted that nobody knows?
  bool syncs = true;       // a copy, at once
  mutable_bytes buffer = {};

  path_view previous;
  enum same_as_previous same = same_as_previous::no;
  bool previous_has_digest = false;
  digest previous_of = {};

  // What became of it. The digest may be known before.
  enum placed placed = placed::copied;
  result<void> link_refused = {};
  bool has_digest = false;
  bool reused = false;
  digest of = {};
};

// A barrier is enough: its directory is synced behind it. What waits for the volume's sync sets out meanwhile, if it is large: of
// what is small that sync makes fewer and larger writes.
template <File H>
[[nodiscard]] result<void> finish_file(H& file, path_view path, bool syncs, std::uint64_t size_bytes = 0) {
  constexpr std::uint64_t begun_bytes_min = 256 << 10;
  result<void> synced;
  if (syncs) synced = file.sync(sync_what::order);
  if (!syncs && size_bytes >= begun_bytes_min) synced = begin_sync(file);
  if (!synced && (syncs || synced.error().code() != code::unsupported)) return about_path(synced.error(), path);
  const auto closed = file.close();
  return closed ? result<void>() : about_path(closed.error(), path);
}

template <Fs From, Fs To>
class file_placement {
 public:
  file_placement(From& from_fs, To& fs, placing& what) noexcept : from_fs_(from_fs), fs_(fs), what_(what) {}

  [[nodiscard]] result<void> run() {
    if (what_.may_link) {
      const auto linked = try_link(from_fs_, what_.from, fs_, what_.to);
      if (!linked && linked.error().code() != code::unsupported) return retold(linked.error(), what_.to);
      what_.link_refused = linked;
      if (linked) {
        what_.placed = placed::linked;
        return find_digest();
      }
      if (what_.same != same_as_previous::no) {
        const auto found = link_previous();
        if (!found) return found.error();
        if (*found) return {};
      }
    }
    return copy();
  }

 private:
  [[nodiscard]] result<void> find_digest() {
    if (what_.has_digest || !what_.is_hashed) return {};
    if (what_.same == same_as_previous::yes && what_.previous_has_digest) {
      take_digest();
      return {};
    }
    auto source = from_fs_.open(what_.from, {});
    if (!source) return about_path(source.error(), what_.from);
    sha256 hash;
    std::byte own[piece_size<To>];
    PERDURE_TRY(hash_file(*source, what_.size_bytes, piece(own), hash, what_.from));
    what_.of = hash.finish();
    what_.has_digest = true;
    return {};
  }
  void take_digest() noexcept {
    what_.of = what_.previous_of;
    what_.has_digest = what_.reused = true;
  }
  // Where that cannot be linked either, whatever the reason, the source is there to be copied.
  [[nodiscard]] result<bool> link_previous() {
    if (what_.same == same_as_previous::if_equal) {
      PERDURE_TRY(find_digest());
      if (!(what_.of == what_.previous_of)) return false;
    }
    if (!try_link(fs_, what_.previous, fs_, what_.to)) return false;
    what_.placed = placed::linked;
    what_.link_refused = {};
    what_.reused = true;
    if (!what_.has_digest && what_.previous_has_digest) take_digest();
    return true;
  }

  // With the permissions of the source, which it is created with. What goes through memory has a digest for nothing.
  [[nodiscard]] result<void> copy() {
    auto source = from_fs_.open(what_.from, {});
    if (!source) return about_path(source.error(), what_.from);
    open_options how;
    how.access = access::write;
    how.creation = creation::create_new;
    const auto has = get_attributes(*source);
    if (!has && has.error().code() != code::unsupported) return about_path(has.error(), what_.from);
    if (has) how.mode = has->mode & 0777;
    auto onto = fs_.open(what_.to, how);
    if (!onto) return about_path(onto.error(), what_.to);
    std::uint64_t done = 0;
    if constexpr (is_same<typename From::file, typename To::file>) {
      bool all_shared = true;
      while (done < what_.size_bytes) {
        const auto cloned = clone_range(*onto, done, *source, done, what_.size_bytes - done);
        if (!cloned) break;  // whatever the reason: reading and writing tells better what is wrong
        all_shared = all_shared && cloned->cloned == cloned::shared;
        done += cloned->size_bytes;
      }
      if (done != 0 && all_shared) what_.placed = placed::shared;
    }
    std::byte own[piece_size<To>];
    const mutable_bytes buffer = piece(own);
    sha256 hash;
    const bool hashes = !what_.has_digest && (what_.is_hashed || done == 0);
    if (hashes) PERDURE_TRY(hash_file(*source, done, buffer, hash, what_.from));
    while (done < what_.size_bytes) {
      const std::uint64_t left = what_.size_bytes - done;
      const auto got = source->read_at(done, left < buffer.size() ? buffer.first(static_cast<std::size_t>(left)) : buffer);
      if (!got) return about_path(got.error(), what_.from);
      if (*got == 0) return shorter_than_pinned(what_.from);
      const auto written = onto->write_at(done, bytes(buffer.first(*got)));
      if (!written) return about_path(written.error(), what_.to);
      if (hashes) hash.update(buffer.first(*got));
      what_.placed = placed::copied;
      done += *got;
    }
    if (hashes) {
      what_.of = hash.finish();
      what_.has_digest = true;
    }
    return finish_file(*onto, what_.to, what_.syncs, what_.size_bytes);
  }

  [[nodiscard]] mutable_bytes piece(mutable_bytes own) const noexcept { return what_.buffer.empty() ? own : what_.buffer; }

  From& from_fs_;
  To& fs_;
  placing& what_;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_DETAIL_CHECKPOINT_FILE_HPP
