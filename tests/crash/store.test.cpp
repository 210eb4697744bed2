// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Compare and swap over a store that loses requests and answers, or lets them come late: what is usually written, found wrong,
// and what is right, proved.

#include <perdure/fs/atomic_write.hpp>

#include <tests/crash/proof.hpp>
#include <tests/crash/store_programs.hpp>

namespace proofs_of_store {

using namespace tests;

namespace {

// So many additions, one after another, in the process that is killed or the one after it.
exploration counting(const counter& how, std::uint32_t faults) {
  exploration what;
  what.faults = faults;
  what.workload = [how](world& world) {
    for (const char* const name : {"a", "b"}) world.step(name, [&] { return how.add(world.store()); });
  };
  what.check = counted;
  return what;
}
exploration counting_beside(const counter& how, std::uint32_t faults) {
  exploration what = counting(how, faults);
  what.preemptions = 2;
  what.workload = [how](world& world) {
    world.together([&] { world.step("a", [&] { return how.add(world.store()); }); },
                   [&] { world.step("b", [&] { return how.add(world.store()); }); });
  };
  return what;
}

exploration locking(const store_lock& how, std::uint32_t faults) {
  exploration what;
  what.faults = faults;
  what.workload = [how](world& world) {
    std::string held_by_a;
    world.step("a", [&] { return how.take(world.store(), "a", held_by_a); });
    if (!held_by_a.empty()) world.step("free", [&] { return how.release(world.store(), held_by_a); });
    std::string held_by_b;
    world.step("b", [&] { return how.take(world.store(), "b", held_by_b); });
  };
  what.check = [](after_crash& after) { return after.latest_is(holder(after.store()), "free"); };
  return what;
}

// As natural_faults.hpp has it, less one kind of fault of puts and removes.
using filter = bool (*)(const fault_rule&);
exploration without(exploration what, filter left_out) {
  what.faults = 0;
  const auto work = what.workload;
  what.workload = [work, left_out](world& world) {
    bool struck = false;
    world.store().plan().ask([&, left_out](enum operation called, key_view key) -> std::optional<fault_rule> {
      if (struck) return std::nullopt;
      std::vector<fault_rule> faults = natural_faults(called);
      std::erase_if(faults, left_out);
      const std::uint32_t way = world.choose(1 + static_cast<std::uint32_t>(faults.size()));
      struck = way != 0;
      if (!struck) return std::nullopt;
      faults[way - 1].path.assign(key.data(), key.size());
      faults[way - 1].nth = 0;
      return faults[way - 1];
    });
    work(world);
    world.store().plan().clear();
  };
  return what;
}
bool comes_late(const fault_rule& rule) { return rule.late_calls.has_value(); }
bool loses_the_answer(const fault_rule& rule) { return rule.after || rule.late_calls; }

}  // namespace

TEST_CASE("store: without faults every counter counts, one by one") {
  for (const counter& how : {counter{}, counter{.retries_blindly = true}, counter{.believes_absence = true}})
    CHECK(prove("counter", counting(how, 0)) > 2);
}

TEST_CASE("store: a counter that adds again after a timeout counts twice, by a lost answer") {
  const counter naive{.retries_blindly = true};
  const std::string complaint = refuted(counting(naive, 1));
  CHECK(complaint.find("counted 3, which may only be 2 to 2") != std::string::npos);
  CHECK(explore(without(counting(naive, 1), loses_the_answer)).ok());
}

TEST_CASE("store: a counter that believes every 412 says that nothing happened, and it did") {
  const counter naive{.believes_conflicts = true};
  CHECK_FALSE(refuted(counting(naive, 1)).empty());
  CHECK(explore(without(counting(naive, 1), loses_the_answer)).ok());
}

TEST_CASE("store: a counter that takes an absent nonce for a put that was lost is found by a late landing alone") {
  const counter naive{.believes_absence = true};
  const auto found = explore(counting(naive, 1));
  CHECK_FALSE(found.ok());
  CHECK(found.text().find("only now arrives") != std::string::npos);
  CHECK(explore(without(counting(naive, 1), comes_late)).ok());
}

TEST_CASE("store: a counter by law 7 is right, whatever is lost or late") {
  CHECK(prove("one fault", counting(counter{}, 1)) > 10);
  const auto two = explore(counting(counter{}, 2));
  INFO(two.text());
  CHECK((two.ok() && two.exhaustive));
  CHECK(two.states > 40);
}

TEST_CASE("store: a counter by law 7 is right when its process is killed in the middle, and the next one goes on") {
  exploration what = counting(counter{}, 1);
  what.restart = [](world& world) { world.step("c", [&] { return counter{}.add(world.store()); }); };
  CHECK(prove("killed", what) > 10);
  what.workload = [](world& world) { world.step("a", [&] { return counter{}.add(world.store()); }); };
  what.restart = [](world& world) { world.step("b", [&] { return counter{.retries_blindly = true}.add(world.store()); }); };
  CHECK_FALSE(refuted(what).empty());
}

TEST_CASE("store: two counters at once need the nonces of those before them, too") {
  CHECK_FALSE(refuted(counting_beside(counter{.ring = 1}, 1)).empty());
  const auto report = explore(counting_beside(counter{}, 1));
  INFO(report.text());
  CHECK((report.ok() && report.exhaustive));
  CHECK(report.runs > 500);
}

TEST_CASE("store: a recovery that counts on what it sees is met by what was still on its way") {
  exploration what;
  what.faults = 1;
  what.workload = [](world& world) { world.step("a", [&] { return counter{.tries_max = 1}.add(world.store()); }); };
  // Replaced without a condition, and what comes late is kept as well.
  what.recover = [](after_crash& after) { (void)after.store().put("count", "7 recovered", precondition::any); };
  what.check = [](after_crash& after) {
    const auto found = read_text(after.store(), "count");
    return found ? verdict(*found == "7 recovered" ? "" : "found " + *found) : verdict(found);
  };
  const auto conditional = explore(what);
  INFO(conditional.text());
  CHECK(conditional.ok());
  what.workload = [](world& world) { world.step("a", [&] { return world.store().put("count", "1 late", precondition::any); }); };
  const auto report = explore(what);
  CHECK(report.complaint == "found 1 late");
  CHECK(report.text().find("on its way: put count: \"1 late\"") != std::string::npos);
  what.replay = report.replay;
  const auto again = explore(what);
  CHECK(again.text() == report.text());
}

TEST_CASE("store: a lock that is released by a remove is lost to its next holder by a late one") {
  const store_lock naive{.releases_by_remove = true};
  const auto found = explore(locking(naive, 1));
  CHECK_FALSE(found.ok());
  CHECK(found.text().find("only now arrives: remove lock") != std::string::npos);
  CHECK(explore(without(locking(naive, 1), comes_late)).ok());
}

TEST_CASE("store: a lock that believes a refusal is taken by nobody who knows, by a lost answer") {
  const store_lock naive{.believes_refusals = true};
  CHECK_FALSE(refuted(locking(naive, 1)).empty());
  CHECK(explore(without(locking(naive, 1), loses_the_answer)).ok());
}

TEST_CASE("store: a lock by law 7, released by a tombstone, is held by who believes it, whatever is lost or late") {
  CHECK(prove("one fault", locking(store_lock{}, 1)) > 15);
  const auto two = explore(locking(store_lock{}, 2));
  INFO(two.text());
  CHECK((two.ok() && two.exhaustive));
}

TEST_CASE("store: what is left out because it cannot make a difference makes none") {
  for (const bool right : {true, false}) {
    exploration what = counting(right ? counter{} : counter{.believes_absence = true}, 1);
    what.restart = [](world& world) { world.step("c", [&] { return counter{}.add(world.store()); }); };
    const auto reduced = explore(what);
    what.reductions = {.same_disk = false, .unread = false, .nearest_first = false, .few_mixtures = false};
    what.cuts = cut_points::every_operation;
    const auto all = explore(what);
    INFO(reduced.text() << "\n" << all.text());
    CHECK((reduced.ok() == right && all.ok() == right));
    CHECK(all.visited >= reduced.states);
  }
}

TEST_CASE("store: objects and files are cut at one moment") {
  // The store says that the file is there: it has to be durable by then.
  const auto saving = [](bool syncs) {
    exploration what;
    what.workload = [syncs](world& world) {
      const auto saved = atomic_write(world.fs(), "f", "new", {.durability = syncs ? durability::full : durability::ordered});
      if (!saved) return;
      world.step("said", [&] { return world.store().put("f", "new", precondition::any); });
    };
    what.check = [](after_crash& after) {
      const auto said = read_text(after.store(), "f");
      const auto file = read_text(after.fs(), "f");
      return said && (!file || *file != *said) ? verdict("it was said too early") : verdict(true);
    };
    return what;
  };
  CHECK(prove("said when it is durable", saving(true)) > 1);
  CHECK(refuted(saving(false)) == "it was said too early");
}

}  // namespace proofs_of_store
