// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// What the kernel is asked, call by call, as strace sees it.

#include <perdure/fs/atomic_write.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/strace.hpp>

using namespace perdure;

namespace {

using lines = std::vector<std::string>;

// The calls of the second of two equal writes: the first one also works out who writes.
lines calls_of_second(const std::string& dir, const std::string& path, const write_options& options) {
  const auto seen = tests::under_strace({}, [&]() -> int {
    if (!atomic_write(path, "first", options)) return 1;
    tests::mark();
    const bool done = atomic_write(path, "text", options).has_value();
    tests::mark();
    return done ? 0 : 2;
  });
  REQUIRE(seen.status == 0);
  return tests::between_marks(seen, dir);
}

}  // namespace

TEST_CASE("system calls: a default atomic_write makes those of the best sequence by hand, and no other") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  CHECK(calls_of_second(dir.path(), dir / "file", {}) == lines{
                                                             R"(openat(AT_FDCWD, "DIR", O_RDONLY|O_CLOEXEC|O_DIRECTORY) = #1)",
                                                             R"(openat(#1, "TEMP", O_WRONLY|O_CREAT|O_EXCL|O_NOCTTY|O_CLOEXEC, 0666) = #2)",
                                                             R"(pwrite64(#2, "text", 4, 0) = 4)",
                                                             R"(fdatasync(#2) = 0)",
                                                             R"(close(#2) = 0)",
                                                             R"(renameat(#1, "TEMP", #1, "file") = 0)",
                                                             R"(fsync(#1) = 0)",
                                                             R"(close(#1) = 0)",
                                                         });
}
