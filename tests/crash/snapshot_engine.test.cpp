// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// examples/snapshot_engine, cut, killed and failing at every call, with its base file mapped.

#include <examples/snapshot_engine/keeper.hpp>

#include <perdure/manifest/file_slot.hpp>
#include <perdure/store/fs_store.hpp>

#include <tests/crash/proof.hpp>

namespace proofs_of_snapshot_engine {

using namespace tests;
using snapshot_engine::vector_index;

namespace {

using lab_store = fs_store<crash_fs, manual_clock>;
using lab_slot = file_slot<crash_fs, manual_clock>;

// Chunks and nodes, or each content in one object.
perdure::content_options small(std::size_t inline_max_bytes) {
  perdure::content_options options;
  options.chunks = {.min_bytes = 64, .average_bytes = 128, .max_bytes = 256};
  options.inline_max_bytes = inline_max_bytes;
  options.window_bytes = 1024;
  return options;
}

struct place {
  lab_store store;
  lab_slot head;
  snapshot_engine::keeper<crash_fs, lab_store, lab_slot> keeper;
  place(crash_fs& fs, manual_clock& clock, std::size_t inline_max_bytes)
      : store(fs, "d/objects", clock), head(fs, "d/head.json", clock), keeper(fs, store, head, "d", small(inline_max_bytes)) {}
};

void grow(world& world, place& on, vector_index& mine) {
  snapshot_engine::grow(mine, 2);
  world.step(std::to_string(mine.generation()), [&] { return on.keeper.persist(mine, 2); });
}

exploration two_generations(std::uint32_t faults, std::size_t inline_max_bytes) {
  return {.setup =
              [](world& world) {
                (void)world.fs().make_dir("d");
                lab_store store(world.fs(), "d/objects", world.clock());
                (void)store.create_root();
              },
          .workload =
              [inline_max_bytes](world& world) {
                place on(world.fs(), world.clock(), inline_max_bytes);
                vector_index mine;
                grow(world, on, mine);
                grow(world, on, mine);
              },
          .check = [](after_crash& after) -> verdict {
            place on(after.fs(), after.clock(), 16);
            const auto loaded = on.keeper.load();
            if (!loaded) return verdict(loaded);
            const std::string wrong = *loaded ? snapshot_engine::wrong_with(**loaded) : "";
            if (!wrong.empty()) return wrong;
            return after.latest_is(std::to_string(*loaded ? (*loaded)->generation() : 0), "0");
          },
          .faults = faults};
}

}  // namespace

TEST_CASE("snapshot_engine: the last acknowledged generation is loaded, or the next, whole, on every disk", "[crash]") {
  CHECK(prove("two generations", two_generations(0, 16)) > 100);
}

TEST_CASE("snapshot_engine: whichever call fails, and whoever is killed, what was said is what is loaded", "[crash]") {
  for (const bool killed : {false, true}) {
    exploration all = two_generations(killed ? 0 : 1, 4096);
    if (killed) {
      all.restart = [](world& world) {
        place on(world.fs(), world.clock(), 4096);
        auto loaded = on.keeper.load();
        if (!loaded) return world.step("it cannot be loaded", [] {}), void();
        vector_index mine = *loaded ? std::move(**loaded) : vector_index();
        snapshot_engine::grow(mine, 1);
        world.step(std::to_string(mine.generation()), [&] { return on.keeper.persist(mine, 2); });
      };
    }
    const auto report = explore(all);
    INFO(report.text());
    CHECK(report.ok());
    CHECK(report.exhaustive);
  }
}

}  // namespace proofs_of_snapshot_engine
