// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_CODEC_HPP
#define PERDURE_CORE_CODEC_HPP

// Codec: how a value becomes bytes, and bytes a value again. One of your own is a struct with two functions:
//
//   struct json_of_settings {
//     perdure::result<void> encode(const settings& value, perdure::byte_sink sink) const { return sink(to_json(value)); }
//     perdure::result<settings> decode(perdure::bytes from) const { ... or return perdure::failure(perdure::code::corrupt, ...);
//     }
//   };
//
// encode hands its bytes to the sink, in as many pieces as it likes, and returns the sink's failure as it is. decode gets all of
// them at once, may not trust them, and keeps no view of them. Where the bytes of a value lie in one piece within it, and stay
// there for as long as it lives and is not changed, a third function, `bytes view(const T&) const`, spares a copy of them.
//
// memory_codec<T>: the memory of a trivially copyable value, for the same kind of machine that wrote it.
// bytes_codec<C>: a container of bytes (std::string, std::vector<std::byte>), as it is.
// default_codec<T> is whichever of the two fits.

#include <perdure/core/function_ref.hpp>
#include <perdure/core/result.hpp>

namespace perdure {
inline namespace v1 {

using byte_sink = function_ref<result<void>(bytes)>;

template <class C, class T>
concept Codec = requires(const C& codec, const T& value, byte_sink sink, bytes from) {
  { codec.encode(value, sink) } -> detail::same_as<result<void>>;
  { codec.decode(from) } -> detail::same_as<result<T>>;
};

namespace detail {
template <class C, class T>
concept ShowsBytes = requires(const C& codec, const T& value) {
  { codec.view(value) } -> same_as<bytes>;
};
}  // namespace detail

template <class T>
  requires detail::is_trivially_copyable<T>
struct memory_codec {
  [[nodiscard]] bytes view(const T& value) const noexcept { return bytes_of(value); }
  [[nodiscard]] result<void> encode(const T& value, byte_sink sink) const { return sink(bytes_of(value)); }
  [[nodiscard]] result<T> decode(bytes from) const {
    if (from.size() != sizeof(T)) return failure(code::corrupt, operation::read);
    T value;
    std::memcpy(&value, from.data(), sizeof(T));
    return value;
  }
};

template <class C>
  requires(detail::mutable_byte_range<C> && requires(C& container, std::size_t size) { container.resize(size); })
struct bytes_codec {
  [[nodiscard]] bytes view(const C& value) const noexcept { return bytes(value); }
  [[nodiscard]] result<void> encode(const C& value, byte_sink sink) const { return sink(bytes(value)); }
  [[nodiscard]] result<C> decode(bytes from) const {
    C value;
    value.resize(from.size());
    if (!from.empty()) std::memcpy(value.data(), from.data(), from.size());
    return value;
  }
};

namespace detail {

template <class T, bool = is_trivially_copyable<T>, bool = requires { typename bytes_codec<T>; }>
struct codec_for {
  static_assert(!sizeof(T), "This value is neither trivially copyable nor a container of bytes: name its codec, see codec.hpp");
};
template <class T, bool B>
struct codec_for<T, true, B> {
  using type = memory_codec<T>;
};
template <class T>
struct codec_for<T, false, true> {
  using type = bytes_codec<T>;
};

}  // namespace detail

template <class T>
using default_codec = typename detail::codec_for<T>::type;

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_CODEC_HPP
