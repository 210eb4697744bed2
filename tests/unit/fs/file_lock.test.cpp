// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/file_lock.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

#include <sys/stat.h>
#include <csignal>

using namespace perdure;

TEST_CASE("file_lock: one holder at a time, in this process and in others, and the file stays") {
  const tests::temp_dir dir;
  auto lock = file_lock<>::try_take(dir / "lock");
  REQUIRE(lock);
  CHECK(file_lock<>::try_take(dir / "lock").error().code() == code::busy);
  const auto other = [&] { return tests::in_child([&] { return file_lock<>::try_take(dir / "lock") ? 0 : 1; }); };
  // The child must not keep the inherited handle's lock alive: it ends at once.
  CHECK(other() == 1);
  lock->release();
  CHECK(other() == 0);
  CHECK(tests::names_in(dir.path()) == std::set<std::string>{"lock"});
  const auto a = file_lock<>::try_take(dir / "lock", lock_mode::shared);
  const auto b = file_lock<>::try_take(dir / "lock", lock_mode::shared);
  CHECK((a && b));
  CHECK_FALSE(file_lock<>::try_take(dir / "lock"));
}

TEST_CASE("file_lock: the death of its holder frees it") {
  const tests::temp_dir dir;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = tests::start_child([&]() -> int {
    const auto lock = file_lock<>::try_take(dir / "lock");
    if (!lock || ::write(ends[1], "x", 1) != 1) return 1;
    ::pause();
    return 0;
  });
  char byte = 0;
  REQUIRE(::read(ends[0], &byte, 1) == 1);
  CHECK(file_lock<>::try_take(dir / "lock").error().code() == code::busy);
  ::kill(child, SIGKILL);
  CHECK(tests::end_of(child) == tests::was_killed);
  CHECK(file_lock<>::try_take(dir / "lock"));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("file_lock: waiting ends by the clock that was given") {
  const tests::temp_dir dir;
  posix_fs fs;
  manual_clock clock;
  {
    const auto held = file_lock<>::take(fs, dir / "lock", clock, 0);
    REQUIRE(held);
    const auto late = file_lock<>::take(fs, dir / "lock", clock, 50'000'000);
    REQUIRE_FALSE(late);
    CHECK(late.error().code() == code::timed_out);
    CHECK(clock.elapsed_ns() == 50'000'000);
  }
  CHECK(file_lock<>::take(fs, dir / "lock", clock, 0, lock_mode::shared));
}

TEST_CASE("file_lock: a file that may only be read is locked all the same, and what cannot be is said") {
  const tests::temp_dir dir;
  REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
  tests::put(dir / "lock", "");
  REQUIRE(::chmod((dir / "lock").c_str(), 0444) == 0);
  CHECK(tests::as_nobody([&] { return file_lock<>::try_take(dir / "lock") ? 0 : 1; }) == 0);
  CHECK(file_lock<>::try_take(dir / "no/lock").error().code() == code::not_found);
  posix_fs disk;
  tests::scripted_fs<posix_fs> without(disk);
  using poor_lock = file_lock<tests::scripted_fs<posix_fs>>;
  manual_clock clock;
  CHECK(poor_lock::try_take(without, dir / "l").error().code() == code::unsupported);
  CHECK(poor_lock::take(without, dir / "l", clock, 10).error().code() == code::unsupported);
  CHECK(poor_lock::take(without, dir / "no/l", clock, 10).error().code() == code::not_found);
}
