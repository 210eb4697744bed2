// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/persist_snapshot.hpp>
#include <perdure/engine/verify_snapshots.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/read_text.hpp>
#include <perdure/testing/slot_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/engines.hpp>

using namespace perdure;
using tests::notes;

TEST_CASE("verify_snapshots: each altered object is found in the snapshots that need it, and in no other") {
  mem_store store;
  content_store<mem_store> objects(store);
  testing::slot_memory slot;
  testing::poorest_slot head(slot);
  for (std::uint64_t i = 1; i <= 3; ++i)
    REQUIRE(persist_snapshot(notes("text " + std::to_string(i), i), objects, head, no_base_file(), {.keep = 3}));
  std::string told;
  const auto verify = [&] {
    told.clear();
    const auto all = verify_snapshots(objects, head, [&](const snapshot_entry& one, const result<std::uint64_t>& size_bytes) {
      told += std::to_string(one.generation) + (size_bytes ? "+" : "-");
      if (!size_bytes && size_bytes.error().code() != code::corrupt) told += "?";
    });
    REQUIRE(all);
    CHECK(all->good + all->bad == 3);
    return all->bad;
  };
  CHECK((verify() == 0 && told == "3+2+1+"));
  std::vector<std::string> keys;
  REQUIRE(store.list("objects/", {}, 100, [&](const listed_object& one) {
    keys.emplace_back(one.key.data(), one.key.size());
    return visit::go_on;
  }));
  REQUIRE(keys.size() == 6);
  for (const std::string& key : keys) {
    const std::string whole = testing::read_text(store, key).value();
    REQUIRE(store.put(key, whole.substr(1) + "x", precondition::any));
    CHECK(verify() == 1);
    REQUIRE(store.remove(key));
    CHECK(verify() == 1);
    CHECK(told.find('?') == std::string::npos);
    REQUIRE(store.put(key, whole, precondition::any));
  }
  slot.damage();
  CHECK_FALSE(verify_snapshots(objects, head, [](const snapshot_entry&, const result<std::uint64_t>&) {}));
}
