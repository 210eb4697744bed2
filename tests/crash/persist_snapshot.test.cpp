// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// persist_snapshot, cut, killed and failing at every call: on one disk, over a store that loses answers, and by two processes.

#include <perdure/engine/load_snapshot.hpp>
#include <perdure/engine/persist_snapshot.hpp>
#include <perdure/engine/prune_snapshots.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/store/fs_store.hpp>

#include <tests/crash/proof.hpp>
#include <tests/support/engines.hpp>

namespace proofs_of_persist_snapshot {

using namespace tests;

namespace {

using lab_store = fs_store<crash_fs, manual_clock>;
using lab_slot = file_slot<crash_fs, manual_clock>;

content_options small() {
  content_options options;
  options.chunks = {.min_bytes = 64, .average_bytes = 128, .max_bytes = 256};
  options.window_bytes = 1024;
  return options;
}

// Where a directory is full with one object, each has its own to be named in.
lab_store store_on(crash_fs& fs, manual_clock& clock, std::size_t per_directory) {
  return lab_store(fs, "s", clock, {.objects_per_directory = per_directory});
}

// Everything on one disk.
struct place {
  crash_fs& fs;
  lab_store store;
  content_store<lab_store> objects{store, small()};
  lab_slot head;
  base_file<crash_fs> base;
  place(crash_fs& on, manual_clock& clock, std::size_t per_directory = 1)
      : fs(on), store(store_on(on, clock, per_directory)), head(on, "d/head.json", clock), base(on, "b/base.bin", "body") {}

  result<persisted_snapshot> persist(const std::string& text, std::uint64_t generation) {
    return persist_snapshot(notes(text, generation), objects, head, base, {.keep = 2});
  }
  result<std::string> text() {
    auto loaded = load_snapshot<notes>(objects, head, base, {.head = head_access::observed});
    if (!loaded) return loaded.error();
    if (!loaded->exists()) return failure(code::not_found, operation::load);
    return loaded->engine().text();
  }
};

// Objects and head across a network.
struct remote {
  crash_store store;
  content_store<crash_store> objects{store, small()};
  object_slot<crash_store> head{store, "head.json"};
  explicit remote(const crash_store& on) : store(on) {}

