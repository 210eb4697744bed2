// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_FS_LAWS_HPP
#define PERDURE_TESTING_FS_LAWS_HPP

// fs_laws: does a model of Fs keep the laws of fs.hpp, as far as a running program can see? For whoever writes a model, from
// any test framework.
//
//   auto report = perdure::testing::check_fs_laws(fs, "scratch");   // an existing directory; it is left as it was
//   REQUIRE(report.ok());                                            // else report.text() says which law, and where
//
// Each law works in a fresh directory below `scratch` and removes it. A law about an optional operation that the model answers
// with `unsupported` is counted as not applicable. Some laws start threads, which race: run them under a thread sanitizer as
// well, which sees what luck hides. A visitor that is called under the model's own lock makes L12 wait for ever. What only a
// power cut shows (L3 to L5) is for the crash lab.

#include <string>
#include <vector>

#include <perdure/testing/detail/honest_fs_laws.hpp>
#include <perdure/testing/detail/optional_fs_laws.hpp>
#include <perdure/testing/detail/required_fs_laws.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

template <Fs F>
[[nodiscard]] law_report check_fs_laws(F& fs, path_view scratch) {
  law_report report;
  const auto there = fs.stat(scratch);
  if (!there || there->kind != file_kind::directory) {
    report.broken.push_back("the scratch directory is not there: no law was tried");
    return report;
  }
  const auto model = detail::law_fs::over(fs);
  int number = 0;
  auto laws = detail::required_fs_laws();
  for (auto& law : detail::honest_fs_laws()) laws.push_back(law);
  for (auto& law : detail::optional_fs_laws()) laws.push_back(law);
  for (const auto& law : laws) {
    detail::law_case one(model, std::string(scratch.data(), scratch.size()) + "/law" + std::to_string(++number));
    if (one.succeeds(model.make_dir(one.dir), "a directory for the law")) law.check(one);
    detail::remove_tree(model, one.dir);
    report.add(law.name, one);
  }
  return report;
}

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_FS_LAWS_HPP
