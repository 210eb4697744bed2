// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/link_or_copy.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

#include <sys/stat.h>

using namespace perdure;
using tests::get;
using tests::names_in;
using tests::put;

namespace {
ino_t inode_of(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}
mode_t mode_of(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}
}  // namespace

TEST_CASE("link_or_copy: on one volume it links, between independent objects too") {
  const tests::temp_dir dir;
  put(dir / "a", "content");
  posix_fs one;
  posix_fs two;
  const auto report = link_or_copy(one, dir / "a", two, dir / "b");
  REQUIRE(report);
  CHECK(report->placed == placed::linked);
  CHECK(report->durability == durability::full);
  CHECK(inode_of(dir / "a") == inode_of(dir / "b"));
  const auto again = link_or_copy(dir / "a", dir / "b");
  CHECK(again.error().code() == code::already_exists);
  CHECK(link_or_copy(dir / "no", dir / "c").error().code() == code::not_found);
  CHECK(names_in(dir.path()) == std::set<std::string>{"a", "b"});
}

TEST_CASE("link_or_copy: what a link shares is synced before it is linked") {
  const tests::temp_dir dir;
  put(dir / "a", "content");
  posix_fs disk;
  tests::scripted_fs<posix_fs> fs(disk);
  REQUIRE(link_or_copy(fs, dir / "a", fs, dir / "b"));
  CHECK(fs.script().trace() == "open sync(all) close link sync_dir(" + dir.path() + ")");
  tests::scripted_fs<posix_fs> none(disk);
  REQUIRE(link_or_copy(none, dir / "a", none, dir / "c", {.durability = durability::none}));
  CHECK(none.script().trace() == "link");
  fs.script().before = tests::fail("sync(all)", failure(code::sync_lost, operation::sync, EIO));
  CHECK(link_or_copy(fs, dir / "a", fs, dir / "d").error().code() == code::sync_lost);
  fs.script().before = tests::fail("sync_dir(" + dir.path() + ")", failure(code::sync_lost, operation::sync_dir, EIO));
  CHECK(link_or_copy(fs, dir / "a", fs, dir / "d").error().doubt() == doubt::durable);
  fs.script().before = tests::fail("sync_dir(" + dir.path() + ")", failure(code::unsupported, operation::sync_dir));
  CHECK(link_or_copy(fs, dir / "a", fs, dir / "e")->durability == durability::ordered);
}

TEST_CASE("link_or_copy: where it cannot link it copies, content and mode, and says why") {
  const tests::temp_dir dir;
  const tests::temp_dir other("/dev/shm");
  for (const std::size_t size : {0U, 1U, 16'384U, 16'385U, 1'000'000U}) {
    const std::string name = std::to_string(size);
    put(dir / name, std::string(size, 'c'));
    REQUIRE(::chmod((dir / name).c_str(), 0640) == 0);
    const auto report = link_or_copy(dir / name, other / name);
    REQUIRE(report);
    CHECK(report->placed == placed::copied);
    CHECK(report->size_bytes == size);
    CHECK(report->link_refused.error().code() == code::unsupported);
    CHECK(report->link_refused.error().system_code() == EXDEV);
    CHECK(get(other / name) == std::string(size, 'c'));
    CHECK(mode_of(other / name) == 0640);
    CHECK(link_or_copy(dir / name, other / name).error().code() == code::already_exists);
  }
  CHECK(names_in(other.path()).size() == 5);
}

TEST_CASE("link_or_copy: between models of two kinds it copies through memory, in a buffer of any size") {
  const tests::temp_dir dir;
  const std::string text(5000, 't');
  put(dir / "a", text);
  posix_fs disk;
  tests::scripted_fs<posix_fs> fs(disk);
  char small[7];
  REQUIRE(link_or_copy(disk, dir / "a", fs, dir / "b", {.buffer = small}));
  CHECK(get(dir / "b") == text);
  REQUIRE(link_or_copy(fs, dir / "a", disk, dir / "c", {.placement = placement::direct}));
  CHECK(get(dir / "c") == text);
  CHECK(link_or_copy(fs, dir / "a", disk, dir / "c", {.placement = placement::direct}).error().code() == code::already_exists);
  tests::scripted_fs<posix_fs, false, false> poor(disk);
  CHECK(link_or_copy(poor, dir / "a", poor, dir / "d").error().code() == code::unsupported);
  REQUIRE(link_or_copy(poor, dir / "a", poor, dir / "d", {.placement = placement::direct}));
  CHECK(get(dir / "d") == text);
}

TEST_CASE("link_or_copy: a copy that fails leaves nothing, wherever it fails") {
  const tests::temp_dir dir;
  put(dir / "a", std::string(5000, 't'));
  posix_fs disk;
  for (const auto placement : {placement::atomic, placement::direct}) {
    for (const char* step : {"create", "write", "set_attributes", "sync(all)", "close", "rename_no_replace"}) {
      if (placement == placement::direct && std::string(step) == "rename_no_replace") continue;
      INFO(step);
      tests::scripted_fs<posix_fs> fs(disk);
      fs.script().before = tests::fail(step, failure(code::no_space, operation::write, ENOSPC));
      const auto report = link_or_copy(disk, dir / "a", fs, dir / "b", {.placement = placement});
      REQUIRE_FALSE(report);
      CHECK(report.error().code() == code::no_space);
      CHECK(report.error().outcome() == outcome::unchanged);
      CHECK(names_in(dir.path()) == std::set<std::string>{"a"});
    }
  }
  tests::scripted_fs<posix_fs> reading(disk);
  reading.script().before = tests::fail("read", failure(code::io, operation::read, EIO));
  CHECK(link_or_copy(reading, dir / "a", disk, dir / "b").error().code() == code::io);
  CHECK(names_in(dir.path()) == std::set<std::string>{"a"});
}

TEST_CASE("link_or_copy: what is not allowed is not copied instead") {
  const tests::temp_dir dir;
  REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
  put(dir / "a", "a");
  REQUIRE(::mkdir((dir / "mine").c_str(), 0777) == 0);
  REQUIRE(::chmod((dir / "mine").c_str(), tests::is_root() ? 0755 : 0555) == 0);
  CHECK(tests::as_nobody([&]() -> int {
          const auto report = link_or_copy(dir / "a", dir / "mine/b", {.durability = durability::none});
          return !report && report.error().code() == code::permission ? 0 : 1;
        }) == 0);
  CHECK(names_in(dir / "mine").empty());
}
