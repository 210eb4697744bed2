// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/testing/lab_sync.hpp>

#include <tests/crash/proof.hpp>

#include <algorithm>

namespace proofs_of_manifest {

namespace {

using namespace tests;

using slot = file_slot<crash_fs, manual_clock>;
using text_manifest = manifest<std::string, slot, bytes_codec<std::string>, lab_sync>;

struct opened {
  explicit opened(world& world, writers who = writers::any)
      : all(slot(world.fs(), "value", world.clock(), {.writers = who})), is_open(all.open()) {}
  text_manifest all;
  bool is_open;
};

bool has(const std::string& text, char letter) { return text.find(letter) != std::string::npos; }

// Adds a letter, which is the name of the step, and says what became of it.
void commit(world& world, text_manifest& all, char letter) {
  world.step(std::string(1, letter), [&]() -> result<void> {
    PERDURE_TRY(commit_manifest(all, [&](std::string& next) { next += letter; }));
    return {};
  });
}
// Each letter that was acknowledged is there, each that was refused is not, and none is there twice.
verdict letters(after_crash& after, const std::string& all, bool unchanged_is_final = true) {
  const auto text = read_text(after.fs(), "value");
  if (!text && text.error().code() != code::not_found) return verdict(text);
  const std::string there = text ? *text : "";
  for (const char letter : all) {
    const auto outcome = after.outcome_of(std::string(1, letter));
    const auto count = static_cast<int>(std::count(there.begin(), there.end(), letter));
    if (count > 1) return std::string(1, letter) + " is there twice: " + there;
    if (outcome == step_outcome::acknowledged && count == 0) return std::string(1, letter) + " is lost: " + there;
    if (outcome == step_outcome::unchanged && count == 1 && unchanged_is_final)
      return std::string(1, letter) + " was refused, and is there: " + there;
    if (outcome == step_outcome::not_begun && count == 1) return "there is an " + std::string(1, letter) + " that nobody put";
  }
  return after.acknowledged("wrong") ? "the workload saw that memory is not what the disk is" : "";
}
// Memory is what the disk is, unless a commit is in doubt.
void compare(world& world, text_manifest& all) {
  const auto text = read_text(world.fs(), "value");
  if (!text && text.error().code() != code::not_found) return;
  if (*all.read() != (text ? *text : "")) world.step("wrong", [] {});
}

exploration one_thread(std::uint32_t faults) {
  return {.workload =
              [](world& world) {
                opened one(world, writers::only_this);
                if (!one.is_open) return;
                bool in_doubt = false;
                for (const char letter : {'a', 'b', 'c'}) {
                  world.step(std::string(1, letter), [&]() -> result<void> {
                    const auto done = commit_manifest(one.all, [&](std::string& next) { next += letter; });
                    in_doubt = !done && (done.error().outcome() == outcome::unknown || in_doubt);
                    if (!done) return done.error();
                    return {};
                  });
                  if (!in_doubt) compare(world, one.all);
                }
              },
          .check = [](after_crash& after) { return letters(after, "abc"); },
          .faults = faults};
}

TEST_CASE("commit_manifest: the disk has what was acknowledged, and memory is never ahead", "[crash]") {
  CHECK(prove("three commits", one_thread(0)) > 20);
  CHECK(prove("three commits, and one call fails", one_thread(1)) > 100);
  const auto two = explore(one_thread(2));
  INFO(two.text());
  CHECK(two.ok());
  CHECK(two.exhaustive);
}

TEST_CASE("commit_manifest: a process that was killed is followed by one that goes on", "[crash]") {
  auto all = one_thread(0);
  all.restart = [](world& world) {
    opened next(world, writers::only_this);
    if (!next.is_open) return;
    // What it found it may tell others.
    for (const char letter : *next.all.read()) world.step(std::string(1, letter), [] {});
    commit(world, next.all, 'd');
  };
  all.check = [](after_crash& after) { return letters(after, "abcd"); };
  CHECK(prove("killed, and gone on", all) > 100);
}

exploration two_threads(std::uint32_t faults, std::uint32_t preemptions) {
  return {.workload =
              [](world& world) {
                opened one(world, writers::only_this);
                if (!one.is_open) return;
                world.together([&] { commit(world, one.all, 'a'); }, [&] { commit(world, one.all, 'b'); });
              },
          .check = [](after_crash& after) { return letters(after, "ab"); },
          .faults = faults,
          .preemptions = preemptions};
}

TEST_CASE("commit_manifest: of two threads neither loses its update, whatever fails", "[crash]") {
  for (const auto& one : {two_threads(0, 3), two_threads(1, 2)}) {
    const auto report = explore(one);
    INFO(report.text());
    CHECK(report.ok());
    CHECK(report.exhaustive);
  }
}

TEST_CASE("commit_manifest: three threads share a save, and each gets its own answer", "[crash]") {
  // One of the three is too large by itself, whoever comes first.
  const auto report = explore(
      {.workload =
           [&](world& world) {
             text_manifest all(slot(world.fs(), "value", world.clock(), {.writers = writers::only_this}), {.size_bytes_max = 10});
             if (!all.open()) return;
             const auto put = [&](char letter, const std::string& what) {
               world.step(std::string(1, letter), [&]() -> result<void> {
                 PERDURE_TRY(commit_manifest(all, [&](std::string& next) { next += what; }));
                 return {};
               });
             };
             world.together([&] { put('a', "a"); }, [&] { put('b', "b.........."); }, [&] { put('c', "c"); });
             const auto now = all.read();
             if (*now != "ac" && *now != "ca" && world.fs().stat("value")) world.step("wrong", [] {});
           },
       .check = [](after_crash& after) { return letters(after, "abc"); },
       .preemptions = 2});
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
}

TEST_CASE("commit_manifest_if: a decline rests on nothing that is lost", "[crash]") {
  // The second one declines because it saw the first one's letter: then that letter is there to stay.
  const auto report = explore({.workload =
                                   [](world& world) {
                                     opened one(world, writers::only_this);
                                     if (!one.is_open) return;
                                     world.together([&] { commit(world, one.all, 'a'); },
                                                    [&] {
                                                      bool seen = false;
                                                      const auto told = commit_manifest_if(one.all, [&](std::string& next) {
                                                        seen = has(next, 'a');
                                                        return false;
                                                      });
                                                      if (told && seen) world.step("seen", [] {});
                                                    });
                                   },
                               .check = [](after_crash& after) -> verdict {
                                 const auto text = read_text(after.fs(), "value");
                                 if (after.acknowledged("seen") && (!text || !has(*text, 'a'))) return "it was seen, and is lost";
                                 return letters(after, "ab");
                               },
                               .faults = 1,
                               .preemptions = 2});
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
}

// Each with a memory of its own, on one file.
exploration two_processes(std::uint32_t faults, std::uint32_t preemptions) {
  return {.workload =
              [](world& world) {
                const auto process = [&](char letter) {
                  opened mine(world);
                  if (mine.is_open) commit(world, mine.all, letter);
                };
                world.together([&] { process('a'); }, [&] { process('b'); });
              },
          .check = [](after_crash& after) { return letters(after, "ab"); },
          .faults = faults,
          .preemptions = preemptions};
}

TEST_CASE("commit_manifest: two processes on one file lose no update, whatever fails", "[crash]") {
  for (const auto& one : {two_processes(0, 2), two_processes(1, 1)}) {
    const auto report = explore(one);
    INFO(report.text());
    CHECK(report.ok());
    CHECK(report.exhaustive);
  }
}

TEST_CASE("commit_manifest: what it made superfluous is removed once that is certain, and not before", "[crash]") {
  // The value is the name of a file. Whichever value a crash leaves, its file is there.
  const auto report = explore({.setup =
                                   [](world& world) {
                                     put(world.fs(), "one", "1");
                                     put(world.fs(), "value", "one");
                                   },
                               .workload =
                                   [](world& world) {
                                     opened now(world, writers::only_this);
                                     if (!now.is_open) return;
                                     for (const char* name : {"two", "three"}) {
                                       if (!atomic_write(world.fs(), name, "more", {.at_least = durability::full})) return;
                                       (void)commit_manifest(now.all, [&](std::string& next, after_commit& then) {
                                         then.run([&fs = world.fs(), old = next] { (void)fs.remove(old); });
                                         next = name;
                                       });
                                     }
                                   },
                               .check = [](after_crash& after) -> verdict {
                                 const auto name = read_text(after.fs(), "value");
                                 if (!name) return verdict(name);
                                 return verdict(read_text(after.fs(), *name));
                               },
                               .faults = 1});
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
}

}  // namespace

}  // namespace proofs_of_manifest
