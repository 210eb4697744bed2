// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_ESCAPING_HPP
#define PERDURE_TESTING_DETAIL_ESCAPING_HPP

// what_escapes(work): calls it; if an exception comes out of it, what that says. The one place that has to know of exceptions:
// the threads of a workload are the lab's own, and an exception that left one of them would end the test process without a
// report.
// panic(message): a programmer's error, told before the process ends.

#include <cstdio>
#include <exception>
#include <string>

#include <perdure/config.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

template <class Work>
[[nodiscard]] std::string what_escapes(Work& work) {
#if defined(__cpp_exceptions)
  try {
    work();
  } catch (const std::exception& escaped) {
    const std::string text = escaped.what();
    return text.empty() ? "one without a text" : text;
  } catch (...) {
    return "of a type that is no std::exception";
  }
#else
  work();
#endif
  return {};
}

inline void panic(const char* message) {
  (void)std::fprintf(stderr, "%s\n", message);
  (void)std::fflush(stderr);
  PERDURE_PANIC(message);
}

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_ESCAPING_HPP
