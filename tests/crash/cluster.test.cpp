// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Commands of a cluster, cut, killed and failing at every call of a store that loses requests and answers and lets them come
// late.

#include <tests/crash/cluster_programs.hpp>

namespace proofs_of_cluster {

using namespace cluster_programs;

namespace {

exploration of_one(std::uint32_t faults) { return commands<on_store>({one}, faults); }
exploration of_two(std::uint32_t faults) { return commands<on_store>({one, two}, faults); }

}  // namespace

TEST_CASE("cluster_store: cut or failing at any call, the ledger and all that it names is whole, and a sweep takes the rest",
          "[crash]") {
  exploration all = of_two(0);
  all.check = whole_and_tidy<on_store>;
  exhaustive("cut", all);
  CHECK(exhaustive("and one call fails", of_two(1)) > 300);
  CHECK(exhaustive("and two calls fail", of_two(2)) > 4000);
}

TEST_CASE("cluster_store: a command that was killed at any call is followed by one that recovers, whatever comes late",
          "[crash]") {
  for (const bool is_sweep : {false, true}) {
    for (const std::uint32_t faults : {0U, 1U}) {
      exploration all = of_one(faults);
      all.restart = [is_sweep](world& world) {
        remote_store store(world.store());
        if (is_sweep) return (void)sweep(store, world.clock());
        step<on_store>(world, two);
      };
      exhaustive(is_sweep ? "killed, and swept" : "killed, and another one", all);
    }
  }
}

TEST_CASE("sweep_cluster: a sweep that was killed at any call takes nothing that a later command puts", "[crash]") {
  exploration all = of_one(0);
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
  all.restart = [](world& world) { step<on_store>(world, one); };
  exhaustive("a killed sweep", all);
}

TEST_CASE("cluster_store: who is forced out while he lives loses nothing of what is named, and commits no more", "[crash]") {
  for (const bool is_sweep : {false, true}) {
    CHECK(exhaustive("and one of them is killed", forced_out<on_store>(is_sweep, 0, 1)) > 1000);
    exploration all = forced_out<on_store>(is_sweep, 1, 0);
    all.preemptions = 1;
    CHECK(exhaustive("and one call fails", all) > 1000);
  }
}

TEST_CASE("serving_snapshot: beside a command that is cut anywhere, it serves one version whole", "[crash]") {
  exploration all = of_one(0);
  all.workload = [](world& world) {
    bool is_wrong = false;
    const auto serve = [&] {
      remote_store store(world.store());
      serving_snapshot<remote_store> served(store, names_of);
      const auto now = served.refresh();
      is_wrong = !now || served.payloads() != 2;
    };
    const auto write = [&] { step<on_store>(world, one); };
    world.together(serve, write);
    if (is_wrong) world.step("a reader saw half", [] {});
  };
  all.preemptions = 2;
  exhaustive("a reader beside", all);
}

}  // namespace proofs_of_cluster
