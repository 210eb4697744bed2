// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/load_snapshot.hpp>
#include <perdure/engine/persist_snapshot.hpp>
#include <perdure/engine/prune_snapshots.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/read_text.hpp>
#include <perdure/testing/slot_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/engines.hpp>

#include <string>
#include <vector>

using namespace perdure;
using testing::poorest_slot;
using testing::slot_memory;
using tests::notes;

namespace {

struct place {
  mem_store store;
  content_store<mem_store> objects{store};
  slot_memory slot;
  poorest_slot head{slot};

  void persist(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t i = from; i <= to; ++i)
      REQUIRE(persist_snapshot(notes("text " + std::to_string(i), i), objects, head, no_base_file(), {.keep = 10}));
  }
  bool loads(std::uint64_t generation) {
    return load_snapshot<notes>(objects, head, no_base_file(), {.generation = generation}).has_value();
  }
  std::size_t count(key_view prefix) {
    std::size_t all = 0;
    REQUIRE(store.list(prefix, {}, 1000, [&](const listed_object&) { return ++all, visit::go_on; }));
    return all;
  }
};

}  // namespace

TEST_CASE("prune_snapshots: the newest are kept whole, and what no other needs is gone") {
  place on;
  on.persist(1, 5);
  CHECK(on.count("objects/") == 10);
  const auto gone = prune_snapshots(on.objects, on.head, {.keep = 2});
  REQUIRE(gone);
  CHECK((gone->dropped == 3 && gone->collected.deleted == 6));
  CHECK(on.count("objects/") == 4);
  CHECK((on.loads(5) && on.loads(4) && !on.loads(3)));
  const auto again = prune_snapshots(on.objects, on.head);
  REQUIRE(again);
  CHECK((again->dropped == 0 && again->collected.deleted == 0));
  const auto one = prune_snapshots(on.objects, on.head, {.keep = 0});
  REQUIRE(one);
  CHECK((one->dropped == 1 && on.loads(5) && on.count("objects/") == 2));
}

TEST_CASE("prune_snapshots: nothing is deleted while somebody holds a pin, or the head or a manifest cannot be read") {
  place on;
  on.persist(1, 3);
  {
    auto pin = on.objects.pin("another");
    REQUIRE(pin);
    const auto refused = prune_snapshots(on.objects, on.head, {.keep = 1});
    CHECK((!refused && refused.error().code() == code::busy && refused.error().doubt() == doubt::visible));
    CHECK((on.loads(3) && !on.loads(2)));
    CHECK(on.count("objects/") == 6);
    const auto again = prune_snapshots(on.objects, on.head, {.keep = 1});
    CHECK((!again && again.error().code() == code::busy && again.error().doubt() == doubt::none));
    REQUIRE(pin->end());
  }
  on.persist(4, 4);
  std::string key;
  std::string text;
  const auto now = on.head.observe(growing_room(text, 1 << 16));
  REQUIRE(now);
  char hex[digest::hex_size];
  to_hex(decode_head(text)->newest().manifest.root, hex);
  REQUIRE(on.store.list("objects/", {}, 100, [&](const listed_object& one) {
    const std::string name(one.key.data(), one.key.size());
    if (name.find(std::string(hex, sizeof(hex))) != std::string::npos) key = name;
    return visit::go_on;
  }));
  REQUIRE_FALSE(key.empty());
  REQUIRE(on.store.remove(key));
  const std::size_t before = on.count("objects/");
  const auto refused = prune_snapshots(on.objects, on.head, {.keep = 1});
  CHECK((!refused && refused.error().code() != code::busy));
  on.slot.damage();
  CHECK_FALSE(prune_snapshots(on.objects, on.head, {.keep = 1}));
  CHECK(on.count("objects/") == before);
}

TEST_CASE("prune_snapshots: a swap in doubt is asked about, and a writer who was faster keeps what it named") {
  for (const bool took_effect : {false, true}) {
    place on;
    on.persist(1, 3);
    on.slot.fail_next(failure(code::timed_out, operation::put).with(doubt::visible), took_effect);
    const auto gone = prune_snapshots(on.objects, on.head, {.keep = 1});
    REQUIRE(gone);
    CHECK(on.count("objects/") == 2);
    CHECK(on.loads(3));
  }
}

TEST_CASE("prune_snapshots: where there is no head nothing is collected, for it may be looked for in the wrong place") {
  place on;
  on.persist(1, 2);
  slot_memory elsewhere;
  poorest_slot wrong(elsewhere);
  const auto refused = prune_snapshots(on.objects, wrong);
  CHECK((!refused && refused.error().code() == code::not_found));
  CHECK((on.loads(1) && on.loads(2)));
  place empty;
  CHECK(prune_snapshots(empty.objects, empty.head).error().code() == code::not_found);
}

TEST_CASE("prune_snapshots: an object that is missing is damage, and never told as if there were no head") {
  place on;
  on.persist(1, 2);
  std::vector<std::string> keys;
  REQUIRE(on.store.list("objects/", {}, 1000, [&](const listed_object& one) {
    return keys.emplace_back(one.key.data(), one.key.size()), visit::go_on;
  }));
  REQUIRE(keys.size() == 4);  // of each its manifest and its text
  for (const std::string& key : keys) {
    const std::string was = *testing::read_text(on.store, key);
    REQUIRE(on.store.remove(key));
    const auto refused = prune_snapshots(on.objects, on.head);
    CHECK((!refused && refused.error().code() == code::corrupt));
    CHECK(on.count("objects/") == 3);
    REQUIRE(on.store.put(key, was, precondition::any));
  }
  CHECK(prune_snapshots(on.objects, on.head));
}
