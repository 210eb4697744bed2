// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_CLOSURE_MARK_HPP
#define PERDURE_MANIFEST_DETAIL_CLOSURE_MARK_HPP

// closure_mark: whose closure runs on this thread. A commit or a load from inside one would wait for itself.

#include <perdure/core/sync.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <class Y>
class closure_mark;

// The innermost one of a thread. Of a device with one thread it is a plain variable: it may have no others.
template <class Y>
struct running_closures {
  inline static thread_local const closure_mark<Y>* innermost = nullptr;
};
template <>
struct running_closures<no_sync> {
  inline static const closure_mark<no_sync>* innermost = nullptr;
};

template <class Y>
class closure_mark {
 public:
  explicit closure_mark(const void* whose) noexcept : outer_(exchanged(running_closures<Y>::innermost, this)), manifest_(whose) {}
  closure_mark(const closure_mark&) = delete;
  closure_mark& operator=(const closure_mark&) = delete;
  ~closure_mark() { running_closures<Y>::innermost = outer_; }

  static void check([[maybe_unused]] const void* whose) noexcept {
    for (const closure_mark* one = running_closures<Y>::innermost; one != nullptr; one = one->outer_) {
      PERDURE_ASSERT(one->manifest_ != whose, "a manifest is committed to, opened or refreshed from inside a closure of its own");
    }
  }

 private:
  const closure_mark* outer_;
  const void* manifest_;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_CLOSURE_MARK_HPP
