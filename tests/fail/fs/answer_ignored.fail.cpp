// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// An answer that nobody looks at is how data is lost.
// expect: nodiscard
#include <perdure/fs/mem_fs.hpp>

int main() {
  perdure::mem_fs fs;
#ifdef PERDURE_FAIL
  fs.remove("f");
#endif
  return fs.remove("f") ? 1 : 0;
}
