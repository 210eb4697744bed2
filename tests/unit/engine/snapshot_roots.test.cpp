// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/persist_snapshot.hpp>
#include <perdure/engine/snapshot_roots.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/slot_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/engines.hpp>

using namespace perdure;
using tests::notes;

TEST_CASE("snapshot_roots: every manifest and every section of every snapshot is shown, and a visitor's failure is the answer") {
  mem_store store;
  content_store<mem_store> objects(store);
  testing::slot_memory slot;
  testing::poorest_slot head(slot);
  std::size_t shown = 0;
  const auto count = [&](const content_id& id) -> result<void> {
    ++shown;
    return objects.size(id) ? result<void>() : failure(code::corrupt, operation::get);
  };
  REQUIRE(snapshot_roots(objects, head, count));
  CHECK(shown == 0);
  for (std::uint64_t i = 1; i <= 3; ++i)
    REQUIRE(persist_snapshot(notes(std::to_string(i), i), objects, head, no_base_file(), {.keep = 3}));
  REQUIRE(snapshot_roots(objects, head, count));
  CHECK(shown == 6);
  const auto stopped =
      snapshot_roots(objects, head, [](const content_id&) -> result<void> { return failure(code::cancelled, operation::none); });
  CHECK((!stopped && stopped.error().code() == code::cancelled));
}
