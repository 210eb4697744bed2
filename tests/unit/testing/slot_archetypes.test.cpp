// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/slot_archetypes.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;
using testing::poorest_slot;
using testing::slot_memory;

static_assert(Slot<poorest_slot>);

namespace {
std::string text_of(const slot_value<poorest_slot::token>& value) {
  return {reinterpret_cast<const char*>(value.value.data()), value.value.size()};
}
}  // namespace

TEST_CASE("slot_archetypes: a token of the poorest legal Slot comes back with its bytes, and the value lies where it likes") {
  slot_memory memory;
  poorest_slot slot(memory);
  const auto a = slot.replace({}, "a");
  REQUIRE(a);
  const auto b = slot.replace(*a, "b");
  REQUIRE(b);
  CHECK(*slot.replace(*b, "a") == *a);
  char room[4];
  const auto found = slot.load(fixed_room(room));
  REQUIRE(found);
  CHECK(text_of(*found) == "a");
  CHECK(found->value.data() == bytes(room, 4).data() + 3);
  CHECK(memory.changes() == 3);
}

TEST_CASE("slot_archetypes: a doubt is the slot's own, and is untold once anybody else has written") {
  std::string text;
  for (const bool took_effect : {false, true}) {
    slot_memory memory;
    poorest_slot slot(memory);
    poorest_slot other(memory);
    const auto old = slot.replace({}, "old");
    REQUIRE(old);
    memory.fail_next(failure(code::io, operation::write).with(doubt::visible), took_effect);
    CHECK(slot.replace(*old, "new").error().outcome() == outcome::unknown);
    CHECK(slot.replace(*old, "newer").error().code() == code::conflict);
    const auto told = slot.load(growing_room(text, 10));
    REQUIRE(told);
    CHECK(told->earlier == (took_effect ? earlier::took_effect : earlier::had_no_effect));
    memory.fail_next(failure(code::io, operation::write).with(doubt::durable), took_effect);
    CHECK_FALSE(slot.replace(told->token, "newer"));
    const auto seen = other.load(growing_room(text, 10));
    REQUIRE(seen);
    CHECK(other.replace(seen->token, "another's"));
    CHECK(slot.load(growing_room(text, 10))->earlier == earlier::untold);
  }
}

TEST_CASE("slot_archetypes: a failure without doubt changes nothing, whatever was asked of it") {
  slot_memory memory(3);
  poorest_slot slot(memory);
  memory.fail_next(failure(code::no_space, operation::write), true);
  CHECK(slot.replace({}, "old").error().code() == code::no_space);
  CHECK(memory.changes() == 0);
  CHECK(slot.replace({}, "long").error().code() == code::too_large);
  CHECK(slot.replace({}, "old"));
  memory.damage();
  std::string text;
  CHECK(slot.load(growing_room(text, 10)).error().code() == code::corrupt);
  CHECK_FALSE(slot.replace({}, "new"));
}
