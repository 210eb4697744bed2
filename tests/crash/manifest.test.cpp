// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/testing/lab_sync.hpp>

#include <tests/crash/any_slot.hpp>
#include <tests/crash/proof.hpp>

#include <algorithm>
#include <cstdio>

namespace proofs_of_manifest {

namespace {

using namespace tests;

// Who yields takes the mutex again, and there others may go on.
struct yielding_sync : lab_sync {
  static void yield() noexcept {}
};
using text_manifest = manifest<std::string, any_slot, bytes_codec<std::string>, yielding_sync>;

struct opened {
  opened(world& world, slot_kind kind, writers who, const manifest_options<std::string>& options = {})
      : all(any_slot(kind, world.fs(), world.clock(), who), options), is_open(all.open()) {}
  text_manifest all;
  bool is_open;
};

// On nothing, but for what the slot needs; or on a value that is there.
auto setup_of(slot_kind kind, const char* value = nullptr) {
  return [=](world& world) {
    if (kind == slot_kind::versioned) (void)world.fs().make_dir("value");
    if (value == nullptr) return;
    opened one(world, kind, writers::only_this);
    (void)commit_manifest(one.all, [&](std::string& next) { next = value; });
  };
}

// On posix_minimum alone, for what takes long.
void proved(slot_kind kind, const char* what, const exploration& all) {
  const auto report = explore(all);
  std::printf("commit_manifest, %s, %s: %llu runs, %llu states\n", name_of(kind), what,
              static_cast<unsigned long long>(report.runs), static_cast<unsigned long long>(report.states));
  INFO(name_of(kind) << ", " << what << "\n" << report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
}
// All that is provable; and alice_harsh, where its value is written in place: there no rename is safe.
void proved_on_each(slot_kind kind, const char* what, exploration all) {
  const std::uint64_t states = prove(what, all);
  CHECK(states > 10);
  if (kind != slot_kind::twin) return;
  all.profile = profile::alice_harsh;
  proved(kind, what, all);
}

bool has(const std::string& text, char letter) { return text.find(letter) != std::string::npos; }

// Adds a letter, which is the name of the step, and says what became of it.
void commit(world& world, text_manifest& all, char letter) {
  world.step(std::string(1, letter), [&]() -> result<void> {
    PERDURE_TRY(commit_manifest(all, [&](std::string& next) { next += letter; }));
    return {};
  });
}
// Each letter that was acknowledged is there, each that was refused is not, and none is there twice.
verdict letters(slot_kind kind, after_crash& after, const std::string& all) {
  const auto text = loaded(kind, after.fs(), after.clock());
  if (!text) return verdict(text);
  const std::string& there = *text;
  for (const char letter : all) {
    const auto outcome = after.outcome_of(std::string(1, letter));
    const auto count = static_cast<int>(std::count(there.begin(), there.end(), letter));
    if (count > 1) return std::string(1, letter) + " is there twice: " + there;
    if (outcome == step_outcome::acknowledged && count == 0) return std::string(1, letter) + " is lost: " + there;
    if (outcome == step_outcome::unchanged && count == 1) return std::string(1, letter) + " was refused, and is there: " + there;
    if (outcome == step_outcome::not_begun && count == 1) return "there is an " + std::string(1, letter) + " that nobody put";
  }
  return after.acknowledged("wrong") ? "the workload saw that memory is not what the disk is" : "";
}
// Memory is what the disk is, unless a commit is in doubt.
void compare(world& world, slot_kind kind, text_manifest& all) {
  const auto text = observed(kind, world.fs(), world.clock());
  if (text && *all.read() != *text) world.step("wrong", [] {});
}

exploration one_thread(slot_kind kind, std::uint32_t faults) {
  return {.setup = setup_of(kind, kind == slot_kind::twin ? "-" : nullptr),
          .workload =
              [=](world& world) {
                opened one(world, kind, writers::only_this);
                if (!one.is_open) return;
                bool in_doubt = false;
                for (const char letter : {'a', 'b', 'c'}) {
                  world.step(std::string(1, letter), [&]() -> result<void> {
                    const auto done = commit_manifest(one.all, [&](std::string& next) { next += letter; });
                    in_doubt = !done && (done.error().outcome() == outcome::unknown || in_doubt);
                    if (!done) return done.error();
                    return {};
                  });
                  if (!in_doubt) compare(world, kind, one.all);
                }
              },
          .check = [=](after_crash& after) { return letters(kind, after, "abc"); },
          .faults = faults};
}

TEST_CASE("commit_manifest: the disk has what was acknowledged, and memory is never ahead", "[crash]") {
  for (const slot_kind kind : slot_kinds) {
    proved_on_each(kind, "three commits", one_thread(kind, 0));
    proved_on_each(kind, "three commits, and one call fails", one_thread(kind, 1));
  }
  proved(slot_kind::file, "three commits, and two calls fail", one_thread(slot_kind::file, 2));
  proved(slot_kind::twin, "three commits, and two calls fail", one_thread(slot_kind::twin, 2));
}

TEST_CASE("commit_manifest: a process that was killed is followed by one that goes on", "[crash]") {
  for (const slot_kind kind : slot_kinds) {
    auto all = one_thread(kind, 0);
    all.restart = [=](world& world) {
      opened next(world, kind, writers::only_this);
      if (!next.is_open) return;
      // What it found it may tell others.
      for (const char letter : *next.all.read()) world.step(std::string(1, letter), [] {});
      commit(world, next.all, 'd');
    };
    all.check = [=](after_crash& after) { return letters(kind, after, "abcd"); };
    proved_on_each(kind, "killed, and gone on", all);
  }
}

exploration two_threads(slot_kind kind, std::uint32_t faults, std::uint32_t preemptions) {
  return {.setup = setup_of(kind),
          .workload =
              [=](world& world) {
                opened one(world, kind, writers::only_this);
                if (!one.is_open) return;
                world.together([&] { commit(world, one.all, 'a'); }, [&] { commit(world, one.all, 'b'); });
              },
          .check = [=](after_crash& after) { return letters(kind, after, "ab"); },
          .faults = faults,
          .preemptions = preemptions};
}

TEST_CASE("commit_manifest: of two threads neither loses its update, whatever fails", "[crash]") {
  for (const slot_kind kind : slot_kinds) {
    proved(kind, "two threads", two_threads(kind, 0, kind == slot_kind::file ? 3 : 2));
    proved(kind, "two threads, and one call fails", two_threads(kind, 1, kind == slot_kind::file ? 2 : 1));
  }
}

TEST_CASE("commit_manifest: three threads share a save, and each gets its own answer", "[crash]") {
  // One of the three is too large by itself, whoever comes first.
  proved(slot_kind::twin, "three threads",
         {.workload =
              [&](world& world) {
                opened one(world, slot_kind::twin, writers::only_this, {.size_bytes_max = 10});
                if (!one.is_open) return;
                text_manifest& all = one.all;
                const auto put = [&](char letter, const std::string& what) {
                  world.step(std::string(1, letter), [&]() -> result<void> {
                    PERDURE_TRY(commit_manifest(all, [&](std::string& next) { next += what; }));
                    return {};
                  });
                };
                world.together([&] { put('a', "a"); }, [&] { put('b', "b.........."); }, [&] { put('c', "c"); });
                const auto now = all.read();
                if (*now != "ac" && *now != "ca") world.step("wrong", [] {});
              },
          .check = [](after_crash& after) { return letters(slot_kind::twin, after, "abc"); },
          .preemptions = 2});
}

TEST_CASE("commit_manifest: a change that fails takes nobody else's along", "[crash]") {
  proved(slot_kind::twin, "three threads, and one change fails",
         {.workload =
              [](world& world) {
                opened one(world, slot_kind::twin, writers::only_this);
                if (!one.is_open) return;
                const auto fail = [&] {
                  const auto failed = commit_manifest(one.all, [](std::string& next) -> result<void> {
                    next = "spoiled";
                    return failure(code::cancelled, operation::commit);
                  });
                  if (failed || failed.error().code() != code::cancelled) world.step("wrong", [] {});
                };
                world.together([&] { commit(world, one.all, 'a'); }, fail, [&] { commit(world, one.all, 'c'); });
                const auto now = one.all.read();
                if (*now != "ac" && *now != "ca") world.step("wrong", [] {});
              },
          .check = [](after_crash& after) { return letters(slot_kind::twin, after, "ac"); },
          .preemptions = 2});
}

TEST_CASE("commit_manifest_if: a decline rests on nothing that is lost", "[crash]") {
  // The second one declines because it saw the first one's letter: then that letter is there to stay.
  for (const slot_kind kind : {slot_kind::file, slot_kind::twin}) {
    const auto workload = [=](world& world) {
      opened one(world, kind, writers::only_this);
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
    };
    const auto check = [=](after_crash& after) -> verdict {
      const auto text = loaded(kind, after.fs(), after.clock());
      if (after.acknowledged("seen") && (!text || !has(*text, 'a'))) return "it was seen, and is lost";
      return letters(kind, after, "ab");
    };
    proved(kind, "declined", {.workload = workload, .check = check, .faults = 1, .preemptions = 2});
  }
}

// Each with a memory of its own, on one file.
exploration two_processes(slot_kind kind, std::uint32_t faults, std::uint32_t preemptions) {
  return {.setup = setup_of(kind),
          .workload =
              [=](world& world) {
                const auto process = [&](char letter) {
                  opened mine(world, kind, writers::any);
                  if (mine.is_open) commit(world, mine.all, letter);
                };
                world.together([&] { process('a'); }, [&] { process('b'); });
              },
          .check = [=](after_crash& after) { return letters(kind, after, "ab"); },
          .faults = faults,
          .preemptions = preemptions};
}

TEST_CASE("commit_manifest: two processes on one file lose no update, whatever fails", "[crash]") {
  for (const slot_kind kind : slot_kinds) proved(kind, "two processes", two_processes(kind, 0, 1));
  proved(slot_kind::file, "two processes", two_processes(slot_kind::file, 0, 2));
  proved(slot_kind::file, "two processes, and one call fails", two_processes(slot_kind::file, 1, 1));
}

TEST_CASE("commit_manifest: what it made superfluous is removed once that is certain, and not before", "[crash]") {
  // The value is the name of a file. Whichever value a crash leaves, its file is there.
  for (const slot_kind kind : slot_kinds) {
    const auto setup = [=](world& world) {
      put(world.fs(), "one", "1");
      setup_of(kind, "one")(world);
    };
    const auto workload = [=](world& world) {
      opened now(world, kind, writers::only_this);
      if (!now.is_open) return;
      for (const char* name : {"two", "three"}) {
        if (!atomic_write(world.fs(), name, "more", {.at_least = durability::full})) return;
        (void)commit_manifest(now.all, [&](std::string& next, after_commit& then) {
          then.run([&fs = world.fs(), old = next] { (void)fs.remove(old); });
          next = name;
        });
      }
    };
    const auto check = [=](after_crash& after) -> verdict {
      const auto name = loaded(kind, after.fs(), after.clock());
      if (!name) return verdict(name);
      return verdict(read_text(after.fs(), *name));
    };
    proved(kind, "removed afterwards", {.setup = setup, .workload = workload, .check = check, .faults = 1});
  }
}

}  // namespace

}  // namespace proofs_of_manifest
