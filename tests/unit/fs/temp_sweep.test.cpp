// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/temp_sweep.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

#include <sys/stat.h>
#include <csignal>

using namespace perdure;
using tests::get;
using tests::names_in;
using tests::put;

namespace {

std::string name_of(const nonce& of) {
  const temp_name name(of);
  return {name.data(), name.size()};
}

// A child that writes, and stops itself with `signal` before its rename.
pid_t writer_that_stops(const std::string& path, int signal) {
  const pid_t child = tests::start_child([&]() -> int {
    posix_fs disk;
    tests::scripted_fs<posix_fs> fs(disk);
    fs.script().before = [&](const std::string& call) -> std::optional<failure> {
      if (call == "rename") ::raise(signal);
      return std::nullopt;
    };
    return atomic_write(fs, path, "from the sleeper") ? 0 : 1;
  });
  int status = 0;
  REQUIRE(::waitpid(child, &status, signal == SIGSTOP ? WUNTRACED : 0) == child);
  return child;
}

}  // namespace

TEST_CASE("temp_sweep: a writer that sleeps before its rename keeps its file, and its commit succeeds") {
  const tests::temp_dir dir;
  put(dir / "f", "old");
  const pid_t child = writer_that_stops(dir / "f", SIGSTOP);
  CHECK(names_in(dir.path()).size() == 2);
  const auto swept = temp_sweep(dir.path());
  REQUIRE(swept);
  CHECK((swept->removed == 0 && swept->living == 1));
  ::kill(child, SIGCONT);
  CHECK(tests::end_of(child) == 0);
  CHECK(get(dir / "f") == "from the sleeper");
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
}

TEST_CASE("temp_sweep: what a killed writer left is removed") {
  const tests::temp_dir dir;
  put(dir / "f", "old");
  (void)writer_that_stops(dir / "f", SIGKILL);
  CHECK(names_in(dir.path()).size() == 2);
  const auto swept = temp_sweep(dir.path());
  REQUIRE(swept);
  CHECK((swept->removed == 1 && swept->living == 0 && swept->failed == 0));
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
  CHECK(get(dir / "f") == "old");
}

TEST_CASE("temp_sweep: a process number that was given again does not keep an orphan") {
  const tests::temp_dir dir;
  nonce again = posix_fs().nonce();
  again.started -= 1;
  put(dir / name_of(again), "orphan");
  put(dir / name_of(posix_fs().nonce()), "mine");
  const auto swept = temp_sweep(dir.path());
  CHECK((swept->removed == 1 && swept->living == 1));
}

TEST_CASE("temp_sweep: what nobody here can judge stays until it is old") {
  const tests::temp_dir dir;
  posix_fs fs;
  nonce elsewhere = fs.nonce();
  elsewhere.place ^= 1;
  put(dir / name_of(elsewhere), "elsewhere");
  put(dir / name_of({0, 0, 0, 7}), "a device's");
  manual_clock clock(fs.stat(dir / name_of(elsewhere))->modified_ns);
  clock.advance_ns(24 * 3600 * ns_per_second - ns_per_second);
  auto swept = temp_sweep(fs, dir.path(), clock);
  CHECK((swept->removed == 0 && swept->unjudged == 2));
  clock.advance_ns(3 * ns_per_second);
  swept = temp_sweep(fs, dir.path(), clock);
  CHECK((swept->removed == 2 && swept->unjudged == 0));
}

TEST_CASE("temp_sweep: every other name stays, however alike it looks") {
  const tests::temp_dir dir;
  const std::set<std::string> others = {
      "f", ".perdure-x.tmp", ".perdure-1-2-3.tmp", ".perdure-01-2-3-4.tmp", ".perdure-A-2-3-4.tmp", "perdure-1-2-3-4.tmp"};
  for (const auto& name : others) put(dir / name, "x");
  nonce dead = posix_fs().nonce();
  dead.started -= 1;
  REQUIRE(::mkdir((dir / name_of(dead)).c_str(), 0777) == 0);
  const auto swept = temp_sweep(dir.path(), {.unjudged_after_ns = -1});
  CHECK((swept->removed == 0 && swept->failed == 0));
  auto expected = others;
  expected.insert(name_of(dead));
  CHECK(names_in(dir.path()) == expected);
}

TEST_CASE("temp_sweep: what cannot be removed is counted, and what cannot be listed is said") {
  const tests::temp_dir dir;
  put(dir / name_of({0, 0, 0, 1}), "x");
  posix_fs disk;
  tests::scripted_fs<posix_fs> fs(disk);
  native_clock clock;
  fs.script().before = tests::fail("remove", failure(code::permission, operation::remove, EACCES));
  CHECK(temp_sweep(fs, dir.path(), clock, {.unjudged_after_ns = -1'000'000'000'000})->failed == 1);
  fs.script().before = tests::fail("remove", failure(code::not_found, operation::remove, ENOENT));
  CHECK(temp_sweep(fs, dir.path(), clock, {.unjudged_after_ns = -1'000'000'000'000})->failed == 0);
  CHECK(temp_sweep(dir / "no").error().code() == code::not_found);
}
