// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_SEALED_FILE_HPP
#define PERDURE_FS_SEALED_FILE_HPP

// A file of named sections under a seal, in the layout of core/sealed_format.hpp, replaced whole.
//
//   write_sealed(fs, path, format, sections, count, options)   sections that are in memory
//   sealed_file_writer<F>::open(fs, path, format, options)     begin(name), write() as often as needed, end(); commit(), or
//                                                              nothing happened. Sizes need not be known before
//   read_sealed(fs, path, reading, buffer or container)        the whole file into memory: a sealed_view of it
//   map_sealed(fs, path, reading)                              a sealed_view in place, where the Fs has maps
//   stream_sealed(fs, path, reading, buffer, visitor)          from the first byte to the last, through a buffer of any size:
//                                                              calls visitor(event, reader) with each event of sealed_reader
//
// Effects, Success, Crash: of writing, as atomic_write and atomic_writer: the old file or the new one, whole.
// Failure: of writing, as atomic_write; invalid_argument and too_large as sealed_writer; a file without a seal is never
//   published. Of reading: what and where behind the path, "a.graph: section data at byte 128", as sealed_view and
//   sealed_reader have it; cancelled, where the visitor answers visit::stop; unsupported (map_sealed) where the Fs has no maps.
// Not promised: of stream_sealed, until it has returned success, that what was shown belongs to a whole file. Else as
// sealed_view.

#include <perdure/core/sealed_reader.hpp>
#include <perdure/core/sealed_view.hpp>
#include <perdure/core/sealed_writer.hpp>
#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/framed_file.hpp>

namespace perdure {
inline namespace v1 {

struct named_bytes {
  bytes name;
  bytes data;
};

struct mapped_sealed {
  mapping file;
  sealed_view view;
};

using sealed_visitor = function_ref<visit(sealed_event, const sealed_reader&)>;

#if PERDURE_HAS_NATIVE_FS
template <Fs F = native_fs>
#else
template <Fs F>
#endif
class sealed_file_writer {
 public:
  [[nodiscard]] static result<sealed_file_writer> open(F& fs, path_view path, const sealed_format& format,
                                                       const write_options& options = {}) {
    auto file = atomic_writer<F>::open(fs, path, options);
    if (!file) return file.error();
    sealed_file_writer writer(detail::moved(*file), format);
    const auto head = writer.frame_.head();
    if (!head) return detail::about_path(head.error(), path);
    PERDURE_TRY(writer.file_.write(*head));
    return writer;
  }

  // A section ends at its end(), at the next begin() and at the commit().
  [[nodiscard]] result<void> begin(bytes name) {
    PERDURE_TRY(end());
    inside_ = true;
    return put(frame_.begin(name));
  }
  [[nodiscard]] result<void> write(bytes piece) {
    PERDURE_TRY(frame_.add(piece));
    return file_.write(piece);
  }
  [[nodiscard]] result<void> end() {
    if (!inside_) return {};
    inside_ = false;
    PERDURE_TRY(put(frame_.end()));
    const auto patch = frame_.patch();
    return file_.rewrite(patch.offset, patch.content);
  }

  [[nodiscard]] result<write_report> commit() {
    const auto sealed = seal();
    if (!sealed) {
      file_.abandon();
      return sealed.error();
    }
    return file_.commit();
  }
  void abandon() { file_.abandon(); }

 private:
  sealed_file_writer(atomic_writer<F>&& file, const sealed_format& format) noexcept
      : file_(detail::moved(file)), frame_(format) {}

  [[nodiscard]] result<void> put(const result<bytes>& piece) {
    if (!piece) return piece.error();
    return file_.write(*piece);
  }
  [[nodiscard]] result<void> seal() {
    PERDURE_TRY(end());
    return put(frame_.seal());
  }

  atomic_writer<F> file_;
  sealed_writer frame_;
  bool inside_ = false;
};

template <Fs F>
[[nodiscard]] result<write_report> write_sealed(F& fs, path_view path, const sealed_format& format, const named_bytes* sections,
                                                std::size_t count, const write_options& options = {}) {
  auto writer = sealed_file_writer<F>::open(fs, path, format, options);
  if (!writer) return writer.error();
  for (std::size_t i = 0; i < count; ++i) {
    PERDURE_TRY(writer->begin(sections[i].name));
    PERDURE_TRY(writer->write(sections[i].data));
  }
  return writer->commit();
}

namespace detail {

[[nodiscard]] inline result<sealed_view> open_sealed(path_view path, bytes whole, const sealed_reading& how) {
  const auto view = sealed_view::open(whole, how);
  if (!view) return in_file(view.error(), as_bytes(path));
  return view;
}

}  // namespace detail

template <Fs F>
[[nodiscard]] result<sealed_view> read_sealed(F& fs, path_view path, const sealed_reading& how, mutable_bytes buffer) {
  const auto size = read_file(fs, path, buffer);
  if (!size) return size.error();
  return detail::open_sealed(path, buffer.first(*size), how);
}

template <Fs F, ResizableBytes C>
[[nodiscard]] result<sealed_view> read_sealed(F& fs, path_view path, const sealed_reading& how, C& into) {
  const auto read = read_file(fs, path, into, how.file_bytes_max);
  if (!read) return read.error();
  return detail::open_sealed(path, into, how);
}

template <Fs F>
[[nodiscard]] result<mapped_sealed> map_sealed(F& fs, path_view path, const sealed_reading& how) {
  auto file = detail::map_file(fs, path, how.file_bytes_max);
  if (!file) return file.error();
  const auto view = detail::open_sealed(path, file->view(), how);
  if (!view) return view.error();
  return mapped_sealed{detail::moved(*file), *view};
}

template <Fs F>
[[nodiscard]] result<void> stream_sealed(F& fs, path_view path, const sealed_reading& how, mutable_bytes buffer,
                                         sealed_visitor visitor) {
  if (buffer.empty()) return detail::about_path(failure(code::invalid_argument, operation::read), path);
  auto file = fs.open(path, {});
  if (!file) return detail::about_path(file.error(), path);
  sealed_reader reader(how);
  std::uint64_t offset = 0;
  for (;;) {
    const auto got = file->read_at(offset, buffer);
    if (!got) return detail::about_path(got.error(), path);
    bytes piece = buffer.first(*got);
    offset += *got;
    // Also with nothing left of the piece: the end of an empty section needs no bytes.
    for (auto event = sealed_event::section; event != sealed_event::more && !(piece.empty() && event == sealed_event::sealed);) {
      const auto next = reader.next(piece);
      if (!next) return detail::in_file(next.error(), detail::as_bytes(path));
      event = *next;
      if (event != sealed_event::more && visitor(event, reader) == visit::stop) {
        return detail::about_path(failure(code::cancelled, operation::read), path);
      }
    }
    if (*got < buffer.size()) break;
  }
  const auto finished = reader.finish();
  if (!finished) return detail::in_file(finished.error(), detail::as_bytes(path));
  const auto closed = file->close();
  if (!closed) return detail::about_path(closed.error(), path);
  return {};
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_SEALED_FILE_HPP
