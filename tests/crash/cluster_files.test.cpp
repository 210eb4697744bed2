// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// The same commands over the files of a machine that crashes: each disk that a power cut may leave, on each of the profiles.

#include <tests/crash/cluster_programs.hpp>

namespace proofs_of_cluster_files {

using namespace cluster_programs;

namespace {

exploration of_one(std::uint32_t faults) {
  exploration all = commands<on_files>({one}, faults);
  all.check = whole_and_tidy<on_files>;
  return all;
}

}  // namespace

TEST_CASE("cluster_store: over files, cut at any moment, the ledger and all that it names is whole, and a sweep takes the rest",
          "[crash]") {
  CHECK(prove("cut", of_one(0)) > 50);
  exploration all = of_one(0);
  all.recover = [](after_crash& after) {
    auto store = on_files::of(after, after.clock());
    (void)sweep(store, after.clock());
  };
  CHECK(prove("cut, and cut again in the sweep", all) > 50);
}

TEST_CASE("cluster_store: over files, killed at any moment and followed by another command or a sweep, then cut", "[crash]") {
  exploration all = of_one(0);
  all.restart = [](world& world) { step<on_files>(world, two); };
  CHECK(prove("killed, and another one", all) > 5000);
  all.restart = [](world& world) {
    auto store = on_files::of(world, world.clock());
    (void)sweep(store, world.clock());
  };
  CHECK(prove("killed, and swept", all) > 3000);
}

TEST_CASE("cluster_store: over files, whichever call of the file system fails", "[crash]") {
  CHECK(exhaustive("one call fails", of_one(1)) > 1000);
}

TEST_CASE("cluster_store: over files, who is forced out while he lives commits no more, and nothing of what is named is lost",
          "[crash]") {
  for (const bool is_sweep : {false, true}) {
    exploration all = forced_out<on_files>(is_sweep, 0, 0);
    all.preemptions = 1;
    CHECK(exhaustive("forced out", all) > 1000);
  }
}

}  // namespace proofs_of_cluster_files
