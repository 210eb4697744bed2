// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Commands of a cluster, cut, killed and failing at every call of a store that loses requests and answers and lets them come late.

#include <perdure/cluster/serving_snapshot.hpp>
#include <perdure/cluster/sweep_cluster.hpp>

#include <tests/crash/proof.hpp>
#include <tests/support/clusters.hpp>

namespace proofs_of_cluster {

using namespace tests;

namespace {

// One in which all that can be seen is durable.
struct remote_store : crash_store {
  using perdure_store = remote_store;
  explicit remote_store(const crash_store& other) : crash_store(other) {}
  void settle(key_view) = delete;
};
using cluster_type = cluster_store<remote_store, manual_clock>;

const wanted zero = {"0", {"a", "b"}, {}};
const wanted one = {"1", {"b", "c"}, "g"};
const wanted two = {"2", {"a", "c"}, {}};  // takes up again what the one before has dropped

failure refused(enum code why) { return failure(why, operation::commit); }

// Whoever held the lock is dead, or the caller says so.
result<void> begin(cluster_type& cluster, remote_store& store) {
  auto mine = cluster.begin(claim_of(store));
  if (mine && !mine->done) {
    PERDURE_TRY(cluster.force_unlock(mine->holder.id));
    mine = cluster.begin(claim_of(store));
  }
  if (!mine) return mine.error().with(doubt::none);
  return mine->done ? result<void>() : refused(code::busy);
}
result<void> run(remote_store& store, manual_clock& clock, const wanted& want) {
  cluster_type cluster(store, clock, names_of);
  PERDURE_TRY(begin(cluster, store));
  const auto done = commit(cluster, want);
  if (!done) return done.error();
  return done->answer == ledger_answer::won ? result<void>() : refused(code::conflict);
}
result<void> sweep(remote_store& store, manual_clock& clock) {
  cluster_type cluster(store, clock, names_of);
  PERDURE_TRY(begin(cluster, store));
  PERDURE_TRY(sweep_cluster(cluster));
  return {};
}
void step(world& world, remote_store& store, const wanted& want) {
  world.step(want.note, [&] { return run(store, world.clock(), want); });
}

result<std::string> state_in(remote_store& store) {
  ledger<object_slot<remote_store>> book(object_slot<remote_store>(store, "ledger"));
  const auto now = book.observe();
  if (!now) return now.error();
  return std::string(reinterpret_cast<const char*>(now->state.data()), now->state.size());
}
std::string note_of(const std::string& state) { return state.empty() ? "absent" : lines_of(state)[0].substr(5); }

// What the ledger says is there, whole, as soon as anybody looks, and what was acknowledged is what it says; and a sweep leaves
// nothing but that.
verdict whole(after_crash& after) {
  remote_store store(after.store());
  const auto state = state_in(store);
  if (!state) return verdict(state);
  if (const auto wrong = incomplete(store, *state); !wrong.empty()) return wrong;
  const verdict latest = after.latest_is(note_of(*state), "0");
  if (!latest) return latest;
  if (const auto swept = sweep(store, after.clock()); !swept) return verdict(swept);
  // A late commit may have come until the sweep had raised the fence.
  const auto now = state_in(store);
  if (!now) return verdict(now);
  if (const auto wrong = incomplete(store, *now); !wrong.empty()) return "after the sweep " + wrong;
  return true;
}
// The same; and where nothing can come late, no garbage is left either.
verdict whole_and_tidy(after_crash& after) {
  const verdict is_whole = whole(after);
  if (!is_whole) return is_whole;
  remote_store store(after.store());
  const auto state = state_in(store);
  const auto lines = lines_of(*state);
  std::size_t payloads = 0;
  std::size_t roots = 0;
  for (const std::string& line : lines) (line[0] == 'p' ? payloads : roots) += line[0] == 'n' ? 0U : 1U;
  const bool tidy = keys_in(store, "catalog/").size() == payloads && keys_in(store, "graphs/").size() == roots &&
                    keys_in(store, "recovery/").empty();
  return tidy ? verdict(true) : verdict("garbage is left");
}

exploration commands(std::uint32_t faults) {
  return {.setup =
              [](world& world) {
                remote_store store(world.store());
                (void)run(store, world.clock(), zero);
              },
          .workload =
              [](world& world) {
                remote_store store(world.store());
                step(world, store, one);
                step(world, store, two);
              },
          .check = whole,
          .faults = faults};
}
void exhaustive(const char* what, const exploration& all) {
  const auto report = explore(all);
  INFO(what << "\n" << report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
}

}  // namespace

TEST_CASE("cluster_store: cut or failing at any call, the ledger and all that it names is whole, and a sweep takes the rest",
          "[crash]") {
  exploration all = commands(0);
  all.check = whole_and_tidy;
  exhaustive("cut", all);
  exhaustive("and one call fails", commands(1));
}

TEST_CASE("cluster_store: a command that was killed at any call is followed by one that recovers, whatever comes late",
          "[crash]") {
  for (const bool is_sweep : {false, true}) {
    exploration all = commands(0);
    all.workload = [](world& world) {
      remote_store store(world.store());
      step(world, store, one);
    };
    all.restart = [is_sweep](world& world) {
      remote_store store(world.store());
      if (is_sweep) return (void)sweep(store, world.clock());
      step(world, store, two);
    };
    exhaustive(is_sweep ? "killed, and swept" : "killed, and another one", all);
  }
}

TEST_CASE("sweep_cluster: a sweep that was killed at any call takes nothing that a later command puts", "[crash]") {
  exploration all = commands(0);
  all.setup = [](world& world) {
    remote_store store(world.store());
    (void)run(store, world.clock(), zero);
    const auto garbage = perdure::detail::key_of(payload_id{sha256_of("c"), 1});
    (void)store.put(garbage, "c", precondition::any);
    (void)store.put("graphs/g-1/a", "x", precondition::any);
  };
  all.workload = [](world& world) {
    remote_store store(world.store());
    (void)sweep(store, world.clock());
  };
  all.restart = [](world& world) {
    remote_store store(world.store());
    step(world, store, one);
  };
  exhaustive("a killed sweep", all);
}

TEST_CASE("cluster_store: who is forced out while he lives loses nothing of what is named, and commits no more", "[crash]") {
  for (const bool is_sweep : {false, true}) {
    exploration all = commands(0);
    all.workload = [is_sweep](world& world) {
      const auto command = [&] {
        remote_store store(world.store());
        step(world, store, one);
      };
      const auto other = [&] {
        remote_store store(world.store());
        if (is_sweep) return (void)sweep(store, world.clock());
        step(world, store, two);
      };
      world.together(command, other);
    };
    all.check = [](after_crash& after) -> verdict {
      remote_store store(after.store());
      const auto state = state_in(store);
      if (!state) return verdict(state);
      if (const auto wrong = incomplete(store, *state); !wrong.empty()) return wrong;
      const std::string note = note_of(*state);
      if (note == "0" && (after.acknowledged("1") || after.acknowledged("2"))) return "what was acknowledged is lost";
      return note == "0" || after.outcome_of(note) != step_outcome::unchanged ? "" : note + " was refused, and is there";
    };
    exhaustive(is_sweep ? "beside a sweep" : "beside another command", all);
  }
}

TEST_CASE("serving_snapshot: beside a command that is cut anywhere, it serves one version whole", "[crash]") {
  exploration all = commands(0);
  all.workload = [](world& world) {
    bool is_wrong = false;
    const auto serve = [&] {
      remote_store store(world.store());
      serving_snapshot<remote_store> served(store, names_of);
      const auto now = served.refresh();
      is_wrong = !now || served.payloads() != 2;
    };
    const auto write = [&] {
      remote_store store(world.store());
      step(world, store, one);
    };
    world.together(serve, write);
    if (is_wrong) world.step("a reader saw half", [] {});
  };
  all.preemptions = 2;
  exhaustive("a reader beside", all);
}

}  // namespace proofs_of_cluster
