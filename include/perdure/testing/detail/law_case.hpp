// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_LAW_CASE_HPP
#define PERDURE_TESTING_DETAIL_LAW_CASE_HPP

// law_case: one law being checked, and what helps to say it in few words.

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <perdure/fs/fs_optional.hpp>
#include <perdure/testing/detail/law_check.hpp>
#include <perdure/testing/detail/law_fs.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// With the model, and the law's own directory.
struct law_case : law_check {
  law_fs fs;
  std::string dir;

  law_case(law_fs model, std::string own_dir) : fs(model), dir(std::move(own_dir)) {}

  [[nodiscard]] std::string operator/(const std::string& name) const { return dir + "/" + name; }

  bool put(const std::string& name, const std::string& content) {
    auto file = fs.open(*this / name, {.access = access::read_write, .creation = creation::create});
    return succeeds(file, "open " + name) && succeeds(file->truncate(0), "truncate") &&
           succeeds(file->write_at(0, content), "write") && succeeds(file->close(), "close");
  }
  [[nodiscard]] std::string get(const std::string& name) {
    auto file = fs.open(*this / name, {});
    if (!file) return "(" + std::string(describe(file.error())) + ")";
    const auto size = file->size();
    if (!size) return "(no size)";
    std::string text(static_cast<std::size_t>(*size), '?');
    const auto got = file->read_at(0, text);
    return got && *got == text.size() ? text : "(short)";
  }
  [[nodiscard]] std::multiset<std::string> names(const std::string& path) {
    std::multiset<std::string> all;
    const auto listed = fs.for_each_entry(path, [&](const dir_entry& entry) {
      all.emplace(entry.name.data(), entry.name.size());
      return visit::go_on;
    });
    succeeds(listed, "list");
    return all;
  }
};

inline void remove_tree(law_fs fs, const std::string& path) {
  std::vector<std::string> names;
  (void)fs.for_each_entry(path, [&](const dir_entry& entry) {
    names.emplace_back(entry.name.data(), entry.name.size());
    return visit::go_on;
  });
  for (const auto& name : names) {
    if (name == "." || name == "..") continue;  // the model breaks L12, and would lead round in a circle
    if (!fs.remove(path + "/" + name)) remove_tree(fs, path + "/" + name);
  }
  (void)fs.remove_dir(path);
}

struct law {
  const char* name;
  std::function<void(law_case&)> check;
};

}  // namespace detail

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_LAW_CASE_HPP
