// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/deletion_pause.hpp>
#include <perdure/fs/mem_fs.hpp>

#include <tests/support/catch.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace perdure;

namespace {

// Files that are only names: what is removed is noted, and may be seen to.
class noting_fs : public mem_fs {
 public:
  using perdure_fs = noting_fs;
  std::vector<std::string> removed;
  std::function<result<void>(const std::string&)> see = [](const std::string&) { return result<void>(); };
  result<void> remove(path_view path) {
    removed.emplace_back(path.data(), path.size());
    return see(removed.back());
  }
};
using names = std::vector<std::string>;

TEST_CASE("deletion_pause: without a pause a delete is done at once, and its failure is told") {
  noting_fs fs;
  deletion_pause<> deletions;
  CHECK_FALSE(deletions.is_held());
  CHECK(*deletions.remove(fs, "a") == deletion::removed);
  CHECK(fs.removed == names{"a"});
  fs.see = [](const std::string&) -> result<void> { return failure(code::permission, operation::remove); };
  CHECK(deletions.remove(fs, "b").error().code() == code::permission);
  // Whether it waits or not: what is gone is removed.
  fs.see = [](const std::string&) -> result<void> { return failure(code::not_found, operation::remove); };
  CHECK(deletions.remove(fs, "c").value() == deletion::removed);
}

TEST_CASE("deletion_pause: of nested pauses the last one to end removes what waited, in order") {
  noting_fs fs;
  noting_fs other;
  deletion_pause<> deletions;
  auto outer = deletions.hold();
  CHECK(deletions.is_held());
  {
    std::string name = "a";
    CHECK(*deletions.remove(fs, name) == deletion::waits);
    name = "overwritten";
    auto inner = deletions.hold();
    CHECK(*deletions.remove(other, "b") == deletion::waits);
    auto moved = std::move(inner);
    CHECK(inner.end().removed == 0);
    CHECK(deletions.is_held());
  }
  CHECK(*deletions.remove(fs, "c") == deletion::waits);
  CHECK(fs.removed.empty());
  const auto report = outer.end();
  CHECK(report.removed == 3);
  CHECK(report.failed == 0);
  CHECK(fs.removed == names{"a", "c"});
  CHECK(other.removed == names{"b"});
  CHECK(outer.end().removed == 0);
  CHECK_FALSE(deletions.is_held());
}

TEST_CASE("deletion_pause: a delete that fails does not stop the others; what is gone is removed") {
  noting_fs fs;
  fs.see = [](const std::string& name) -> result<void> {
    if (name == "gone") return failure(code::not_found, operation::remove);
    if (name == "stays") return failure(code::busy, operation::remove).about(name);
    if (name == "stays, too") return failure(code::permission, operation::remove).about(name);
    return {};
  };
  deletion_pause<> deletions;
  auto pause = deletions.hold();
  for (const char* name : {"stays", "a", "gone", "stays, too", "b"}) CHECK(deletions.remove(fs, name));
  const auto report = pause.end();
  CHECK(report.removed == 3);
  CHECK(report.failed == 2);
  REQUIRE_FALSE(report.first_failure);
  CHECK(report.first_failure.error().code() == code::busy);
  CHECK(fs.removed.size() == 5);
}

TEST_CASE("deletion_pause: the end of one does not take what waits for a newer one") {
  noting_fs fs;
  deletion_pause<> deletions;
  std::vector<deletion_pause<>::pause> newer;
  fs.see = [&](const std::string& name) -> result<void> {
    if (name != "a") return {};
    newer.push_back(deletions.hold());
    CHECK(*deletions.remove(fs, "c") == deletion::waits);
    return {};
  };
  auto older = deletions.hold();
  CHECK(deletions.remove(fs, "a"));
  CHECK(deletions.remove(fs, "b"));
  CHECK(older.end().removed == 2);
  CHECK(fs.removed == names{"a", "b"});
  REQUIRE(newer.size() == 1);
  CHECK(newer[0].end().removed == 1);
  CHECK(fs.removed == names{"a", "b", "c"});
}

// Four threads publish versions and remove what those before them named; four pin one, and look whether its files stay.
std::uint64_t pauses_with_threads(std::uint64_t pauses) {
  deletion_pause<> deletions;
  std::mutex published;
  std::vector<std::atomic<bool>> there(1 << 16);
  struct marking_fs : mem_fs {
    using perdure_fs = marking_fs;
    std::vector<std::atomic<bool>>* there = nullptr;
    result<void> remove(path_view path) {
      (*there)[std::stoul(std::string(path.data(), path.size()))].store(false, std::memory_order_relaxed);
      return {};
    }
  };
  marking_fs fs;
  fs.there = &there;
  std::vector<std::size_t> live;
  std::size_t next = 0;
  for (; next < 8; ++next) live.push_back(next), there[next] = true;
  std::atomic<std::uint64_t> missing = 0;
  std::atomic<std::uint64_t> left = pauses;
  const auto replaces = [&] {
    while (left.load(std::memory_order_relaxed) != 0) {
      std::size_t old = 0;
      {
        const std::lock_guard<std::mutex> held(published);
        // All deletes may wait for long, where pauses follow each other without a gap.
        const std::size_t name = ++next % there.size();
        if (there[name].load(std::memory_order_relaxed)) continue;
        old = live[next % live.size()];
        there[name].store(true, std::memory_order_relaxed);
        live[next % live.size()] = name;
      }
      (void)deletions.remove(fs, std::to_string(old));
    }
  };
  const auto pins = [&] {
    for (std::uint64_t before = left.load(); before != 0; before = left.load()) {
      if (!left.compare_exchange_strong(before, before - 1)) continue;
      const auto pause = deletions.hold();
      std::vector<std::size_t> pinned;
      {
        const std::lock_guard<std::mutex> held(published);
        pinned = live;
      }
      for (int look = 0; look < 2; ++look) {
        std::this_thread::yield();
        for (const std::size_t name : pinned) missing += there[name].load(std::memory_order_relaxed) ? 0 : 1;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(replaces), threads.emplace_back(pins);
  for (std::thread& one : threads) one.join();
  std::uint64_t files = 0;
  for (const auto& one : there) files += one ? 1 : 0;
  CHECK_FALSE(deletions.is_held());
  CHECK(files == live.size());
  return missing;
}

TEST_CASE("deletion_pause: of eight threads none sees a file go that it has pinned") { CHECK(pauses_with_threads(500) == 0); }

TEST_CASE("deletion_pause: nor in a million pauses", "[.][long]") { CHECK(pauses_with_threads(1'000'000) == 0); }

}  // namespace
