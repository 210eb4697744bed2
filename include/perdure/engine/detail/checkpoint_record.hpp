// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_DETAIL_CHECKPOINT_RECORD_HPP
#define PERDURE_ENGINE_DETAIL_CHECKPOINT_RECORD_HPP

// The file `checkpoint.perdure` of a checkpoint: what it is made of, so that it proves itself. A sealed file (sealed_format.hpp)
// of the kind "CKPT", version 1, with two sections. Numbers are little-endian.
//
//   "checkpoint"  offset  size
//                 0       8     version, as the engine counts
//                 8       8     watermark: all records below it are inside
//                 16      8     number of files
//                 24      8     bytes of all files
//   "files"       each of them
//                 0       8     size in bytes
//                 8       1     flags: 1, the digest is there; 2, it is of a growing file, or metadata, which no link may share;
//                                 4, it is the `current`
//                 9       1     zero
//                 10      2     size of the name, n
//                 12      32    SHA-256 of the content, or zeros
//                 44      n     name
//
// Exactly one file is the `current`, of one component, and it is the last. No other has its name, for that says that all is
// there.

#include <perdure/core/detail/byte_buffer.hpp>
#include <perdure/core/detail/byte_order.hpp>
#include <perdure/core/sealed_view.hpp>
#include <perdure/core/sealed_writer.hpp>
#include <perdure/core/sha256.hpp>
#include <perdure/fs/temp_name.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

inline constexpr path_view checkpoint_record_name = "checkpoint.perdure";

struct stored_checkpoint {
  little<std::uint64_t> version;
  little<std::uint64_t> watermark;
  little<std::uint64_t> files;
  little<std::uint64_t> total_bytes;
};
static_assert(sizeof(stored_checkpoint) == 32 && alignof(stored_checkpoint) == 1);
static_assert(offsetof(stored_checkpoint, watermark) == 8 && offsetof(stored_checkpoint, files) == 16);
static_assert(offsetof(stored_checkpoint, total_bytes) == 24);

struct stored_file {
  static constexpr unsigned has_digest = 1;
  static constexpr unsigned is_growing = 2;
  static constexpr unsigned is_current = 4;

  little<std::uint64_t> size_bytes;
  unsigned char flags;
  unsigned char zero;
  little<std::uint16_t> name_size;
  digest of;
};
static_assert(sizeof(stored_file) == 44 && alignof(stored_file) == 1);
static_assert(offsetof(stored_file, flags) == 8 && offsetof(stored_file, name_size) == 10 && offsetof(stored_file, of) == 12);

// May a file of a checkpoint have this name? One component or two, and none that leads elsewhere, on any system, or that a sweep
// of temporary files takes. What the checkpoint says of itself is no directory either.
[[nodiscard]] inline bool is_checkpoint_name(path_view name) noexcept {
  int components = 1;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i != name.size() && name[i] != '/') {
      if (name[i] == '\0' || name[i] == '\\' || name[i] == ':') return false;
      continue;
    }
    const path_view one = name.from(begin).first(i - begin);
    if (one.empty() || one.size() > 255 || one == path_view(".") || one == path_view("..") || temp_name::parse(one)) return false;
    if (begin == 0 && one == checkpoint_record_name) return false;
    if (i != name.size()) ++components;
    begin = i + 1;
  }
  return components <= 2;
}

// Files, one behind the other, as the section has them.
class file_list {
 public:
  struct entry {
    path_view name;
    std::uint64_t size_bytes = 0;
    unsigned flags = 0;
    digest of = {};
  };

  void add(const entry& one) {
    stored_file stored{};
    stored.size_bytes = one.size_bytes;
    stored.flags = static_cast<unsigned char>(one.flags);
    stored.name_size = static_cast<std::uint16_t>(one.name.size());
    stored.of = one.of;
    stored_.append(stored_bytes(stored));
    stored_.append(bytes(one.name.data(), one.name.size()));
  }
  [[nodiscard]] bytes view() const noexcept { return stored_.view(); }

