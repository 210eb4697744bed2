// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_STORE_LAWS_HPP
#define PERDURE_TESTING_STORE_LAWS_HPP

// store_laws: does a model of Store keep the laws of store.hpp, as far as a running program can see? For whoever writes a model,
// from any test framework.
//
//   auto report = perdure::testing::check_store_laws(store, "scratch/");   // a prefix under which there is nothing
//   REQUIRE(report.ok());                                                   // else report.text() says which law, and where
//
// Each law works under a prefix of its own below that, of which it removes all objects. A law about an optional operation that
// the model does not have is counted as not applicable. Some laws start threads, which race: run them under a thread sanitizer as
// well, which sees what luck hides. A visitor that is called under the model's own lock makes S10 wait for ever. What only a
// crash or a lost answer shows (S3, S6, S7) is for the crash lab.

#include <string>

#include <perdure/testing/detail/required_store_laws.hpp>
#include <perdure/testing/detail/store_key_laws.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

template <Store S>
[[nodiscard]] law_report check_store_laws(S& store, key_view scratch) {
  law_report report;
  const std::string prefix(scratch.data(), scratch.size());
  bool empty = true;
  const auto looked = store.list(prefix, {}, 1, [&](const listed_object&) {
    empty = false;
    return visit::stop;
  });
  if (!looked || !empty || prefix.empty() || prefix.size() > detail::scratch_size_max) {
    report.broken.push_back(
        "the scratch prefix is empty or long, or there is something under it, or it cannot be listed: no law was tried");
    return report;
  }
  int number = 0;
  auto laws = detail::required_store_laws<S>();
  for (auto& law : detail::store_key_laws<S>()) laws.push_back(law);
  for (const auto& law : laws) {
    detail::store_law_case<S> one(store, prefix + "law" + std::to_string(++number) + "/");
    law.check(one);
    for (const std::string& key : one.keys("")) (void)store.remove(key);
    report.add(law.name, one);
  }
  return report;
}

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_STORE_LAWS_HPP
