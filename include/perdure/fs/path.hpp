// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_PATH_HPP
#define PERDURE_FS_PATH_HPP

// path_view: a path as the caller spells it: UTF-8 (on POSIX any bytes), components separated by '/', on every system.
// split_path, path_buffer: take one apart, put one together, without touching the heap.
//
// It converts from literals, C strings, std::string, std::string_view, std::u8string and std::filesystem::path without
// including them. Where std::filesystem::path is wide (Windows), pass path.u8string(): a view can own no converted copy.
// A view keeps what it was given: an empty path and a NUL inside are the Fs's to refuse, for it has an error to say so.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <perdure/core/bytes.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

template <class P>
concept has_native_string = requires(const P& p) { p.native().data(); };

template <class P>
concept narrow_path = has_native_string<P> && byte_range<detail::remove_cvref<decltype(detail::some<const P&>().native())>>;

template <class R>
concept text_range =
    byte_range<R> && !has_native_string<R> &&
    (detail::is_same<detail::remove_cv<element_of<R>>, char> || detail::is_same<detail::remove_cv<element_of<R>>, char8_t>);

}  // namespace detail

class path_view {
 public:
  constexpr path_view() noexcept = default;
  constexpr path_view(const char* data, std::size_t size) noexcept : data_(data), size_(size) {}
  template <class P>
    requires(detail::is_same<P, const char*> || detail::is_same<P, char*>)
  path_view(P text) noexcept : data_(text), size_(std::strlen(text)) {}
  // A literal may hold a NUL that has to be seen and refused; an array that is written to is a C string in a buffer.
  template <std::size_t N>
  constexpr path_view(const char (&text)[N]) noexcept : data_(text), size_(text[N - 1] == '\0' ? N - 1 : N) {}
  template <std::size_t N>
  path_view(const char8_t (&text)[N]) noexcept
      : data_(reinterpret_cast<const char*>(text)), size_(text[N - 1] == 0 ? N - 1 : N) {}
  template <std::size_t N>
  path_view(char (&text)[N]) noexcept : path_view(static_cast<const char*>(text)) {}
  template <class R>
    requires(!detail::is_same<detail::remove_cvref<R>, path_view> && detail::text_range<detail::remove_reference<R>>)
  path_view(R&& text) noexcept
      : data_(reinterpret_cast<const char*>(text.data())), size_(static_cast<std::size_t>(text.size())) {}
  template <class P>
    requires detail::narrow_path<detail::remove_cvref<P>>
  path_view(P&& path) noexcept : path_view(path.native()) {}
  template <class P>
    requires(detail::has_native_string<detail::remove_cvref<P>> && !detail::narrow_path<detail::remove_cvref<P>>)
  path_view(P&& path) = delete;  // a wide path: pass path.u8string()

  [[nodiscard]] constexpr const char* data() const noexcept { return data_; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] constexpr char operator[](std::size_t at) const noexcept { return data_[at]; }
  [[nodiscard]] constexpr path_view first(std::size_t count) const noexcept { return {data_, count < size_ ? count : size_}; }
  [[nodiscard]] constexpr path_view from(std::size_t at) const noexcept {
    return at < size_ ? path_view{data_ + at, size_ - at} : path_view{data_ + size_, 0};
  }
  [[nodiscard]] friend bool operator==(path_view a, path_view b) noexcept {
    return a.size_ == b.size_ && (a.size_ == 0 || std::memcmp(a.data_, b.data_, a.size_) == 0);
  }

 private:
  const char* data_ = "";
  std::size_t size_ = 0;
};

namespace detail {

// Which characters end a component. '/' always; a model says more with a static is_separator (a Windows model: '\\', ':').
template <class F>
constexpr bool is_separator(char c) noexcept {
  if constexpr (requires { F::is_separator(c); }) {
    return F::is_separator(c);
  } else {
    return c == '/';
  }
}

// The longest path that a helper composes for this Fs; a model with less memory says less with a static path_capacity.
template <class F>
constexpr std::size_t path_capacity() noexcept {
  if constexpr (requires { F::path_capacity; }) {
    return F::path_capacity;
  } else {
    return 4096;
  }
}

}  // namespace detail

struct path_parts {
  path_view parent;  // "." where the path names no directory; never empty
  path_view name;    // the last component; empty where the path ends in a separator
};

// "a/b" is {"a", "b"}, "b" is {".", "b"}, "/b" is {"/", "b"}, "a//b" is {"a", "b"}, "a/" is {"a", ""}.
template <class F>
[[nodiscard]] constexpr path_parts split_path(path_view path) noexcept {
  std::size_t name = path.size();
  while (name > 0 && !detail::is_separator<F>(path[name - 1])) --name;
  if (name == 0) return {".", path};
  std::size_t parent = name - 1;
  while (parent > 0 && detail::is_separator<F>(path[parent - 1])) --parent;
  if (parent == 0) parent = 1;  // the root is its own separator
  return {path.first(parent), path.from(name)};
}

// A path put together in place. What does not fit is not written: ok() turns false, and the Fs is never asked.
template <std::size_t Capacity>
class path_buffer {
 public:
  path_buffer() noexcept { text_[0] = '\0'; }

  path_buffer& append(path_view text) noexcept {
    if (!ok_ || text.size() > Capacity - size_) {
      ok_ = false;
      return *this;
    }
    if (!text.empty()) std::memcpy(text_ + size_, text.data(), text.size());
    size_ += text.size();
    text_[size_] = '\0';
    return *this;
  }
  // "." / "x" is "x": the current directory adds nothing to a name.
  path_buffer& join(path_view directory, path_view name) noexcept {
    clear();
    if (directory == path_view(".") || directory.empty()) return append(name);
    append(directory);
    if (directory[directory.size() - 1] != '/') append("/");
    return append(name);
  }
  void truncate(std::size_t size) noexcept {
    if (size < size_) size_ = size;
    text_[size_] = '\0';
  }
  void clear() noexcept {
    truncate(0);
    ok_ = true;
  }

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] const char* data() const noexcept { return text_; }
  [[nodiscard]] const char* c_str() const noexcept { return text_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::size_t size_ = 0;
  bool ok_ = true;
  char text_[Capacity + 1];
};

namespace detail {

template <std::size_t N>
void append_number(path_buffer<N>& to, std::uint64_t number) noexcept {
  char digits[20];
  std::size_t at = sizeof(digits);
  do digits[--at] = static_cast<char>('0' + number % 10);
  while ((number /= 10) != 0);
  to.append({digits + at, sizeof(digits) - at});
}

}  // namespace detail

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_PATH_HPP
