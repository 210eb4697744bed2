// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_LAW_CHECK_HPP
#define PERDURE_TESTING_DETAIL_LAW_CHECK_HPP

// law_check: what helps to say a law in few words. law_report: what a suite of them found.

#include <string>
#include <vector>

#include <perdure/core/describe.hpp>
#include <perdure/core/result.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// One law being checked: what was found.
struct law_check {
  std::string broken;
  std::string not_applicable;

  bool expect(bool held, const std::string& what) {
    if (!held && broken.empty()) broken = what;
    return held;
  }
  template <class T>
  bool succeeds(const result<T>& answer, const std::string& what) {
    return expect(answer.has_value(), what + (answer ? "" : ": " + std::string(describe(answer.error()))));
  }
  template <class T>
  bool fails(const result<T>& answer, enum code code, const std::string& what) {
    if (answer) return expect(false, what + ": it succeeded");
    return expect(answer.error().code() == code, what + ": " + std::string(describe(answer.error())));
  }
  // An optional operation: false, and the law ends, where the model does not have it.
  template <class T>
  bool applies(const result<T>& answer, const char* what) {
    if (answer || answer.error().code() != code::unsupported) return succeeds(answer, what);
    not_applicable = what;
    return false;
  }
};

}  // namespace detail

// What a suite of laws found.
struct law_report {
  int held = 0;
  std::vector<std::string> not_applicable;
  std::vector<std::string> broken;

  [[nodiscard]] bool ok() const { return broken.empty() && held > 0; }
  [[nodiscard]] std::string text() const {
    std::string all = std::to_string(held) + " laws held, " + std::to_string(not_applicable.size()) + " do not apply, " +
                      std::to_string(broken.size()) + (broken.size() == 1 ? " is broken" : " are broken");
    for (const auto& one : broken) all += "\n  broken: " + one;
    return all;
  }
  void add(const char* name, const detail::law_check& one) {
    if (!one.broken.empty()) {
      broken.push_back(std::string(name) + "; " + one.broken);
    } else if (!one.not_applicable.empty()) {
      not_applicable.push_back(name);
    } else {
      ++held;
    }
  }
};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_LAW_CHECK_HPP
