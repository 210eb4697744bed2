// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/make_dirs.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

#include <sys/stat.h>
#include <thread>

using namespace perdure;

TEST_CASE("make_dirs: whatever is missing is made, and what is there is as good") {
  const tests::temp_dir dir;
  CHECK(*make_dirs(dir / "a/b//c") == durability::full);
  CHECK(std::filesystem::is_directory(dir / "a/b/c"));
  CHECK(make_dirs(dir / "a/b/c"));
  CHECK(make_dirs(dir / "a/b/c/d/", durability::none));
  CHECK(std::filesystem::is_directory(dir / "a/b/c/d"));
  CHECK(make_dirs(dir / "a/../a/e"));
  CHECK(std::filesystem::is_directory(dir / "a/e"));
  CHECK(make_dirs("/"));
  CHECK(make_dirs("."));
}

TEST_CASE("make_dirs: a relative path starts where the process is") {
  const tests::temp_dir dir;
  CHECK(tests::in_child([&]() -> int {
          if (::chdir(dir.path().c_str()) != 0) return 2;
          return make_dirs("x/y") && std::filesystem::is_directory("x/y") ? 0 : 1;
        }) == 0);
}

TEST_CASE("make_dirs: a file in the way is not_a_directory, wherever it is") {
  const tests::temp_dir dir;
  tests::put(dir / "file", "x");
  CHECK(make_dirs(dir / "file").error().code() == code::not_a_directory);
  CHECK(make_dirs(dir / "file/a").error().code() == code::not_a_directory);
  CHECK(make_dirs(dir / "file/a/b").error().code() == code::not_a_directory);
  CHECK(make_dirs("").error().code() == code::invalid_argument);
  CHECK(tests::get(dir / "file") == "x");
}

TEST_CASE("make_dirs: every ancestor is synced, from the deepest up, also one that was there") {
  const tests::temp_dir dir;
  posix_fs disk;
  tests::scripted_fs<posix_fs> fs(disk);
  REQUIRE(make_dirs(fs, dir / "a/b"));
  const std::string& base = dir.path();
  CHECK(fs.script().trace() ==
        "make_dir make_dir make_dir sync_dir(" + base + "/a) sync_dir(" + base + ") sync_dir(/tmp) sync_dir(/)");
  tests::scripted_fs<posix_fs> again(disk);
  REQUIRE(make_dirs(again, dir / "a/b"));
  CHECK(again.script().trace() == "make_dir stat sync_dir(" + base + "/a) sync_dir(" + base + ") sync_dir(/tmp) sync_dir(/)");
}

TEST_CASE("make_dirs: a sync that fails is told, one that is unsupported lowers what was reached") {
  const tests::temp_dir dir;
  posix_fs disk;
  tests::scripted_fs<posix_fs> fs(disk);
  fs.script().before = tests::fail("sync_dir(" + dir.path() + ")", failure(code::sync_lost, operation::sync_dir, 5));
  CHECK(make_dirs(fs, dir / "a").error().code() == code::sync_lost);
  fs.script().before = tests::fail("sync_dir(" + dir.path() + ")", failure(code::unsupported, operation::sync_dir));
  CHECK(*make_dirs(fs, dir / "a") == durability::ordered);
}

TEST_CASE("make_dirs: an ancestor that may not be read is passed over, unless something was made in it") {
  const tests::temp_dir dir;
  posix_fs disk;
  REQUIRE(make_dirs(dir / "closed/mine"));
  tests::scripted_fs<posix_fs> fs(disk);
  fs.script().before = tests::fail("sync_dir(" + (dir / "closed") + ")", failure(code::permission, operation::sync_dir, EACCES));
  CHECK(make_dirs(fs, dir / "closed/mine/new"));
  CHECK(make_dirs(fs, dir / "closed/other").error().code() == code::permission);
}

TEST_CASE("make_dirs: racing callers all succeed") {
  const tests::temp_dir dir;
  std::vector<std::thread> threads;
  std::vector<int> failed(4);
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) failed[t] += make_dirs(dir / ("r" + std::to_string(i) + "/a/b/c"), durability::none) ? 0 : 1;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(failed == std::vector<int>(4));
}

TEST_CASE("make_dirs: an unprivileged user makes directories below one that may be passed and not read") {
  if (tests::skipped_without_root("another user")) return;
  const tests::temp_dir dir;
  posix_fs fs;
  REQUIRE(::chmod(dir.path().c_str(), 0711) == 0);
  REQUIRE(fs.make_dir(dir / "mine"));
  REQUIRE(::chown((dir / "mine").c_str(), tests::nobody, tests::nobody) == 0);
  CHECK(tests::as_nobody([&]() -> int {
          const auto made = make_dirs(dir / "mine/a/b");
          if (!made || *made != durability::ordered) return 1;
          const auto denied = make_dirs(dir / "theirs/a");
          return !denied && denied.error().code() == code::permission ? 0 : 2;
        }) == 0);
  CHECK(std::filesystem::is_directory(dir / "mine/a/b"));
  CHECK(tests::names_in(dir.path()) == std::set<std::string>{"mine"});
}

TEST_CASE("make_dirs: a link to a directory is one, and a dangling link is not made into one") {
  const tests::temp_dir dir;
  posix_fs fs;
  REQUIRE(fs.make_dir(dir / "d"));
  REQUIRE(fs.make_link("d", dir / "l"));
  CHECK(make_dirs(dir / "l/a"));
  CHECK(std::filesystem::is_directory(dir / "d/a"));
  REQUIRE(fs.make_link("gone", dir / "dangling"));
  CHECK(make_dirs(dir / "dangling").error().code() == code::not_found);
  CHECK(make_dirs(dir / "dangling/a/b").error().code() == code::not_found);
  CHECK_FALSE(std::filesystem::exists(dir / "gone"));
}

TEST_CASE("make_dirs: a relative path syncs the directory that it starts from") {
  const tests::temp_dir dir;
  CHECK(tests::in_child([&]() -> int {
          if (::chdir(dir.path().c_str()) != 0) return 2;
          posix_fs disk;
          tests::scripted_fs<posix_fs> fs(disk);
          if (!make_dirs(fs, "x/y/")) return 3;
          const std::string trace = fs.script().trace();
          return trace.find("sync_dir(x) sync_dir(.)") != std::string::npos ? 0 : 1;
        }) == 0);
  CHECK(std::filesystem::is_directory(dir / "x/y"));
}

TEST_CASE("make_dirs: a path as long as paths can be is made, and a longer one is too_large") {
  const tests::temp_dir dir;
  std::string deep = dir.path();
  while (deep.size() + 101 <= 4095) deep += "/" + std::string(100, 'd');
  CHECK(make_dirs(deep, durability::none));
  CHECK(std::filesystem::is_directory(deep));
  deep += "/" + std::string(4096 - deep.size(), 'd');
  CHECK(make_dirs(deep, durability::none).error().code() == code::too_large);
  CHECK(make_dirs(dir / ("a/" + std::string(256, 'n') + "/b")).error().code() == code::too_large);
  CHECK(make_dirs(dir / std::string("a\0/b", 4)).error().code() == code::invalid_argument);
}
