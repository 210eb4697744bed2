// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// examples/rollup_store, cut, killed and failing at every call of its six actors.

#include <examples/rollup_store/judge.hpp>

#include <perdure/testing/lab_sync.hpp>

#include <tests/crash/proof.hpp>

namespace {

using namespace tests;

using lab_store = rollup_store::store<crash_fs, lab_sync>;

void ingest(world& world, lab_store& store, std::uint64_t stamp) {
  world.step(std::to_string(stamp), [&] { return store.ingest(rollup_store::event_of(stamp)); });
}
// Whatever became of one actor, the next goes on; and so does who starts where another was killed.
void act(world& world, std::uint64_t first) {
  lab_store store(world.fs(), "d");
  if (!store.open()) return;
  ingest(world, store, first);
  (void)store.flush();
  ingest(world, store, first + 5);  // of the same period
  (void)store.tick();
  (void)store.flush();
  (void)store.compact();
  (void)store.sweep();
  (void)store.rebuild(static_cast<std::int64_t>(first % 5));
  (void)store.tick();
  (void)store.close(static_cast<std::int64_t>(first % 5));
  ingest(world, store, first + 10);  // refused, where it is closed
  (void)store.sweep();
}
verdict judged(after_crash& after) {
  lab_store store(after.fs(), "d");
  const auto opened = store.open();
  if (!opened) return verdict(opened);
  std::set<std::uint64_t> acknowledged;
  for (const std::uint64_t stamp : {1U, 6U, 11U, 2U, 7U, 12U}) {
    const std::string name = std::to_string(stamp);
    if (after.acknowledged(name)) acknowledged.insert(stamp);
  }
  const std::string wrong = wrong_with(store, acknowledged);
  return !wrong.empty() ? wrong : wrong_with_files(store, after.fs(), "d");
}

exploration six_actors(std::uint32_t faults) {
  return {.workload = [](world& world) { act(world, 1); }, .check = judged, .faults = faults};
}
void held(const exploration& all) {
  const auto report = explore(all);
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
}

}  // namespace

TEST_CASE("rollup_store: after any cut every acknowledged event is there once, and the sums are theirs", "[crash]") {
  CHECK(prove("six actors", six_actors(0)) > 50);
}

TEST_CASE("rollup_store: nor does a call that fails lose or double one", "[crash]") { held(six_actors(1)); }

TEST_CASE("rollup_store: a process that was killed is followed by one that goes on", "[crash]") {
  auto all = six_actors(0);
  all.restart = [](world& world) { act(world, 2); };
  held(all);
}

TEST_CASE("rollup_store: an event that races with the closing of its period is in it and counted, or refused", "[crash]") {
  held({.workload =
            [](world& world) {
              lab_store store(world.fs(), "d");
              if (!store.open()) return;
              world.together([&] { ingest(world, store, 1); }, [&] { (void)store.close(1); });
              const std::string wrong = wrong_with(store, {});
              if (!wrong.empty()) world.step(wrong, [] {});
            },
        .check = [](after_crash& after) -> verdict {
          if (after.acknowledged("an event slipped into a closed period")) return "it slipped in";
          return judged(after);
        },
        .preemptions = 2});
}
