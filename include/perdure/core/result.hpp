// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_RESULT_HPP
#define PERDURE_CORE_RESULT_HPP

// result<T>: a T, or the failure that came instead. Spelled like std::expected<T, failure>, and a type of its own, so that
// the language mode of a translation unit never changes what a signature means.
//
//   auto file = fs.open("a", {});
//   if (!file) return file.error();
//   use(*file);
//
// Reading the value of a failure, or the failure of a value, is a programmer's error and ends in PERDURE_PANIC.

#include <new>

#include <perdure/core/basics.hpp>
#include <perdure/core/failure.hpp>

// Leaves the calling function with the failure of `expression`, if it has one.
#define PERDURE_TRY(...)                                                                    \
  do {                                                                                      \
    if (auto&& perdure_tried = (__VA_ARGS__); !perdure_tried) return perdure_tried.error(); \
  } while (false)

namespace perdure {
inline namespace v1 {

template <class T>
class result;

namespace detail {

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<result<T>> = true;

// Storage apart from the interface: clang 14 calls a constrained destructor implicitly deleted, a specialised base works.
template <class T, bool = is_trivially_copyable<T>>
struct result_storage {
  union {
    T value;
    failure error;
  };
  bool has_value;
  template <class... Args>
  constexpr explicit result_storage(in_place_t, Args&&... args) : value(detail::forwarded<Args>(args)...), has_value(true) {}
  constexpr explicit result_storage(const failure& why) noexcept : error(why), has_value(false) {}
};

template <class T>
struct result_storage<T, false> {
  union {
    T value;
    failure error;
  };
  bool has_value;
  template <class... Args>
  constexpr explicit result_storage(in_place_t, Args&&... args) : value(detail::forwarded<Args>(args)...), has_value(true) {}
  constexpr explicit result_storage(const failure& why) noexcept : error(why), has_value(false) {}
  constexpr result_storage(const result_storage& other)
    requires is_constructible<T, const T&>
      : has_value(other.has_value) {
    take(other);
  }
  constexpr result_storage(result_storage&& other) noexcept(noexcept(T(some<T>()))) : has_value(other.has_value) {
    take(detail::moved(other));
  }
  constexpr result_storage& operator=(const result_storage& other)
    requires is_constructible<T, const T&>
  {
    if (this != &other) replace(other);
    return *this;
  }
  constexpr result_storage& operator=(result_storage&& other) noexcept(noexcept(T(some<T>()))) {
    if (this != &other) replace(detail::moved(other));
    return *this;
  }
  constexpr ~result_storage() {
    if (has_value) value.~T();
  }

 private:
  template <class Other>
  PERDURE_UNMERGED constexpr void take(Other&& other) {
    if (has_value) {
      ::new (static_cast<void*>(__builtin_addressof(value))) T(detail::forwarded<Other>(other).value);
    } else {
      ::new (static_cast<void*>(__builtin_addressof(error))) failure(other.error);
    }
  }
  template <class Other>
  constexpr void replace(Other&& other) {
    if (has_value) value.~T();
    has_value = false;  // should T's move throw, what is left is a failure of unspecified content, never a dead value
    ::new (static_cast<void*>(__builtin_addressof(error))) failure(code::io, operation::none);
    if (other.has_value) {
      ::new (static_cast<void*>(__builtin_addressof(value))) T(detail::forwarded<Other>(other).value);
      has_value = true;
    } else {
      error = other.error;
    }
  }
};

}  // namespace detail

template <class T>
class [[nodiscard]] result {
 public:
  using value_type = T;
  using error_type = failure;

  constexpr result(const failure& why) noexcept : storage_(why) {}
  template <class U = T>
    requires(!detail::is_same<detail::remove_cvref<U>, failure> && !detail::is_same<detail::remove_cvref<U>, result> &&
             !detail::is_result<detail::remove_cvref<U>> && detail::is_constructible<T, U>)
  constexpr explicit(!detail::converts_to<U, T>) result(U&& value) : storage_(in_place, detail::forwarded<U>(value)) {}
  template <class... Args>
  constexpr explicit result(in_place_t, Args&&... args) : storage_(in_place, detail::forwarded<Args>(args)...) {}

  [[nodiscard]] constexpr bool has_value() const noexcept { return storage_.has_value; }
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return storage_.has_value; }

  [[nodiscard]] constexpr T& value() & noexcept { return checked(), storage_.value; }
  [[nodiscard]] constexpr const T& value() const& noexcept { return checked(), storage_.value; }
  [[nodiscard]] constexpr T&& value() && noexcept { return checked(), detail::moved(storage_.value); }
  [[nodiscard]] constexpr T& operator*() & noexcept { return value(); }
  [[nodiscard]] constexpr const T& operator*() const& noexcept { return value(); }
  [[nodiscard]] constexpr T&& operator*() && noexcept { return detail::moved(*this).value(); }
  [[nodiscard]] constexpr T* operator->() noexcept { return __builtin_addressof(value()); }
  [[nodiscard]] constexpr const T* operator->() const noexcept { return __builtin_addressof(value()); }

  [[nodiscard]] constexpr const failure& error() const noexcept {
    PERDURE_ASSERT(!storage_.has_value, "result::error() of a value");
    return storage_.error;
  }
  template <class U>
  [[nodiscard]] constexpr T value_or(U&& other) const& {
    return storage_.has_value ? storage_.value : static_cast<T>(detail::forwarded<U>(other));
  }
  template <class U>
  [[nodiscard]] constexpr T value_or(U&& other) && {
    return storage_.has_value ? detail::moved(storage_.value) : static_cast<T>(detail::forwarded<U>(other));
  }

  // `next` takes the value and returns a result of its own.
  template <class Next>
  constexpr auto and_then(Next&& next) && -> detail::remove_cvref<decltype(detail::some<Next>()(detail::some<T>()))> {
    if (!storage_.has_value) return storage_.error;
    return detail::forwarded<Next>(next)(detail::moved(storage_.value));
  }
  // `map` takes the value and returns another value.
  template <class Map>
  constexpr auto transform(Map&& map) && -> result<detail::remove_cvref<decltype(detail::some<Map>()(detail::some<T>()))>> {
    if (!storage_.has_value) return storage_.error;
    return detail::forwarded<Map>(map)(detail::moved(storage_.value));
  }

 private:
  constexpr void checked() const noexcept { PERDURE_ASSERT(storage_.has_value, "result::value() of a failure"); }

  detail::result_storage<T> storage_;
};

template <>
class [[nodiscard]] result<void> {
 public:
  using value_type = void;
  using error_type = failure;

  constexpr result() noexcept : error_(code::io, operation::none), has_value_(true) {}
  constexpr result(const failure& why) noexcept : error_(why), has_value_(false) {}

  [[nodiscard]] constexpr bool has_value() const noexcept { return has_value_; }
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return has_value_; }
  constexpr void value() const noexcept { PERDURE_ASSERT(has_value_, "result::value() of a failure"); }
  [[nodiscard]] constexpr const failure& error() const noexcept {
    PERDURE_ASSERT(!has_value_, "result::error() of a value");
    return error_;
  }
  template <class Next>
  constexpr auto and_then(Next&& next) const -> detail::remove_cvref<decltype(detail::some<Next>()())> {
    if (!has_value_) return error_;
    return detail::forwarded<Next>(next)();
  }

 private:
  failure error_;
  bool has_value_;
};

namespace detail {

// What a requirement of a seam asks of a call: exactly this result.
template <class R, class T>
concept results_in = same_as<R, result<T>>;

}  // namespace detail

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_RESULT_HPP
