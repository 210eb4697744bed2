// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_FRAMED_FILE_HPP
#define PERDURE_FS_FRAMED_FILE_HPP

// An envelope and a body in one file, in the layout of core/frame.hpp (LHV1), replaced whole: they can never disagree.
//
//   write_framed(fs, path, magic, envelope, body, options)       at once
//   framed_writer<F>::open(fs, path, magic, envelope, options)   the body in pieces: write(), then commit(), or nothing happened
//   read_framed(fs, path, magic, limits, buffer or container)    the whole file into memory; answers the two parts of it
//   map_framed(fs, path, magic, limits)                          the parts in place, where the Fs has maps
//   framed_file<F>::open(fs, path, magic, limits, buffer)        the envelope into the buffer, the body by read_at()
//
// The limits say what a file may ask for, {.envelope_bytes_max = 1 << 20, .body_bytes_max = 1 << 30}; {} allows nothing.
//
// Effects, Success, Crash: of writing, as atomic_write and atomic_writer: the old file or the new one, whole.
// Failure: of writing, as atomic_write; too_large for an envelope of more than 32 bits of size. Of reading: what and where behind
//   the path, "a.lhv1: envelope size at byte 4", as core/frame.hpp has it, before more than the limits is read (a file
//   larger than both together is too_large by its size alone); not_found and the rest as the Fs has them; unsupported
//   (map_framed) where the Fs has no maps.
// Not promised: of reading, what core/frame.hpp says that this layout cannot see: it has no checksum. sealed_file.hpp has.

#include <perdure/core/frame.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/read_file.hpp>

