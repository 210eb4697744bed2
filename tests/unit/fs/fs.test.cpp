// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/fs.hpp>
#include <perdure/fs/posix_fs.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/scripted_fs.hpp>

using namespace perdure;

namespace {
class derived_fs : public posix_fs {};
class undeclared_fs : public detail::posix_operations<undeclared_fs> {
 public:
  [[nodiscard]] int native_handle() const noexcept { return AT_FDCWD; }
};
}  // namespace

TEST_CASE("fs: a model is one by its own word, and not by its looks or its base") {
  CHECK(Fs<posix_fs>);
  CHECK(Fs<const posix_fs>);
  CHECK(Fs<tests::scripted_fs<posix_fs>>);
  CHECK_FALSE(Fs<derived_fs>);
  CHECK_FALSE(Fs<undeclared_fs>);
  CHECK_FALSE(Fs<int>);
  CHECK(File<posix_file>);
  CHECK_FALSE(File<int>);
}
