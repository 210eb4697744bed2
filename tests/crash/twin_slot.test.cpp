// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/manifest/file_blocks.hpp>
#include <perdure/manifest/twin_slot.hpp>

#include <tests/crash/proof.hpp>

#include <cstdio>
#include <initializer_list>
#include <string>

namespace proofs_of_twin_slot {

namespace {

using namespace tests;

using blocks = file_blocks<crash_fs>;
using slot = twin_slot<blocks>;

constexpr file_blocks_options small{.region_size_bytes = 4096};

// Of two sectors and more, so that it can be torn.
std::string long_value(const char* name) { return name + std::string(700, *name); }

result<std::string> found_by(result<slot_value<slot::token>> now) {
  if (!now) return now.error();
  if (!now->exists()) return failure(code::not_found, operation::read);
  return std::string(reinterpret_cast<const char*>(now->value.data()), now->value.size());
}
result<std::string> loaded(crash_fs& fs) {
  blocks file(fs, "value", small);
  slot one(file);
  std::string room;
  return found_by(one.load(growing_room(room, 1 << 20)));
}
result<std::string> observed(crash_fs& fs) {
  blocks file(fs, "value", small);
  slot one(file);
  std::string room;
  return found_by(one.observe(growing_room(room, 1 << 20)));
}

// A program that keeps its value in a slot, and loads it again when a save went wrong.
class keeper {
 public:
  explicit keeper(world& world) : world_(&world), file_(world.fs(), "value", small), slot_(file_) {}

  bool load() {
    const auto now = slot_.load(growing_room(room_, 1 << 20));
    if (now) token_ = now->token;
    // What it may answer with from here on survives whatever comes.
    if (now && now->exists()) world_->step(*found_by(now), [] {});
    return static_cast<bool>(now);
  }
  bool save(const std::string& value) {
    const auto outcome = world_->step(value, [&]() -> result<void> {
      const auto next = slot_.replace(token_, value);
      if (!next) return next.error();
      token_ = *next;
      return {};
    });
    return outcome == step_outcome::acknowledged;
  }
  // As a program would: once more, when it is known what became of the first try.
  void insist(const std::string& value) {
    for (int tries = 0; tries < 3; ++tries) {
      if (save(value)) return;
      if (!load()) return;
    }
  }

