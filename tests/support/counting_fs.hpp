// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_COUNTING_FS_HPP
#define PERDURE_TESTS_SUPPORT_COUNTING_FS_HPP

// counting_fs: a mem_fs that counts the names that a listing was shown.

#include <perdure/fs/mem_fs.hpp>

#include <cstddef>

namespace tests {

class counting_fs : public perdure::mem_fs {
 public:
  using perdure_fs = counting_fs;
  std::size_t shown = 0;
  perdure::result<void> for_each_entry(perdure::path_view path, perdure::entry_visitor visitor) {
    return perdure::mem_fs::for_each_entry(path, [&](const perdure::dir_entry& entry) { return ++shown, visitor(entry); });
  }
};

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_COUNTING_FS_HPP