  // The first of `rest`, which is then what follows it. Not_found at the end.
  [[nodiscard]] static result<entry> next(bytes& rest) noexcept {
    if (rest.empty()) return failure(code::not_found, operation::read);
    if (rest.size() < sizeof(stored_file)) return failure(code::corrupt, operation::read);
    const auto stored = stored_at<stored_file>(rest.data());
    const bytes name = rest.from(sizeof(stored_file)).first(stored.name_size);
    entry one{path_view(reinterpret_cast<const char*>(name.data()), name.size()), stored.size_bytes, stored.flags, stored.of};
    if (name.size() != stored.name_size || stored.zero != 0 || stored.flags > 7 || !is_checkpoint_name(one.name))
      return failure(code::corrupt, operation::read);
    rest = rest.from(sizeof(stored_file) + name.size());
    return one;
  }

 private:
  byte_buffer stored_;
};

[[nodiscard]] inline bool is_one_component(path_view name) noexcept {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '/') return false;
  }
  return true;
}

struct checkpoint_record {
  std::uint64_t version = 0;
  std::uint64_t watermark = 0;
  std::uint64_t files = 0;
  std::uint64_t total_bytes = 0;
  bytes list;  // file_list::next()
  file_list::entry current;
};

inline constexpr std::uint32_t checkpoint_format = 1;
inline constexpr four_bytes checkpoint_kind = "CKPT";

// Sections, one behind the other, in a sealed frame.
class frame_encoder {
 public:
  frame_encoder(four_bytes kind, byte_buffer& into) : frame_({kind, checkpoint_format, checkpoint_format}), into_(into) {
    into.clear();
  }
  [[nodiscard]] result<void> head() { return append(frame_.head()); }
  [[nodiscard]] result<void> section(bytes name, bytes data) {
    PERDURE_TRY(append(frame_.begin(name, data.size())));
    PERDURE_TRY(frame_.add(data));
    into_.append(data);
    return append(frame_.end());
  }
  [[nodiscard]] result<void> seal() { return append(frame_.seal()); }

 private:
  [[nodiscard]] result<void> append(const result<bytes>& piece) {
    if (!piece) return piece.error();
    into_.append(*piece);
    return {};
  }

  sealed_writer frame_;
  byte_buffer& into_;
};

[[nodiscard]] inline result<void> encode_checkpoint(const checkpoint_record& record, byte_buffer& into) {
  frame_encoder frame(checkpoint_kind, into);
  const stored_checkpoint stored{record.version, record.watermark, record.files, record.total_bytes};
  PERDURE_TRY(frame.head());
  PERDURE_TRY(frame.section("checkpoint", stored_bytes(stored)));
  PERDURE_TRY(frame.section("files", record.list));
  return frame.seal();
}

// Failure: corrupt, version_unsupported, with what and where. Of what it returns, every entry can be read.
[[nodiscard]] inline result<checkpoint_record> decode_checkpoint(bytes whole) noexcept {
  const auto file =
      sealed_view::open(whole, {.kind = checkpoint_kind, .version = checkpoint_format, .file_bytes_max = whole.size()});
  if (!file) return file.error();
  const failure damaged = failure(code::corrupt, operation::read).about("list of files");
  const auto about = file->find("checkpoint");
  const auto list = file->find("files");
  if (!about || !list || about->size() != sizeof(stored_checkpoint)) return damaged;
  const auto stored = stored_at<stored_checkpoint>(about->data());
  checkpoint_record record{stored.version, stored.watermark, stored.files, stored.total_bytes, *list, {}};
  std::uint64_t files = 0;
  std::uint64_t total_bytes = 0;
  for (bytes rest = *list; !rest.empty(); ++files) {
    const auto one = file_list::next(rest);
    if (!one) return damaged;
    total_bytes += one->size_bytes;
    const bool last = rest.empty();
    if (((one->flags & stored_file::is_current) != 0) != last) return damaged;
    if (last) record.current = *one;
  }
  if (files == 0 || files != record.files || total_bytes != record.total_bytes) return damaged;
  if (!is_one_component(record.current.name)) return damaged;
  for (bytes rest = *list; !rest.empty();) {
    const auto one = file_list::next(rest);
    if (!rest.empty() && one->name == record.current.name) return damaged;
  }
  return record;
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_DETAIL_CHECKPOINT_RECORD_HPP
