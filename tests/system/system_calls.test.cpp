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
  bool first = false;
  const auto before = [&] { first = atomic_write(path, "first", options).has_value(); };
  const auto seen = tests::under_strace({}, before, [&]() -> int {
    if (!first) return 1;
    tests::mark();
    const bool done = atomic_write(path, "text", options).has_value();
    tests::mark();
    return done ? 0 : 2;
  });
  REQUIRE(seen.status == 0);
  return tests::between_marks(seen, dir);
}

const std::string opens_directory = R"(openat(AT_FDCWD, "DIR", O_RDONLY|O_CLOEXEC|O_DIRECTORY) = #1)";
const std::string creates = R"(openat(#1, "TEMP", O_WRONLY|O_CREAT|O_EXCL|O_NOCTTY|O_CLOEXEC, 0666) = #2)";
const std::string creates_closed = R"(openat(#1, "TEMP", O_WRONLY|O_CREAT|O_EXCL|O_NOCTTY|O_CLOEXEC, 0600) = #2)";

}  // namespace

TEST_CASE("system calls: a default atomic_write makes those of the best sequence by hand, and no other") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  CHECK(calls_of_second(dir.path(), dir / "file", {}) ==
        lines{opens_directory, creates, R"(pwrite64(#2, "text", 4, 0) = 4)", "fdatasync(#2) = 0", "close(#2) = 0",
              R"(renameat(#1, "TEMP", #1, "file") = 0)", "fsync(#1) = 0", "close(#1) = 0"});
}

TEST_CASE("system calls: what is less than full needs no handle of the directory, and what is less than ordered no sync") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  const std::string create_here = R"(openat(AT_FDCWD, "DIR/TEMP", O_WRONLY|O_CREAT|O_EXCL|O_NOCTTY|O_CLOEXEC, 0666) = #1)";
  const std::string rename_here = R"(renameat(AT_FDCWD, "DIR/TEMP", AT_FDCWD, "DIR/file") = 0)";
  const std::string write = R"(pwrite64(#1, "text", 4, 0) = 4)";
  CHECK(calls_of_second(dir.path(), dir / "file", {.durability = durability::ordered}) ==
        lines{create_here, write, "fdatasync(#1) = 0", "close(#1) = 0", rename_here});
  CHECK(calls_of_second(dir.path(), dir / "file", {.durability = durability::none}) ==
        lines{create_here, write, "close(#1) = 0", rename_here});
}

TEST_CASE("system calls: a mode that is given exactly costs one call, and a full sync instead of one of the data") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  CHECK(calls_of_second(dir.path(), dir / "file", {.set = attribute_set::mode, .attributes = {.mode = 0640}}) ==
        lines{opens_directory, creates_closed, R"(pwrite64(#2, "text", 4, 0) = 4)", "fchmod(#2, 0640) = 0", "fsync(#2) = 0",
              "close(#2) = 0", R"(renameat(#1, "TEMP", #1, "file") = 0)", "fsync(#1) = 0", "close(#1) = 0"});
}

TEST_CASE("system calls: content of several pieces goes out in one") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  const auto seen = tests::under_strace(
      {"-e", "trace=pwritev,pwrite64"}, [] {},
      [&]() -> int {
        const bytes parts[] = {"one", "", "three"};
        return atomic_write(dir / "file", gather(parts, 3)) ? 0 : 1;
      });
  REQUIRE(seen.status == 0);
  std::vector<std::string> writes;
  for (const auto& call : seen.calls) {
    if (call.rfind("pwrite", 0) == 0) writes.push_back(call);
  }
  REQUIRE(writes.size() == 1);
  CHECK(writes[0].rfind("pwritev(", 0) == 0);
}

TEST_CASE("system calls: the first atomic_write of a process asks who it is, and no later one does") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  const auto seen = tests::under_strace(
      {"-e", "trace=openat"}, [] {},
      [&]() -> int {
        for (int i = 0; i < 3; ++i) {
          if (!atomic_write(dir / "file", "text")) return 1;
        }
        return 0;
      });
  REQUIRE(seen.status == 0);
  int asked = 0;
  for (const auto& call : seen.calls) asked += call.find("/proc/") != std::string::npos ? 1 : 0;
  CHECK(asked == 2);
}

TEST_CASE("system calls: where links are refused none is followed, not even one that has just taken the file's place") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  posix_fs fs;
  REQUIRE(atomic_write(dir / "f", "text"));
  const auto linked = [&](links links) {
    const auto seen = tests::under_strace(
        {}, [] {},
        [&]() -> int {
          tests::mark();
          const bool done =
              fs.link_to(dir / "f", fs, dir / (links == perdure::links::follow ? "followed" : "itself"), links).has_value();
          tests::mark();
          return done ? 0 : 1;
        });
    REQUIRE(seen.status == 0);
    return tests::between_marks(seen, dir.path()).back();
  };
  CHECK(linked(links::refuse) == R"(linkat(AT_FDCWD, "DIR/f", AT_FDCWD, "DIR/itself", 0) = 0)");
  CHECK(linked(links::follow) == R"(linkat(AT_FDCWD, "DIR/f", AT_FDCWD, "DIR/followed", AT_SYMLINK_FOLLOW) = 0)");
}

TEST_CASE("system calls: a path that cannot be is refused without one") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  const auto seen = tests::under_strace(
      {}, [] {},
      [&]() -> int {
        tests::mark();
        int refused = 0;
        for (const std::string& path : {std::string(), dir / std::string("a\0b", 3), dir / std::string("a\0b/c", 5),
                                        dir / std::string(256, 'n'), std::string(4096, 'n'), dir / "a/", dir / ".", dir / ".."}) {
          refused += atomic_write(path, "text") ? 0 : 1;
        }
        tests::mark();
        return refused;
      });
  CHECK(seen.status == 8);
  const auto lines_between = tests::between_marks(seen, dir.path());
  CHECK((lines_between.empty() || PERDURE_TESTS_SANITIZED));
}
