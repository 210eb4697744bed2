// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_SHARED_HPP
#define PERDURE_TESTS_SUPPORT_SHARED_HPP

// A value that a test and its children see alike: what a child found out, which its exit status is too small to tell.

#include <sys/mman.h>

#include <cstdlib>
#include <new>
#include <type_traits>

namespace tests {

template <class T>
class shared {
 public:
  static_assert(std::is_trivially_copyable_v<T>);
  explicit shared(const T& first = {}) {
    void* const memory = ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) ::abort();
    value_ = new (memory) T(first);
  }
  shared(const shared&) = delete;
  shared& operator=(const shared&) = delete;
  ~shared() { ::munmap(value_, sizeof(T)); }
  T& operator*() const { return *value_; }
  T* operator->() const { return value_; }

 private:
  T* value_;
};

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_SHARED_HPP
