// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_BASICS_HPP
#define PERDURE_CORE_BASICS_HPP

// The handful of <utility>, <concepts> and <type_traits> that the seams need, by the compilers' own words. Those headers would be
// most of what a program pays to include atomic_write.hpp: with libc++, 100 ms of 240; <type_traits> alone is a tenth of it, and
// its class templates are a millisecond more for each result<T>.

namespace perdure {
inline namespace v1 {

// Says that the arguments after it are those of the value's own constructor.
struct in_place_t {
  explicit in_place_t() = default;
};
inline constexpr in_place_t in_place{};

namespace detail {

template <class A, class B>
inline constexpr bool is_same = false;
template <class T>
inline constexpr bool is_same<T, T> = true;
template <class A, class B>
concept same_as = is_same<A, B> && is_same<B, A>;

template <class T>
struct without_reference {
  using type = T;
};
template <class T>
struct without_reference<T&> {
  using type = T;
};
template <class T>
struct without_reference<T&&> {
  using type = T;
};
template <class T>
using remove_reference = typename without_reference<T>::type;

template <class T>
struct without_cv {
  using type = T;
};
template <class T>
struct without_cv<const T> {
  using type = T;
};
template <class T>
struct without_cv<volatile T> {
  using type = T;
};
template <class T>
struct without_cv<const volatile T> {
  using type = T;
};
template <class T>
using remove_cv = typename without_cv<T>::type;
template <class T>
using remove_cvref = remove_cv<remove_reference<T>>;

template <class T>
inline constexpr bool is_const = false;
template <class T>
inline constexpr bool is_const<const T> = true;
template <class T>
inline constexpr bool is_pointer = false;
template <class T>
inline constexpr bool is_pointer<T*> = true;
template <class T>
inline constexpr bool is_lvalue_reference = false;
template <class T>
inline constexpr bool is_lvalue_reference<T&> = true;

// Of a function alone, const takes nothing.
template <class F>
inline constexpr bool is_function = !is_const<const remove_reference<F>>;

template <bool Yes, class A, class B>
struct chosen {
  using type = A;
};
template <class A, class B>
struct chosen<false, A, B> {
  using type = B;
};
template <bool Yes, class A, class B>
using conditional = typename chosen<Yes, A, B>::type;

template <class T>
inline constexpr bool is_trivially_copyable = __is_trivially_copyable(T);
template <class T, class... Args>
inline constexpr bool is_constructible = __is_constructible(T, Args...);

// For unevaluated operands only.
template <class T>
T&& some() noexcept;

template <class From, class To>
concept converts_to = requires(void (&take)(To)) { take(detail::some<From>()); };
template <class R, class F, class... Args>
concept answers = requires { detail::some<F>()(detail::some<Args>()...); } &&
                  (is_same<R, void> || converts_to<decltype(detail::some<F>()(detail::some<Args>()...)), R>);

template <class T>
[[nodiscard]] constexpr remove_reference<T>&& moved(T&& value) noexcept {
  return static_cast<remove_reference<T>&&>(value);
}

template <class T>
[[nodiscard]] constexpr T&& forwarded(remove_reference<T>& value) noexcept {
  return static_cast<T&&>(value);
}
template <class T>
[[nodiscard]] constexpr T&& forwarded(remove_reference<T>&& value) noexcept {
  static_assert(!is_lvalue_reference<T>);
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

}  // namespace detail

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_BASICS_HPP
