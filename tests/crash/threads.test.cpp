// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Threads of a workload, one at a time and in every order.

#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/create_new.hpp>
#include <perdure/fs/file_lock.hpp>
#include <perdure/testing/lab_sync.hpp>

#include <tests/crash/proof.hpp>
#include <tests/support/child.hpp>

#include <atomic>
#include <mutex>
#include <set>

namespace proofs_of_threads {

namespace {

using namespace tests;

// Reads a number, and writes the next one.
void count_up(crash_fs& fs) {
  const auto text = read_text(fs, "n");
  (void)atomic_write(fs, "n", std::to_string((text ? std::stoi(*text) : 0) + 1));
}
// The workload says so itself, by a step of this name.
verdict nothing_wrong(after_crash& after) { return after.acknowledged("wrong") ? "the workload saw that it is wrong" : ""; }
void wrong(world& world) {
  world.step("wrong", [] {});
}
void expect_two(world& world) {
  const auto text = read_text(world.fs(), "n");
  if (!text || *text != "2") wrong(world);
}

exploration counters(std::uint32_t preemptions) {
  return {.workload =
              [](world& world) {
                world.together([&] { count_up(world.fs()); }, [&] { count_up(world.fs()); });
                expect_two(world);
              },
          .check = nothing_wrong,
          .preemptions = preemptions};
}

TEST_CASE("threads: an update between the read and the write of another one is found", "[crash]") {
  const auto report = explore(counters(1));
  REQUIRE_FALSE(report.ok());
  INFO(report.text());
  // Who did what can be told.
  CHECK(report.text().find("[1] open n") != std::string::npos);
  CHECK(report.text().find("[2] rename ") != std::string::npos);
  auto again = counters(1);
  again.replay = report.replay;
  CHECK(explore(again).text() == report.text());
  CHECK(explore(counters(1)).text() == report.text());
}

TEST_CASE("threads: without a preemption each one goes on to its end", "[crash]") { CHECK(explore(counters(0)).ok()); }

// A, then B; what each thread does between two places where another may go on is one letter.
std::set<std::string> orders(const std::vector<std::size_t>& yields, std::uint32_t preemptions, std::uint64_t& runs) {
  std::set<std::string> all;
  const auto report = explore({.workload =
                                   [&](world& world) {
                                     std::string order;
                                     const auto one = [&](std::size_t number) {
                                       order += static_cast<char>('a' + number);
                                       for (std::size_t i = 0; i < yields[number]; ++i) {
                                         world.yield();
                                         order += static_cast<char>('a' + number);
                                       }
                                     };
                                     if (yields.size() == 2) {
                                       world.together([&] { one(0); }, [&] { one(1); });
                                     } else {
                                       world.together([&] { one(0); }, [&] { one(1); }, [&] { one(2); });
                                     }
                                     all.insert(order);
                                   },
                               .check = [](after_crash&) { return true; },
                               .preemptions = preemptions});
  CHECK(report.ok());
  CHECK(report.exhaustive);
  runs = report.runs;
  return all;
}
std::size_t changes_of(const std::string& order) {
  std::size_t changes = 0;
  for (std::size_t i = 1; i < order.size(); ++i) {
    // Away from one that has more to do.
    if (order[i] != order[i - 1] && order.find(order[i - 1], i) != std::string::npos) ++changes;
  }
  return changes;
}

TEST_CASE("threads: every order is gone once, and with a bound those within it", "[crash]") {
  std::uint64_t runs = 0;
  // As many as there are words of so many letters of each kind.
  CHECK(orders({3, 2}, 1000, runs).size() == 35);
  CHECK(runs == 35);
  const auto all = orders({1, 1, 2}, 1000, runs);
  CHECK(all.size() == 210);
  CHECK(runs == 210);
  for (std::uint32_t bound = 0; bound < 4; ++bound) {
    std::set<std::string> within;
    for (const std::string& one : all) {
      if (changes_of(one) <= bound) within.insert(one);
    }
    CHECK(orders({1, 1, 2}, bound, runs) == within);
    CHECK(runs == within.size());
  }
}

template <class Mutex>
exploration guarded_counters() {
  return {.workload =
              [](world& world) {
                Mutex mutex;
                const auto guarded = [&] {
                  mutex.lock();
                  count_up(world.fs());
                  mutex.unlock();
                };
                world.together(guarded, guarded);
                expect_two(world);
              },
          .check = nothing_wrong,
          .preemptions = 3};
}

TEST_CASE("threads: a mutex of the lab, and one of the program, keep the others out", "[crash]") {
  const auto labs = explore(guarded_counters<lab_sync::mutex>());
  INFO(labs.text());
  CHECK(labs.ok());
  const auto programs = explore(guarded_counters<std::mutex>());
  INFO(programs.text());
  CHECK(programs.ok());
  // That it was waited for is in the nature of both.
  CHECK(programs.runs > 10);
  CHECK(labs.runs > programs.runs);
  CHECK(explore(guarded_counters<std::mutex>()).text() == programs.text());
}

exploration crosswise() {
  return {.workload =
              [](world& world) {
                lab_sync::mutex one;
                lab_sync::mutex other;
                const auto both = [&](lab_sync::mutex& first, lab_sync::mutex& second) {
                  const scoped_lock outer(first);
                  const scoped_lock inner(second);
                  count_up(world.fs());
                };
                world.together([&] { both(one, other); }, [&] { both(other, one); });
              },
          .check = [](after_crash&) { return true; }};
}

TEST_CASE("threads: a deadlock is a failure, and the test goes on", "[crash]") {
  const auto report = explore(crosswise());
  REQUIRE_FALSE(report.ok());
  INFO(report.text());
  CHECK(report.text().find("deadlock") != std::string::npos);
  CHECK(report.text().find("[1] waits for a mutex that [2] holds") != std::string::npos);
  CHECK(report.text().find("[2] waits for a mutex that [1] holds") != std::string::npos);
  auto again = crosswise();
  again.replay = report.replay;
  CHECK(explore(again).text() == report.text());
}

TEST_CASE("threads: a deadlock in the program's own mutexes ends the test process, after its report", "[crash]") {
  const std::string said = last_words_of([] {
    (void)explore({.workload =
                       [](world& world) {
                         std::mutex one;
                         std::mutex other;
                         const auto both = [&](std::mutex& first, std::mutex& second) {
                           const std::lock_guard outer(first);
                           world.yield();
                           const std::lock_guard inner(second);
                         };
                         world.together([&] { both(one, other); }, [&] { both(other, one); });
                       },
                   .check = [](after_crash&) { return true; }});
  });
  CHECK(said.find("deadlock") != std::string::npos);
  CHECK(said.find("replay: 0.") != std::string::npos);
}

// What a thread still does when its work is done: by the destructor of something thread-local, or of the C library.
struct last_words {
  static inline std::mutex in_use;
  static inline std::atomic<unsigned> count = 0;
  bool are_said = false;
  ~last_words() {
    if (!are_said) return;
    const std::lock_guard lock(in_use);
    for (unsigned i = 0; i < 2'000'000; ++i) count.fetch_add(1, std::memory_order_relaxed);
  }
};
thread_local last_words mine;

TEST_CASE("threads: who waits for a thread to end is not asleep for ever", "[crash]") {
  const auto report = explore({.workload =
                                   [](world& world) {
                                     const auto work = [&] {
                                       mine.are_said = true;
                                       count_up(world.fs());
                                       const std::lock_guard lock(last_words::in_use);
                                     };
                                     world.together(work, work);
                                   },
                               .check = [](after_crash&) { return true; },
                               .preemptions = 0});
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.runs == 2);
}

struct closes_at_end {
  crash_fs* fs = nullptr;
  ~closes_at_end() {
    if (fs != nullptr) put(*fs, "closed", "1");
  }
};
thread_local closes_at_end at_end;

TEST_CASE("threads: what a thread calls at its very end is a call like any other", "[crash]") {
  const auto report = explore({.workload =
                                   [](world& world) {
                                     const auto work = [&] {
                                       count_up(world.fs());
                                       at_end.fs = &world.fs();
                                     };
                                     world.together(work, work);
                                     if (!read_text(world.fs(), "closed")) wrong(world);
                                   },
                               .check = nothing_wrong,
                               .preemptions = 1});
  INFO(report.text());
  CHECK(report.ok());
}

TEST_CASE("threads: waiting for what never comes is a livelock", "[crash]") {
  const auto report = explore({.workload =
                                   [](world& world) {
                                     const auto wait_for = [&](const char* path) {
                                       while (world.fs().stat(path).error().code() == code::not_found)
                                         world.clock().sleep_ns(1000);
                                     };
                                     world.together([&] { wait_for("a"); }, [&] { wait_for("b"); });
                                   },
                               .check = [](after_crash&) { return true; }});
  REQUIRE_FALSE(report.ok());
  INFO(report.text());
  CHECK(report.text().find("livelock") != std::string::npos);
  CHECK(report.text().find("[2] stat b") != std::string::npos);
}

TEST_CASE("threads: who waits by asking again and again is not alone", "[crash]") {
  const auto report = explore({.workload =
                                   [](world& world) {
                                     world.together(
                                         [&] {
                                           for (auto there = world.fs().stat("ready"); !there; there = world.fs().stat("ready")) {
                                             if (there.error().code() != code::not_found) return;
                                           }
                                           if (!read_text(world.fs(), "n")) wrong(world);
                                         },
                                         [&] {
                                           put(world.fs(), "n", "1");
                                           put(world.fs(), "ready", "");
                                         });
                                   },
                               .check = nothing_wrong,
                               .preemptions = 1});
  INFO(report.text());
  CHECK(report.ok());
}

// Two writers of one file, killed at any moment; the next process writes on.
TEST_CASE("threads: of two writers either one's value stands, on every profile", "[crash]") {
  const auto save = [](world& world, const char* text) { world.step(text, [&] { return atomic_write(world.fs(), "f", text); }); };
  const exploration all{.workload = [=](world& world) { world.together([&] { save(world, "a"); }, [&] { save(world, "b"); }); },
                        .restart = [=](world& world) { save(world, "c"); },
                        .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "f"), "absent"); },
                        .preemptions = 1};
  const auto states = prove("two writers", all);
  CHECK(states > 500);
}

