// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/manifest/slot.hpp>

#include <tests/support/catch.hpp>

#include <string>
#include <vector>

namespace {

using namespace perdure;

struct number_slot {
  using perdure_slot = number_slot;
  using token = int;
  result<slot_value<int>> load(slot_room) { return slot_value<int>{}; }
  result<slot_value<int>> observe(slot_room) { return slot_value<int>{}; }
  result<int> replace(const int& expected, bytes) { return expected + 1; }
};
struct derived_slot : number_slot {};

static_assert(Slot<number_slot>);
static_assert(!Slot<derived_slot>, "a model says so itself");
static_assert(!Slot<int>);

TEST_CASE("slot: the default token names that there is nothing") {
  CHECK_FALSE(slot_value<int>{}.exists());
  CHECK(slot_value<int>{7, {}, earlier::nothing}.exists());
}

TEST_CASE("slot: a fixed room has so much memory and no more") {
  char memory[4];
  const fixed_room room{mutable_bytes(memory)};
  CHECK(room(4)->size() == 4);
  CHECK(room(0)->size() == 4);
  CHECK(room(5).error().code() == code::too_large);
}

TEST_CASE("slot: a growing room is as large as was asked, up to its limit") {
  std::vector<std::byte> memory;
  const growing_room room(memory, 100);
  CHECK(room(100)->size() == 100);
  CHECK(memory.size() == 100);
  CHECK(room(101).error().code() == code::too_large);
  CHECK(memory.size() == 100);
  std::string text;
  const growing_room texts(text, UINT64_MAX);
  const slot_room erased = texts;
  CHECK(erased(3)->size() == 3);
}

}  // namespace
