// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_TEMP_DIR_HPP
#define PERDURE_TESTS_SUPPORT_TEMP_DIR_HPP

// A directory of the test's own, removed with all it holds; and the few things that tests do to files by the standard library,
// so that what perdure wrote is read back by somebody else.

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace tests {

class temp_dir {
 public:
  explicit temp_dir(const std::string& base = "/tmp") : path_(base + "/perdure-test-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) ::abort();
  }
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;
  ~temp_dir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline void put(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

inline std::string get(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return "(nothing)";
  return {std::istreambuf_iterator<char>(file), {}};
}

// The names in a directory.
inline std::set<std::string> names_in(const std::string& path) {
  std::set<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
    names.insert(at->path().filename());
  return names;
}

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_TEMP_DIR_HPP
