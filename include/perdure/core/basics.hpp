// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_BASICS_HPP
#define PERDURE_CORE_BASICS_HPP

// The handful of <utility> and <concepts> that the seams need. Those two headers are most of what a program would pay to
// include atomic_write.hpp: with libc++, 100 ms of 240.

#include <type_traits>

namespace perdure {
inline namespace v1 {

// Says that the arguments after it are those of the value's own constructor.
struct in_place_t {
  explicit in_place_t() = default;
};
inline constexpr in_place_t in_place{};

namespace detail {

template <class A, class B>
concept same_as = std::is_same_v<A, B> && std::is_same_v<B, A>;

template <class T>
[[nodiscard]] constexpr std::remove_reference_t<T>&& moved(T&& value) noexcept {
  return static_cast<std::remove_reference_t<T>&&>(value);
}

template <class T>
[[nodiscard]] constexpr T&& forwarded(std::remove_reference_t<T>& value) noexcept {
  return static_cast<T&&>(value);
}
template <class T>
[[nodiscard]] constexpr T&& forwarded(std::remove_reference_t<T>&& value) noexcept {
  static_assert(!std::is_lvalue_reference_v<T>);
  return static_cast<T&&>(value);
}

template <class T, class U = T>
constexpr T exchanged(T& value, U&& next) noexcept {
  T old = moved(value);
  value = forwarded<U>(next);
  return old;
}

template <class T>
constexpr void swapped(T& a, T& b) noexcept {
  T old = moved(a);
  a = moved(b);
  b = moved(old);
}

// The compilers' own word: the class templates of <type_traits> cost a millisecond for each result<T>.
template <class T>
inline constexpr bool is_trivially_copyable = __is_trivially_copyable(T);

// For unevaluated operands only.
template <class T>
std::add_rvalue_reference_t<T> some() noexcept;

}  // namespace detail

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_BASICS_HPP
