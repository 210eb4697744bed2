// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_BYTES_HPP
#define PERDURE_CORE_BYTES_HPP

// bytes, mutable_bytes: views of contiguous bytes that somebody else owns.
//
// They convert from anything byte-like and contiguous (std::string, std::string_view, std::span, std::vector, std::array,
// a string literal) without including any of it, so that the seams of the library cost no standard header.
//   A literal or C string is its characters without the closing NUL.
//   A char array that can be written to is refused: nobody can tell its text from its padding. Say bytes(data, size).
//   Elements wider than a byte are refused, too: say bytes_of(values) and mean it (byte order, padding).
// And back: std::string(view), std::string_view(view).

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <perdure/config.hpp>
#include <perdure/core/basics.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

template <class T>
inline constexpr bool is_byte_like =
    detail::is_same<T, char> || detail::is_same<T, unsigned char> || detail::is_same<T, signed char> ||
    detail::is_same<T, char8_t> || detail::is_same<T, std::byte>;

template <class R>
using element_of = detail::remove_reference<decltype(*detail::some<R&>().data())>;

template <class R>
concept contiguous = requires(R& r) {
  *r.data();
  static_cast<std::size_t>(r.size());
};

template <class R>
concept byte_range = contiguous<R> && is_byte_like<detail::remove_cv<element_of<R>>>;

template <class R>
concept mutable_byte_range = byte_range<R> && !detail::is_const<element_of<R>>;

}  // namespace detail

class mutable_bytes {
 public:
  constexpr mutable_bytes() noexcept = default;
  constexpr mutable_bytes(std::byte* data, std::size_t size) noexcept : data_(data), size_(size) {}
  template <class C>
    requires(detail::is_byte_like<C> && !detail::is_same<C, std::byte>)
  mutable_bytes(C* data, std::size_t size) noexcept : data_(reinterpret_cast<std::byte*>(data)), size_(size) {}
  template <class C, std::size_t N>
    requires detail::is_byte_like<C>
  mutable_bytes(C (&array)[N]) noexcept : mutable_bytes(array, N) {}
  template <class R>
    requires(!detail::is_same<detail::remove_cvref<R>, mutable_bytes> && detail::mutable_byte_range<detail::remove_reference<R>>)
  mutable_bytes(R&& range) noexcept : mutable_bytes(range.data(), static_cast<std::size_t>(range.size())) {}

  [[nodiscard]] constexpr std::byte* data() const noexcept { return data_; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] constexpr std::byte* begin() const noexcept { return data_; }
  [[nodiscard]] constexpr std::byte* end() const noexcept { return data_ + size_; }

  [[nodiscard]] constexpr mutable_bytes first(std::size_t count) const noexcept { return {data_, count < size_ ? count : size_}; }
  [[nodiscard]] constexpr mutable_bytes from(std::size_t offset) const noexcept {
    return offset < size_ ? mutable_bytes{data_ + offset, size_ - offset} : mutable_bytes{data_ + size_, 0};
  }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

class bytes {
 public:
  constexpr bytes() noexcept = default;
  constexpr bytes(const std::byte* data, std::size_t size) noexcept : data_(data), size_(size) {}
  template <class C>
    requires(detail::is_byte_like<C> && !detail::is_same<C, std::byte>)
  bytes(const C* data, std::size_t size) noexcept : data_(reinterpret_cast<const std::byte*>(data)), size_(size) {}
  constexpr bytes(mutable_bytes view) noexcept : data_(view.data()), size_(view.size()) {}

  // A literal: its characters, embedded NULs included, without the closing one. An array of bytes: all of it.
  template <class C, std::size_t N>
    requires detail::is_byte_like<C>
  bytes(const C (&array)[N]) noexcept : bytes(array, is_text<C> && array[N - 1] == C{} ? N - 1 : N) {}
  template <std::size_t N>
  bytes(char (&)[N]) = delete;
  template <std::size_t N>
  bytes(char8_t (&)[N]) = delete;
  template <class P>
    requires(detail::is_same<P, const char*> || detail::is_same<P, char*>)
  bytes(P text) noexcept : bytes(text, std::strlen(text)) {}

  template <class R>
    requires(!detail::is_same<detail::remove_cvref<R>, bytes> && !detail::is_same<detail::remove_cvref<R>, mutable_bytes> &&
             detail::byte_range<detail::remove_reference<R>>)
  bytes(R&& range) noexcept : bytes(range.data(), static_cast<std::size_t>(range.size())) {}

  // Whatever is made of characters and their number.
  template <class S>
    requires(__is_class(S) && detail::is_constructible<S, const char*, std::size_t>)
  explicit operator S() const {
    return S(reinterpret_cast<const char*>(data_), size_);
  }

  [[nodiscard]] constexpr const std::byte* data() const noexcept { return data_; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] constexpr const std::byte* begin() const noexcept { return data_; }
  [[nodiscard]] constexpr const std::byte* end() const noexcept { return data_ + size_; }

  // Both stay inside the view, whatever the argument.
  [[nodiscard]] constexpr bytes first(std::size_t count) const noexcept { return {data_, count < size_ ? count : size_}; }
  [[nodiscard]] constexpr bytes from(std::size_t offset) const noexcept {
    return offset < size_ ? bytes{data_ + offset, size_ - offset} : bytes{data_ + size_, 0};
  }

  [[nodiscard]] friend bool operator==(bytes a, bytes b) noexcept {
    return a.size_ == b.size_ && (a.size_ == 0 || std::memcmp(a.data_, b.data_, a.size_) == 0);
  }

 private:
  template <class C>
  static constexpr bool is_text = detail::is_same<C, char> || detail::is_same<C, char8_t>;

  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// The memory of a trivially copyable value, or of a contiguous range of them: what this machine's byte order and padding
// make of it. Read it back on the same kind of machine, or write a codec.
template <class T>
  requires(detail::contiguous<const T> && detail::is_trivially_copyable<detail::remove_cv<detail::element_of<const T>>>)
[[nodiscard]] bytes bytes_of(const T& range) noexcept {
  return {reinterpret_cast<const std::byte*>(range.data()), static_cast<std::size_t>(range.size()) * sizeof(*range.data())};
}
template <class T>
  requires(!detail::contiguous<const T> && detail::is_trivially_copyable<T> && !detail::is_pointer<T>)
[[nodiscard]] bytes bytes_of(const T& value) noexcept {
  return {reinterpret_cast<const std::byte*>(&value), sizeof(T)};
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_BYTES_HPP
