// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_DETAIL_CHECKPOINT_READER_HPP
#define PERDURE_ENGINE_DETAIL_CHECKPOINT_READER_HPP

// checkpoint_reader: a checkpoint that is being read. A file of it that is not there is damage, and not "nothing yet".

#include <perdure/engine/checkpoint_types.hpp>
#include <perdure/engine/detail/checkpoint_file.hpp>
#include <perdure/engine/detail/checkpoint_record.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <Fs F>
class checkpoint_reader {
 public:
  checkpoint_reader(F& fs, path_view root, const verify_options& options) noexcept : fs_(fs), root_(root), options_(options) {}

  [[nodiscard]] result<checkpoint_record> open() {
    const auto there = fs_.stat(root_);
    if (!there) return there.error();
    if (there->kind != file_kind::directory)
      return failure(code::not_a_directory, operation::open).about({root_.data(), root_.size()});
    PERDURE_TRY(at(checkpoint_record_name));
    const auto read = read_file(fs_, at_, whole_, options_.list_bytes_max);
    if (!read) return damaged_where_missing(read.error());
    const auto record = decode_checkpoint(whole_.view());
    if (!record) return in_file(record.error(), bytes(at_.data(), at_.size()));
    return record;
  }

  [[nodiscard]] result<void> check(const file_list::entry& one) {
    const auto opened = open(one);
    if (!opened) return opened.error();
    const bool reads = options_.checks == checkpoint_checks::digests || (one.flags & stored_file::is_current) != 0;
    if (!reads || (one.flags & stored_file::has_digest) == 0) return {};
    sha256 hash;
    std::byte own[piece_size<F>];
    PERDURE_TRY(hash_file(*opened, one.size_bytes, options_.buffer.empty() ? mutable_bytes(own) : options_.buffer, hash, at_));
    return hash.finish() == one.of ? result<void>() : shorter_than_pinned(at_);
  }
  // What `use` makes of a source of its bytes, if that was all of them and had their digest.
  template <class Answer, class Use>
  [[nodiscard]] result<Answer> read(const file_list::entry& one, Use&& use) {
    const auto opened = open(one);
    if (!opened) return opened.error();
    sha256 hash;
    std::uint64_t done = 0;
    const auto source = [&](mutable_bytes into) -> result<std::size_t> {
      const std::uint64_t left = one.size_bytes - done;
      if (left == 0) return std::size_t{0};
      const auto got = opened->read_at(done, left < into.size() ? into.first(static_cast<std::size_t>(left)) : into);
      if (!got) return about_path(got.error(), at_);
      if (*got == 0) return shorter_than_pinned(at_);
      hash.update(bytes(into.first(*got)));
      done += *got;
      return *got;
    };
    const result<Answer> used = use(source);
    if (!used) return used;
    const bool known = (one.flags & stored_file::has_digest) != 0;
    if (done != one.size_bytes || (known && !(hash.finish() == one.of))) return shorter_than_pinned(at_);
    return used;
  }

  // Its path until the next call.
  [[nodiscard]] result<path_view> path_of(path_view name) {
    PERDURE_TRY(at(name));
    return path_view(at_);
  }
  [[nodiscard]] std::uint64_t list_bytes() const noexcept { return whole_.view().size(); }
  [[nodiscard]] bytes whole_list() const noexcept { return whole_.view(); }

 private:
  // Of the size that it has to have.
  [[nodiscard]] result<typename F::file> open(const file_list::entry& one) {
    PERDURE_TRY(at(one.name));
    auto file = fs_.open(at_, {});
    if (!file) return damaged_where_missing(file.error());
    const auto size = file->size();
    if (!size) return about_path(size.error(), at_);
    if (*size != one.size_bytes) return shorter_than_pinned(at_);
    return file;
  }
  [[nodiscard]] result<void> at(path_view name) {
    return at_.join(root_, name).ok() ? result<void>()
                                      : failure(code::too_large, operation::open).about({name.data(), name.size()});
  }
  [[nodiscard]] failure damaged_where_missing(const failure& why) const noexcept {
    const bool missing =
        why.code() == code::not_found || why.code() == code::is_a_directory || why.code() == code::not_a_directory;
    return failure(missing ? code::corrupt : why.code(), why.operation(), why.system_code()).about({at_.data(), at_.size()});
  }

  F& fs_;
  path_view root_;
  verify_options options_;
  byte_buffer whole_;
  path_buffer<path_capacity<F>()> at_;
};

// All of it, the `current` first: it is what a checkpoint that was not finished does not have.
template <Fs F>
[[nodiscard]] result<checkpoint_info> check_checkpoint(checkpoint_reader<F>& reader, const checkpoint_record& record) {
  checkpoint_info info{record.version, record.watermark, record.files, 0, record.total_bytes + reader.list_bytes()};
  PERDURE_TRY(reader.check(record.current));
  for (bytes rest = record.list; !rest.empty();) {
    const auto one = file_list::next(rest);
    if (!one) return one.error();
    if ((one->flags & stored_file::has_digest) == 0) ++info.undigested;
    if (!rest.empty()) PERDURE_TRY(reader.check(*one));
  }
  return info;
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_DETAIL_CHECKPOINT_READER_HPP