namespace perdure {
inline namespace v1 {

struct mapped_frame {
  mapping file;
  frame_view parts;
};

namespace detail {

[[nodiscard]] inline bytes as_bytes(path_view path) noexcept { return {path.data(), path.size()}; }

[[nodiscard]] constexpr std::uint64_t saturated_sum(std::uint64_t a, std::uint64_t b) noexcept {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}
[[nodiscard]] constexpr std::uint64_t file_bytes_max(const frame_limits& limits) noexcept {
  return saturated_sum(frame_head::size_bytes, saturated_sum(limits.envelope_bytes_max, limits.body_bytes_max));
}

[[nodiscard]] inline result<frame_view> decode_frame_of(path_view path, bytes whole, four_bytes magic,
                                                        const frame_limits& limits) {
  const auto parts = decode_frame(whole, magic, limits);
  if (!parts) return in_file(parts.error(), as_bytes(path));
  return parts;
}

// A file in memory as its Fs maps it, of at most so many bytes.
template <Fs F>
[[nodiscard]] result<mapping> map_file(F& fs, path_view path, std::uint64_t size_bytes_max) {
  auto file = fs.open(path, {});
  if (!file) return about_path(file.error(), path);
  const auto size = file->size();
  if (!size) return about_path(size.error(), path);
  if (*size > size_bytes_max || *size > SIZE_MAX) return about_path(failure(code::too_large, operation::map), path);
  if (*size == 0) return mapping();  // nothing, which cannot be mapped everywhere
  auto mapped = map(*file);
  if (!mapped) return about_path(mapped.error(), path);
  return mapped;
}

}  // namespace detail

template <Fs F>
[[nodiscard]] result<write_report> write_framed(F& fs, path_view path, four_bytes magic, bytes envelope, bytes body,
                                                const write_options& options = {}) {
  const auto head = frame_head::of(magic, envelope.size());
  if (!head) return detail::about_path(head.error(), path);
  const bytes parts[] = {*head, envelope, body};
  return atomic_write(fs, path, gather(parts, 3), options);
}

#if PERDURE_HAS_NATIVE_FS
template <Fs F = native_fs>
#else
template <Fs F>
#endif
class framed_writer {
 public:
  [[nodiscard]] static result<framed_writer> open(F& fs, path_view path, four_bytes magic, bytes envelope,
                                                  const write_options& options = {}) {
    const auto head = frame_head::of(magic, envelope.size());
    if (!head) return detail::about_path(head.error(), path);
    auto file = atomic_writer<F>::open(fs, path, options);
    if (!file) return file.error();
    const bytes parts[] = {*head, envelope};
    PERDURE_TRY(file->write(gather(parts, 2)));
    return framed_writer(detail::moved(*file));
  }

  [[nodiscard]] result<void> write(gather more_of_the_body) { return file_.write(more_of_the_body); }
  [[nodiscard]] result<write_report> commit() { return file_.commit(); }
  void abandon() { file_.abandon(); }

 private:
  explicit framed_writer(atomic_writer<F>&& file) noexcept : file_(detail::moved(file)) {}

  atomic_writer<F> file_;
};

template <Fs F>
[[nodiscard]] result<frame_view> read_framed(F& fs, path_view path, four_bytes magic, const frame_limits& limits,
                                             mutable_bytes buffer) {
  const auto size = read_file(fs, path, buffer);
  if (!size) return size.error();
  return detail::decode_frame_of(path, buffer.first(*size), magic, limits);
}

template <Fs F, ResizableBytes C>
[[nodiscard]] result<frame_view> read_framed(F& fs, path_view path, four_bytes magic, const frame_limits& limits, C& into) {
  const auto read = read_file(fs, path, into, detail::file_bytes_max(limits));
  if (!read) return read.error();
  return detail::decode_frame_of(path, into, magic, limits);
}

template <Fs F>
[[nodiscard]] result<mapped_frame> map_framed(F& fs, path_view path, four_bytes magic, const frame_limits& limits) {
  auto file = detail::map_file(fs, path, detail::file_bytes_max(limits));
  if (!file) return file.error();
  const auto parts = detail::decode_frame_of(path, file->view(), magic, limits);
  if (!parts) return parts.error();
  return mapped_frame{detail::moved(*file), *parts};
}

// A body that is larger than memory.
template <Fs F>
class framed_file {
 public:
  [[nodiscard]] static result<framed_file> open(F& fs, path_view path, four_bytes magic, const frame_limits& limits,
                                                mutable_bytes envelope) {
    auto file = fs.open(path, {});
    if (!file) return detail::about_path(file.error(), path);
    const auto size = file->size();
    if (!size) return detail::about_path(size.error(), path);
    std::byte first[frame_head::size_bytes];
    const auto got = file->read_at(0, first);
    if (!got) return detail::about_path(got.error(), path);
    const auto envelope_bytes = decode_frame_head(bytes(first, *got), magic);
    if (!envelope_bytes) return detail::in_file(envelope_bytes.error(), detail::as_bytes(path));
    const auto refuse = [&](enum code code, bytes what, std::uint64_t at) {
      return detail::in_file(detail::damage(code, what, at), detail::as_bytes(path));
    };
    if (*size < frame_head::size_bytes || *envelope_bytes > *size - frame_head::size_bytes) {
      return refuse(code::corrupt, "envelope size", 4);
    }
    if (*envelope_bytes > limits.envelope_bytes_max || *envelope_bytes > envelope.size())
      return refuse(code::too_large, "envelope size", 4);
    const auto read = file->read_at(frame_head::size_bytes, envelope.first(*envelope_bytes));
    if (!read) return detail::about_path(read.error(), path);
    if (*read != *envelope_bytes) return refuse(code::corrupt, "envelope size", 4);
    const std::uint64_t body_at = frame_head::size_bytes + std::uint64_t{*envelope_bytes};
    if (*size - body_at > limits.body_bytes_max) return refuse(code::too_large, "body", body_at);
    return framed_file(detail::moved(*file), envelope.first(*envelope_bytes), body_at, *size - body_at);
  }

  [[nodiscard]] bytes envelope() const noexcept { return envelope_; }
  [[nodiscard]] std::uint64_t body_bytes() const noexcept { return body_bytes_; }
  // Fills the buffer, or stops at the end of the body as it was when the file was opened.
  [[nodiscard]] result<std::size_t> read_at(std::uint64_t offset, mutable_bytes into) const {
    if (offset >= body_bytes_) return std::size_t{0};
    const std::uint64_t left = body_bytes_ - offset;
    return file_.read_at(body_at_ + offset, left < into.size() ? into.first(static_cast<std::size_t>(left)) : into);
  }

 private:
  framed_file(typename F::file&& file, bytes envelope, std::uint64_t body_at, std::uint64_t body_bytes) noexcept
      : file_(detail::moved(file)), envelope_(envelope), body_at_(body_at), body_bytes_(body_bytes) {}

  typename F::file file_;
  bytes envelope_;
  std::uint64_t body_at_;
  std::uint64_t body_bytes_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_FRAMED_FILE_HPP
