// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/manifest/file_blocks.hpp>
#include <perdure/manifest/twin_slot.hpp>

#include <tests/crash/proof.hpp>

#include <cstdio>
#include <string>

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

void keep(world& world, const char* const (&names)[2]) {
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
  return {.workload = [](world& world) { keep(world, {"a", "b"}); },
          .check = [](after_crash& after) { return latest(after, "absent"); }};
}
exploration on_what_was_there() {
  exploration all = two_saves();
  all.setup = [](world& world) { keep(world, {"x", "y"}); };
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