 private:
  world* world_;
  std::string room_;
  blocks file_;
  slot slot_;
  slot::token token_;
};

void run_keeper(world& world, std::initializer_list<const char*> names) {
  keeper one(world);
  if (!one.load()) return;
  for (const char* name : names) one.insist(long_value(name));
}
void go_on(world& world) {
  keeper one(world);
  if (one.load()) one.insist(long_value("c"));
}
verdict latest(after_crash& after, const std::string& initial) {
  // Whoever only looks sees it first, and nothing else than who loads it then.
  const auto seen = observed(after.fs());
  const auto is = loaded(after.fs());
  const verdict same = seen ? verdict(is && *is == *seen) : verdict(!is && is.error().code() == seen.error().code());
  return both(after.latest_is(is, initial), same);
}
void recover(after_crash& after) { (void)loaded(after.fs()); }

exploration two_saves() {
  return {.workload = [](world& world) { run_keeper(world, {"a", "b"}); },
          .check = [](after_crash& after) { return latest(after, "absent"); }};
}
exploration on_what_was_there() {
  exploration all = two_saves();
  all.setup = [](world& world) { run_keeper(world, {"x", "y"}); };
  all.check = [](after_crash& after) { return latest(after, long_value("y")); };
  return all;
}

// alice_harsh, too, where the file is there already: on such a disk no rename makes one safely.
std::uint64_t prove_all(const std::string& what, exploration all) {
  const std::uint64_t states = prove(what, all);
  std::printf("twin_slot, %s: %llu states\n", what.c_str(), static_cast<unsigned long long>(states));
  if (!all.setup) return states;
  all.profile = profile::alice_harsh;
  const auto report = explore(all);
  INFO(what << "\n" << report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
  CHECK(report.states >= states);
  return states;
}

}  // namespace

TEST_CASE("twin_slot: after any cut the last value, or the one in flight", "[crash]") {
  CHECK(prove_all("two saves", two_saves()) > 20);
  CHECK(prove_all("two saves on what was there", on_what_was_there()) > 10);
}

TEST_CASE("twin_slot: a load that is cut may be cut again", "[crash]") {
  for (exploration all : {two_saves(), on_what_was_there()}) {
    all.recover = recover;
    all.budget.nested_cuts = 1;
    CHECK(prove_all("cut while loading", all) > 20);
  }
  exploration twice = on_what_was_there();
  twice.recover = recover;
  twice.budget.nested_cuts = 2;
  CHECK(prove_all("cut twice while loading", twice) > 100);
}

TEST_CASE("twin_slot: killed anywhere and gone on with, what was shown or acknowledged survives", "[crash]") {
  for (exploration all : {two_saves(), on_what_was_there()}) {
    all.restart = go_on;
    CHECK(prove_all("killed", all) > 50);
  }
}

TEST_CASE("twin_slot: one call goes wrong, and then the power goes", "[crash]") {
  for (exploration all : {two_saves(), on_what_was_there()}) {
    all.faults = 1;
    CHECK(prove_all("one fault", all) > 50);
  }
}

TEST_CASE("twin_slot: one call goes wrong, the process is killed, another one goes on, and then the power goes", "[crash]") {
  exploration all = on_what_was_there();
  all.workload = [](world& world) { run_keeper(world, {"a"}); };
  all.restart = [](world& world) {
    keeper one(world);
    (void)one.load();
  };
  all.faults = 1;
  CHECK(prove_all("one fault and a kill", all) > 50);
}

TEST_CASE("twin_slot: two calls go wrong", "[crash]") {
  exploration all = on_what_was_there();
  all.workload = [](world& world) { run_keeper(world, {"a"}); };
  all.faults = 2;
  CHECK(prove_all("two faults", all) > 100);
}

TEST_CASE("twin_slot: it grows in place, and a cut while it grows loses nothing", "[crash]") {
  for (const bool on_something : {false, true}) {
    exploration all = on_something ? on_what_was_there() : two_saves();
    all.workload = [](world& world) {
      keeper one(world);
      if (!one.load()) return;
      one.insist(std::string(5000, 'g'));
      one.insist("h");
    };
    CHECK(prove_all("growing", all) > 50);
    if (!on_something) continue;
    all.recover = recover;
    CHECK(prove_all("growing, and cut while loading", all) > 50);
    all.recover = nullptr;
    all.restart = go_on;
    CHECK(prove_all("growing and killed", all) > 50);
    all.restart = nullptr;
    all.faults = 1;
    CHECK(prove_all("growing, and one fault", all) > 50);
  }
}

TEST_CASE("twin_slot: a full disk while it grows leaves the value and the slot as they were", "[crash]") {
  exploration all = on_what_was_there();
  all.workload = [](world& world) {
    keeper one(world);
    if (!one.load()) return;
    world.fs().plan().add("capacity 10000");
    if (one.save(std::string(5000, 'g'))) world.note("there was room");
    one.save(long_value("a"));
  };
  all.check = [](after_crash& after) -> verdict {
    if (after.outcome_of(std::string(5000, 'g')) == step_outcome::acknowledged) return "there was no room";
    return latest(after, long_value("y"));
  };
  CHECK(prove_all("no room to grow", all) > 5);
}

TEST_CASE("twin_slot: what a load has told of a doubt stays so", "[crash]") {
  exploration all = on_what_was_there();
  all.workload = [](world& world) {
    blocks file(world.fs(), "value", small);
    slot one(file);
    std::string room;
    const auto now = one.load(growing_room(room, 1 << 20));
    if (!now) return;
    const auto next = one.replace(now->token, "z");
    if (next) return;
    if (next.error().outcome() == outcome::unchanged) {
      world.step("had no effect", [] {});
      return;
    }
    const auto refused = one.replace(now->token, "w");
    if (refused || refused.error().code() != code::conflict) world.step("a doubt was passed over", [] {});
    const auto then = one.load(growing_room(room, 1 << 20));
    if (!then) return;
    world.step(then->earlier == earlier::took_effect ? "took effect" : "had no effect", [] {});
  };
  all.check = [](after_crash& after) -> verdict {
    if (after.acknowledged("a doubt was passed over")) return "a doubt was passed over";
    const auto is = loaded(after.fs());
    if (!is) return is;
    if (*is != "z" && *is != long_value("y")) return "it is neither";
    if (after.acknowledged("took effect") && *is != "z") return "it had taken effect";
    if (after.acknowledged("had no effect") && *is == "z") return "it had had no effect";
    return true;
  };
  all.faults = 2;
  CHECK(prove_all("a doubt", all) > 10);
}

TEST_CASE("twin_slot: each sync is needed, and none is missing", "[crash]") {
  // A commit is one.
  exploration all = two_saves();
  const auto plain = audit_syncs(all);
  INFO(plain.text());
  CHECK(plain.ok());
  CHECK(plain.syncs.size() == 4);  // the file, its name, and one for each value

  exploration grows = two_saves();
  grows.workload = [](world& world) {
    keeper one(world);
    if (one.load()) one.insist(std::string(5000, 'g'));
  };
  const auto growing = audit_syncs(grows);
  INFO(growing.text());
  CHECK(growing.ok());

  // What was found is written again, with a sync; and where that was cut before, what is there is synced first.
  exploration killed = two_saves();
  killed.workload = [](world& world) { run_keeper(world, {"a"}); };
  killed.restart = go_on;
  killed.faults = 1;
  const auto settling = audit_syncs(killed);
  INFO(settling.text());
  CHECK(settling.ok());
}

}  // namespace proofs_of_twin_slot
