// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/crash_store.hpp>

#include <perdure/testing/explore.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>

#include <set>
#include <string>

using namespace perdure;
using namespace perdure::testing;

TEST_CASE("crash_store: by itself it is a store in memory, whose etags come back") {
  crash_store store;
  const auto first = store.put("k", "v", precondition::absent);
  REQUIRE(first);
  const auto swapped = store.put("k", "w", precondition::matches(*first));
  REQUIRE(swapped);
  CHECK_FALSE(*swapped == *first);
  CHECK(*store.put("k", "v", precondition::any) == *first);
  crash_store copy = store;
  CHECK(*read_text(copy, "k") == "v");
  const auto onto_nothing = store.put("none", "x", precondition::matches(*first));
  CHECK((!onto_nothing && onto_nothing.error().code() == code::not_found && onto_nothing.error().system_code() == 404));
}

TEST_CASE("crash_store: a late put by itself arrives after so many calls") {
  crash_store store;
  store.plan().add("put k nth 1 timed_out late 1");
  CHECK_FALSE(store.put("k", "late", precondition::any));
  CHECK_FALSE(store.head("k"));
  CHECK(store.head("k"));
}

TEST_CASE("crash_store: under explore a kill in the middle of a put leaves it kept, lost or late") {
  std::set<std::string> seen;
  exploration what;
  what.workload = [](world& world) { world.step("v", [&] { return world.store().put("k", "v", precondition::any); }); };
  what.restart = [&](world& world) {
    const auto first = read_text(world.store(), "k");
    const auto then = read_text(world.store(), "k");
    seen.insert((first ? *first : "-") + (then ? *then : "-"));
  };
  what.check = [&](after_crash& after) {
    const auto now = read_text(after.store(), "k");
    seen.insert("after " + (now ? *now : "-"));
    return true;
  };
  const auto report = explore(what);
  CHECK((report.ok() && report.exhaustive));
  CHECK(seen == std::set<std::string>{"--", "-v", "vv", "after -", "after v"});
}

TEST_CASE("crash_store: what was acknowledged is there after a power cut, and what was not begun is not") {
  exploration what;
  what.workload = [](world& world) {
    for (const char* const value : {"1", "2"}) {
      world.step(value, [&] { return world.store().put("k", value, precondition::any); });
    }
    world.step("absent", [&] { return world.store().remove("k"); });
  };
  what.check = [](after_crash& after) { return after.latest_is(read_text(after.store(), "k"), "absent"); };
  for (const std::uint32_t faults : {0U, 1U, 2U}) {
    what.faults = faults;
    const auto report = explore(what);
    INFO(report.text());
    // A put without a condition that comes late is the one thing that can go wrong here, and does.
    CHECK(report.ok() == (faults == 0));
  }
}

TEST_CASE("crash_store: the objects of setup are there, and a check may change what it likes") {
  exploration what;
  what.setup = [](world& world) { (void)world.store().put("k", "setup", precondition::any); };
  what.workload = [](world& world) { world.step("1", [&] { return world.store().put("k", "1", precondition::any); }); };
  what.check = [](after_crash& after) {
    const verdict said = after.latest_is(read_text(after.store(), "k"), "setup");
    (void)after.store().put("k", "by the check", precondition::any);
    return said;
  };
  const auto report = explore(what);
  INFO(report.text());
  CHECK((report.ok() && report.states == 2));
}

TEST_CASE("crash_store: a recovery is cut between its puts, too") {
  exploration what;
  what.workload = [](world&) {};
  what.recover = [](after_crash& after) {
    (void)after.store().put("a", "x", precondition::any);
    (void)after.store().put("b", "x", precondition::any);
  };
  std::set<std::string> seen;
  what.budget.nested_cuts = 1;
  what.check = [&](after_crash& after) {
    const bool a = after.store().head("a").has_value();
    return a && after.store().head("b").has_value();
  };
  CHECK(explore(what).ok());
  // One that does nothing where it finds that the other had begun.
  what.recover = [](after_crash& after) {
    if (after.store().head("a")) return;
    (void)after.store().put("a", "x", precondition::any);
    (void)after.store().put("b", "x", precondition::any);
  };
  const auto report = explore(what);
  CHECK_FALSE(report.ok());
  CHECK(report.text().find("a  \"x\"") != std::string::npos);
}

TEST_CASE("crash_store: a replay shows the same state again") {
  exploration what;
  what.faults = 1;
  what.workload = [](world& world) {
    world.step("1", [&] { return world.store().put("k", "1", precondition::any); });
    world.step("2", [&] { return world.store().put("k", "2", precondition::any); });
  };
  what.check = [](after_crash& after) { return after.latest_is(read_text(after.store(), "k"), "absent"); };
  const auto report = explore(what);
  REQUIRE_FALSE(report.ok());
  what.replay = report.replay;
  CHECK(explore(what).text() == report.text());
}

TEST_CASE("crash_store: the power may go between two puts of one step, and of none") {
  for (const bool in_a_step : {true, false}) {
    exploration what;
    what.workload = [in_a_step](world& world) {
      const auto both = [&] {
        (void)world.store().put("a", "x", precondition::any);
        (void)world.store().put("b", "x", precondition::any);
      };
      if (in_a_step) world.step("both", both);
      if (!in_a_step) both();
    };
    what.check = [](after_crash& after) {
      return after.store().head("a").has_value() == after.store().head("b").has_value() ? "" : "one alone";
    };
    CHECK(explore(what).complaint == "one alone");
  }
}
