// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/native_clock.hpp>
#include <perdure/fs/file_lock.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/models.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

#include <sys/stat.h>
#include <csignal>
#include <thread>
#include <vector>

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
  REQUIRE(::chmod(dir.path().c_str(), 0555) == 0);
  CHECK(tests::as_nobody([&] { return file_lock<>::try_take(dir / "new").error().code() == code::permission ? 0 : 1; }) == 0);
  posix_fs disk;
  tests::scripted_fs<posix_fs> without(disk);
  using poor_lock = file_lock<tests::scripted_fs<posix_fs>>;
  manual_clock clock;
  CHECK(poor_lock::try_take(without, dir / "l").error().code() == code::unsupported);
  CHECK(poor_lock::take(without, dir / "l", clock, 10).error().code() == code::unsupported);
  CHECK(poor_lock::take(without, dir / "no/l", clock, 10).error().code() == code::not_found);
}

TEST_CASE("file_lock: between processes sharers share, and keep out whoever wants it alone") {
  const tests::temp_dir dir;
  const auto other_may = [&](lock_mode mode) {
    return tests::in_child([&] {
             const auto lock = file_lock<>::try_take(dir / "lock", mode);
             return lock ? 0 : lock.error().code() == code::busy ? 1 : 2;
           }) == 0;
  };
  {
    const auto shared = file_lock<>::try_take(dir / "lock", lock_mode::shared);
    REQUIRE(shared);
    CHECK(other_may(lock_mode::shared));
    CHECK_FALSE(other_may(lock_mode::exclusive));
  }
  {
    const auto alone = file_lock<>::try_take(dir / "lock", lock_mode::exclusive);
    REQUIRE(alone);
    CHECK_FALSE(other_may(lock_mode::shared));
    CHECK_FALSE(other_may(lock_mode::exclusive));
  }
  CHECK(other_may(lock_mode::exclusive));
}

TEST_CASE("file_lock: it moves with its object, ends with it or before, and its file keeps what it held") {
  const tests::temp_dir dir;
  tests::put(dir / "lock", "a note");
  {
    auto first = file_lock<>::try_take(dir / "lock");
    REQUIRE(first);
    auto second = detail::moved(*first);
    first->release();
    CHECK_FALSE(file_lock<>::try_take(dir / "lock"));
    second.release();
    second.release();
    auto third = file_lock<>::try_take(dir / "lock");
    REQUIRE(third);
    second = detail::moved(*third);
    CHECK_FALSE(file_lock<>::try_take(dir / "lock"));
  }
  CHECK(file_lock<>::try_take(dir / "lock"));
  CHECK(tests::get(dir / "lock") == "a note");
}

namespace {
// Time passes only by waiting; after `waits` of it, something happens.
template <class Happens>
struct eventful_clock : manual_clock {
  int waits;
  Happens happens;
  std::vector<std::int64_t> slept = {};
  eventful_clock(int after_waits, Happens what) : waits(after_waits), happens(what) {}
  void sleep_ns(std::int64_t nanoseconds) {
    slept.push_back(nanoseconds);
    if (--waits == 0) happens();
    manual_clock::sleep_ns(nanoseconds);
  }
};
}  // namespace

TEST_CASE("file_lock: who waits gets the lock when it is released, and asks ever less often until then") {
  const tests::temp_dir dir;
  posix_fs fs;
  auto held = file_lock<>::try_take(dir / "lock");
  REQUIRE(held);
  eventful_clock clock(12, [&] { held->release(); });
  static_assert(Clock<decltype(clock)>);
  const auto waited = file_lock<>::take(fs, dir / "lock", clock, INT64_MAX);
  REQUIRE(waited);
  REQUIRE(clock.slept.size() == 12);
  for (std::size_t i = 1; i < clock.slept.size(); ++i) CHECK(clock.slept[i] >= clock.slept[i - 1]);
  CHECK((clock.slept.front() > 0 && clock.slept.front() <= 1'000'000 && clock.slept.back() <= 50'000'000));
  CHECK_FALSE(file_lock<>::try_take(dir / "lock"));
  manual_clock impatient;
  CHECK(file_lock<>::take(fs, dir / "lock", impatient, -1).error().code() == code::timed_out);
  CHECK(impatient.elapsed_ns() == 0);
}

TEST_CASE("file_lock: threads that hold it hold it one at a time") {
  const tests::temp_dir dir;
  int inside = 0;
  int entered = 0;
  bool overlapped = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      posix_fs fs;
      native_clock clock;
      for (int i = 0; i < 20; ++i) {
        const auto lock = file_lock<>::take(fs, dir / "lock", clock, 60 * ns_per_second);
        if (!lock) continue;
        // The kernel's lock is not one that a race detector knows of, so that the counters are atomic for it.
        if (__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST) != 1) __atomic_store_n(&overlapped, true, __ATOMIC_SEQ_CST);
        __atomic_add_fetch(&entered, 1, __ATOMIC_SEQ_CST);
        __atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(entered == 60);
  CHECK_FALSE(overlapped);
}

TEST_CASE("file_lock: every model excludes, or says that it cannot") {
  tests::for_each_model([](auto& fs, const std::string& dir, const tests::model& model) {
    INFO(model.name);
    using lock_type = file_lock<std::remove_reference_t<decltype(fs)>>;
    manual_clock clock;
    auto lock = lock_type::try_take(fs, dir + "/lock");
    if (!model.locks) {
      CHECK(lock.error().code() == code::unsupported);
      CHECK(lock_type::take(fs, dir + "/lock", clock, ns_per_second).error().code() == code::unsupported);
      CHECK(clock.elapsed_ns() == 0);
      return;
    }
    REQUIRE(lock);
    CHECK(lock_type::try_take(fs, dir + "/lock", lock_mode::shared).error().code() == code::busy);
    CHECK(lock_type::take(fs, dir + "/lock", clock, ns_per_second).error().code() == code::timed_out);
    CHECK(clock.elapsed_ns() == ns_per_second);
    lock->release();
    const auto one = lock_type::take(fs, dir + "/lock", clock, 0, lock_mode::shared);
    const auto two = lock_type::try_take(fs, dir + "/lock", lock_mode::shared);
    CHECK((one && two));
    CHECK(lock_type::try_take(fs, dir + "/lock").error().code() == code::busy);
    CHECK(lock_type::try_take(fs, dir + "/no/lock").error().code() == code::not_found);
    CHECK(tests::names_of(fs, dir) == std::set<std::string>{"lock"});
  });
}

TEST_CASE("file_lock: who waits for less than no time asks once") {
  const tests::temp_dir dir;
  posix_fs fs;
  manual_clock clock;
  const auto held = file_lock<>::take(fs, dir / "lock", clock, -1);
  REQUIRE(held);
  for (const std::int64_t timeout : {std::int64_t{-1}, INT64_MIN})
    CHECK(file_lock<>::take(fs, dir / "lock", clock, timeout).error().code() == code::timed_out);
  CHECK(clock.elapsed_ns() == 0);
}
