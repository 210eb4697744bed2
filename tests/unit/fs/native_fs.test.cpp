// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/native_fs.hpp>

#include <tests/support/catch.hpp>

TEST_CASE("native_fs: this platform's own files, or no such name") {
#if PERDURE_HAS_NATIVE_FS
  CHECK(perdure::Fs<perdure::native_fs>);
  perdure::native_fs fs;
  CHECK(fs.stat(".")->kind == perdure::file_kind::directory);
#else
  CHECK(!PERDURE_HAS_POSIX);
#endif
}