  result<persisted_snapshot> persist(const std::string& text, std::uint64_t generation) {
    return persist_snapshot(notes(text, generation), objects, head);
  }
  result<std::string> text() {
    auto loaded = load_snapshot<notes>(objects, head, no_base_file(), {.head = head_access::observed});
    if (!loaded) return loaded.error();
    if (!loaded->exists()) return failure(code::not_found, operation::load);
    return loaded->engine().text();
  }
};

void set_up(world& world) {
  (void)world.fs().make_dir("d");
  (void)world.fs().make_dir("b");
  lab_store store = store_on(world.fs(), world.clock(), 1);
  (void)store.create_root();
}

std::size_t count_of(lab_store& store, key_view prefix) {
  std::size_t count = 0;
  (void)store.list(prefix, {}, 1000, [&](const listed_object&) { return ++count, visit::go_on; });
  return count;
}

// Who puts an object holds a pin that outlives the power, and who is done holds none.
verdict pins(after_crash& after, place& on) {
  const auto now = perdure::detail::observe_head(on.head);
  if (!now) return verdict(now);
  const std::size_t pins = count_of(on.store, "pins/");
  if (count_of(on.store, "objects/") > 2 * now->head.count && pins == 0) return "there are objects that nobody holds";
  const bool all_done =
      after.acknowledged("two") || (after.acknowledged("one") && after.outcome_of("two") == step_outcome::not_begun);
  return all_done && pins != 0 ? "a pin is left" : "";
}
// The newest one that was acknowledged, or a later one; and the base file is whole, and not behind it.
verdict newest(after_crash& after, const std::vector<std::string>& order) {
  place on(after.fs(), after.clock());
  const auto base = read_text(after.fs(), "b/base.bin");
  const auto text = on.text();
  const auto rank = [&](const std::string& one) { return std::find(order.begin(), order.end(), one) - order.begin(); };
  if (base && rank(*base) == std::ssize(order)) return "the base file is half a section";
  const verdict latest = after.latest_is(text, "absent");
  if (!latest || !text) return latest;
  if (!base || rank(*base) < rank(*text)) return "the base file is behind the head";
  if (const auto now = read_text(after.fs(), "b/base.bin"); !now || *now != *text) return "load did not put the base file right";
  return true;
}

exploration on_a_disk(std::uint32_t faults = 0, std::size_t per_directory = 1) {
  return {.setup = set_up,
          .workload =
              [per_directory](world& world) {
                place on(world.fs(), world.clock(), per_directory);
                world.step("one", [&] { return on.persist("one", 1); });
                world.step("two", [&] { return on.persist("two", 2); });
              },
          .check =
              [](after_crash& after) {
                place on(after.fs(), after.clock());
                const verdict held = pins(after, on);
                return both(held, newest(after, {"one", "two"}));
              },
          .faults = faults};
}

}  // namespace

TEST_CASE("persist_snapshot: the last one that was acknowledged is loaded, or a later one, on every disk", "[crash]") {
  CHECK(prove("two of them", on_a_disk()) > 1000);
}

TEST_CASE("persist_snapshot: no sync of the base file or of the head is to spare", "[crash]") {
  const auto audit = audit_syncs(on_a_disk());
  INFO(audit.text());
  CHECK(audit.report.ok());
  // A Store and a Slot promise each of their calls to everybody, and are judged by their own proofs: a pin's bytes are nothing to
  // a snapshot, nor is it that the slot makes durable that it is empty.
  int needed = 0;
  for (const audited_sync& one : audit.syncs) {
    const bool of_base = one.text.find(" b/") != std::string::npos || one.text == "sync_dir b";
    const bool of_head = one.text.find(" d/") != std::string::npos;
    if (of_base || of_head) CHECK(one.needed);
    needed += one.needed ? 1 : 0;
  }
  CHECK(needed > 15);
}

TEST_CASE("persist_snapshot: whichever call fails, and in whatever way, what was said is what is loaded", "[crash]") {
  exploration all = on_a_disk(1, 512);
  all.check = [](after_crash& after) { return newest(after, {"one", "two"}); };
  const auto report = explore(all);
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
}

TEST_CASE("persist_snapshot: a process that was killed is followed by one that goes on", "[crash]") {
  exploration all = on_a_disk(0, 512);
  all.restart = [](world& world) {
    place on(world.fs(), world.clock(), 512);
    const auto found = on.text();
    if (found || found.error().code() == code::not_found) world.step("three", [&] { return on.persist("three", 3); });
  };
  all.check = [](after_crash& after) { return newest(after, {"one", "two", "three"}); };
  const auto report = explore(all);
  INFO(report.text());
  CHECK(report.ok());
}

TEST_CASE("persist_snapshot: over a store that loses answers, and lets them come late, what was said is what is loaded",
          "[crash]") {
  for (const std::uint32_t faults : {0U, 1U}) {
    exploration all;
    all.workload = [](world& world) {
      remote on(world.store());
      world.step("one", [&] { return on.persist("one", 1); });
      world.step("two", [&] { return on.persist("two", 2); });
    };
    all.restart = [](world& world) {
      remote on(world.store());
      world.step("three", [&] { return on.persist("three", 3); });
    };
    all.check = [](after_crash& after) { return after.latest_is(remote(after.store()).text(), "absent"); };
    all.faults = faults;
    if (faults == 1) all.restart = {};
    const auto report = explore(all);
    INFO(report.text());
    CHECK(report.ok());
    CHECK(report.exhaustive);
  }
}

verdict one_of_two(after_crash& after, const result<std::string>& text) {
  if (!text && text.error().code() != code::not_found) return verdict(text);
  const std::string found = text ? *text : "nothing";
  if (after.acknowledged("two") && found != "two") return "two was acknowledged, and " + found + " is there";
  if (after.acknowledged("one") && found == "nothing") return "one was acknowledged, and nothing is there";
  if (after.outcome_of(found) == step_outcome::unchanged) return found + " was refused, and is there";
  return found == "nothing" || found == "one" || found == "two";
}

TEST_CASE("persist_snapshot: of two machines at once one has the head, whatever is lost or late, and what it names is whole",
          "[crash]") {
  for (const std::uint32_t faults : {0U, 1U}) {
    exploration all;
    all.workload = [](world& world) {
      const auto machine = [&](const std::string& text, std::uint64_t generation) {
        remote on(world.store());
        world.step(text, [&] { return on.persist(text, generation); });
      };
      world.together([&] { machine("one", 1); }, [&] { machine("two", 2); });
    };
    all.check = [](after_crash& after) { return one_of_two(after, remote(after.store()).text()); };
    all.faults = faults;
    all.preemptions = faults == 0 ? 2 : 1;
    const auto report = explore(all);
    INFO(report.text());
    CHECK(report.ok());
    CHECK(report.exhaustive);
  }
}

TEST_CASE("persist_snapshot: of two processes at once one has the head, and what it names is whole", "[crash]") {
  exploration all;
  all.setup = set_up;
  all.workload = [](world& world) {
    world.processes(
        [&](process& one) { one.step("one", [&] { return place(one.fs(), world.clock(), 512).persist("one", 1); }); },
        [&](process& one) { one.step("two", [&] { return place(one.fs(), world.clock(), 512).persist("two", 2); }); });
  };
  all.check = [](after_crash& after) {
    place on(after.fs(), after.clock());
    return one_of_two(after, on.text());
  };
  all.preemptions = 1;
  all.kills = 0;
  const auto report = explore(all);
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
}

TEST_CASE("prune_snapshots: beside one who persists, and whichever call fails, what the head names is whole", "[crash]") {
  for (const std::uint32_t faults : {0U, 1U}) {
    exploration all;
    all.setup = [](world& world) {
      remote on(world.store());
      (void)persist_snapshot(notes("zero", 0), on.objects, on.head, no_base_file(), {.keep = 2});
      (void)persist_snapshot(notes("half", 1), on.objects, on.head, no_base_file(), {.keep = 2});
    };
    all.workload = [faults](world& world) {
      const auto persist = [&] {
        remote on(world.store());
        world.step("two", [&] { return on.persist("two", 2); });
      };
      const auto prune = [&] {
        remote on(world.store());
        const auto wait = [&](key_view) { return world.yield(), proceed::go_on; };
        (void)prune_snapshots(on.objects, on.head, {.keep = 1, .collection = {.wait = wait}});
      };
      if (faults == 0) return world.together(persist, prune);
      persist();
      const auto never = [](key_view) { return proceed::cancel; };
      remote on(world.store());
      (void)prune_snapshots(on.objects, on.head, {.keep = 1, .collection = {.wait = never}});
    };
    all.check = [](after_crash& after) { return after.latest_is(remote(after.store()).text(), "half"); };
    all.faults = faults;
    const auto report = explore(all);
    INFO(report.text());
    CHECK(report.ok());
    CHECK(report.exhaustive);
  }
}

TEST_CASE("persist_snapshot: who was told of a failure persists the same again, and is then told the truth", "[crash]") {
  exploration all = on_a_disk(1);
  all.workload = [](world& world) {
    place on(world.fs(), world.clock(), 512);
    for (int tries = 0; tries < 2; ++tries) world.step("one", [&] { return on.persist("one", 1); });
  };
  all.check = [](after_crash& after) { return newest(after, {"one"}); };
  const auto report = explore(all);
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
}

}  // namespace proofs_of_persist_snapshot
