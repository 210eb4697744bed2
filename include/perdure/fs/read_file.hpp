// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_READ_FILE_HPP
#define PERDURE_FS_READ_FILE_HPP

// read_file(fs, path, buffer) -> count              a whole file, into memory that the caller has
// read_file(fs, path, container, size_bytes_max)    the same into a std::string or std::vector, which is resized
//
// Effects: opens, reads to the end, closes. Nothing is written.
// Success: the bytes of the file: of one version of it, where it is only ever replaced by atomic_write.
// Failure: too_large where the file has more bytes than the buffer, or than size_bytes_max; what the buffer holds is then
//   unspecified. not_found, not_a_directory, is_a_directory, permission and the rest as the Fs has them.
// Crash: a read proves that something is visible, not that it is durable.
// Not promised: that it returns, from a pipe that nobody writes to. One version of a file that is written in place meanwhile. The
// container's own allocation may throw.

#include <perdure/fs/fs.hpp>
#include <perdure/fs/native_fs.hpp>

namespace perdure {
inline namespace v1 {

template <class C>
concept ResizableBytes = detail::mutable_byte_range<C> && requires(C& container, std::size_t size) { container.resize(size); };

namespace detail {

[[nodiscard]] inline failure about_path(const failure& why, path_view path) noexcept {
  return why.about({path.data(), path.size()});
}

}  // namespace detail

template <Fs F>
[[nodiscard]] result<std::size_t> read_file(F& fs, path_view path, mutable_bytes buffer) {
  auto file = fs.open(path, {});
  if (!file) return detail::about_path(file.error(), path);
  const auto got = file->read_at(0, buffer);
  if (!got) return detail::about_path(got.error(), path);
  if (*got == buffer.size()) {
    std::byte more[1];
    const auto beyond = file->read_at(*got, more);
    if (!beyond) return detail::about_path(beyond.error(), path);
    if (*beyond != 0) return detail::about_path(failure(code::too_large, operation::read), path);
  }
  const auto closed = file->close();
  if (!closed) return detail::about_path(closed.error(), path);
  return got;
}

// A string is seldom meant as a buffer of as many bytes as it has: say how many it may have at most.
template <Fs F, ResizableBytes C>
  requires requires(C& text) { text.c_str(); }
result<void> read_file(F& fs, path_view path, C& into) = delete;

template <Fs F, ResizableBytes C>
[[nodiscard]] result<void> read_file(F& fs, path_view path, C& into, std::uint64_t size_bytes_max) {
  auto file = fs.open(path, {});
  if (!file) return detail::about_path(file.error(), path);
  const auto told = file->size();
  if (!told) return detail::about_path(told.error(), path);
  // The size is a hint: some files of the system say 0 and hold more, and some say 4096 whatever they hold. One byte beyond it
  // shows the end, or that there is more.
  std::uint64_t expected = *told;
  if (expected > size_bytes_max) {
    std::byte more[1];
    const auto beyond = file->read_at(size_bytes_max, more);
    if (!beyond) return detail::about_path(beyond.error(), path);
    if (*beyond == 0) expected = size_bytes_max;
  }
  std::size_t have = 0;
  for (;;) {
    if (expected > size_bytes_max || expected >= SIZE_MAX)
      return detail::about_path(failure(code::too_large, operation::read), path);
    into.resize(static_cast<std::size_t>(expected) + 1);
    const auto got = file->read_at(have, mutable_bytes(into).from(have));
    if (!got) return detail::about_path(got.error(), path);
    have += *got;
    if (have <= expected) break;
    expected = have < 2048 ? 4096 : static_cast<std::uint64_t>(have) * 2;
    if (expected > size_bytes_max && have <= size_bytes_max) expected = size_bytes_max;
  }
  into.resize(have);
  const auto closed = file->close();
  if (!closed) return detail::about_path(closed.error(), path);
  return {};
}

#if PERDURE_HAS_NATIVE_FS
template <Fs F = native_fs>
[[nodiscard]] result<std::size_t> read_file(path_view path, mutable_bytes buffer) {
  F fs;
  return read_file(fs, path, buffer);
}
template <ResizableBytes C, Fs F = native_fs>
  requires requires(C& text) { text.c_str(); }
result<void> read_file(path_view path, C& into) = delete;
template <ResizableBytes C, Fs F = native_fs>
[[nodiscard]] result<void> read_file(path_view path, C& into, std::uint64_t size_bytes_max) {
  F fs;
  return read_file(fs, path, into, size_bytes_max);
}
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_READ_FILE_HPP
