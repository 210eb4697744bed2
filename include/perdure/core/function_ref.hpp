// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_FUNCTION_REF_HPP
#define PERDURE_CORE_FUNCTION_REF_HPP

// function_ref<R(Args...)>: a reference to something callable, for the time of one call. Two pointers, no allocation, so
// that a visitor can cross a seam without <functional> and without making the seam a template.

#include <perdure/core/basics.hpp>

namespace perdure {
inline namespace v1 {

template <class Signature>
class function_ref;

template <class R, class... Args>
class function_ref<R(Args...)> {
 public:
  template <class F>
    requires(!detail::is_same<detail::remove_cvref<F>, function_ref> && !detail::is_function<F> &&
             detail::answers<R, F&, Args...>)
  function_ref(F&& callable) noexcept
      : call_([](target to, Args... args) -> R {
          auto& called = *static_cast<detail::remove_reference<F>*>(to.object);
          if constexpr (detail::is_same<R, void>) {
            called(detail::forwarded<Args>(args)...);
          } else {
            return called(detail::forwarded<Args>(args)...);
          }
        }) {
    target_.object = const_cast<void*>(static_cast<const volatile void*>(__builtin_addressof(callable)));
  }
  // A function is no object, and its address need not fit where an object's does.
  function_ref(R (*function)(Args...)) noexcept
      : call_([](target to, Args... args) -> R { return to.function(detail::forwarded<Args>(args)...); }) {
    target_.function = function;
  }

  R operator()(Args... args) const { return call_(target_, detail::forwarded<Args>(args)...); }

 private:
  union target {
    void* object;
    R (*function)(Args...);
  };

  target target_;
  R (*call_)(target, Args...);
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_FUNCTION_REF_HPP