TEST_CASE("threads: what was acknowledged before another step began is not the latest any more", "[crash]") {
  // The second one writes what it prepared too early: over the first one's value, which had been acknowledged since.
  const auto report = explore(
      {.workload =
           [](world& world) {
             const auto save = [&](const char* text) { world.step(text, [&] { return atomic_write(world.fs(), "f", text); }); };
             save("early");
             world.together(
                 [&] {
                   const auto before = read_text(world.fs(), "f");
                   (void)atomic_write(world.fs(), "f", *before);
                 },
                 [&] { save("late!"); });
           },
       .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "f"), "absent"); }});
  REQUIRE_FALSE(report.ok());
  CHECK(report.complaint == "found \"early\", which may only be \"late!\"");
}

TEST_CASE("threads: create_new has one winner, also when a call of the other one fails", "[crash]") {
  const auto report = explore({.workload =
                                   [](world& world) {
                                     int winners = 0;
                                     int unknown = 0;
                                     const auto create = [&] {
                                       const auto made = create_new(world.fs(), "f", "mine");
                                       winners += made ? 1 : 0;
                                       unknown += !made && made.error().outcome() == outcome::unknown ? 1 : 0;
                                     };
                                     world.together(create, create);
                                     if (winners > 1 || (winners == 0 && unknown == 0)) {
                                       const auto there = world.fs().stat("f");
                                       if (winners > 1 || there) wrong(world);
                                     }
                                   },
                               .check = nothing_wrong,
                               .faults = 1,
                               .preemptions = 1});
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
}

template <class Lock>
report critical_section(Lock&& with_lock) {
  return explore({.workload =
                      [=](world& world) {
                        int inside = 0;
                        const auto one = [&] {
                          with_lock(world.fs(), [&] {
                            if (++inside > 1) wrong(world);
                            world.yield();
                            --inside;
                          });
                        };
                        world.together(one, one);
                      },
                  .check = nothing_wrong});
}

TEST_CASE("threads: file_lock is held by one at a time", "[crash]") {
  const auto ours = critical_section([](crash_fs& fs, const auto& work) {
    const auto held = file_lock<crash_fs>::try_take(fs, "lock");
    if (held) work();
  });
  INFO(ours.text());
  CHECK(ours.ok());
}
TEST_CASE("threads: a lock file that is looked for before it is made is held by two", "[crash]") {
  const auto naive = critical_section([](crash_fs& fs, const auto& work) {
    if (fs.stat("lock")) return;
    put(fs, "lock", "");
    work();
    (void)fs.remove("lock");
  });
  CHECK_FALSE(naive.ok());
}

}  // namespace

}  // namespace proofs_of_threads
