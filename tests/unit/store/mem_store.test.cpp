// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/mem_store.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

TEST_CASE("mem_store: a copy is the same objects, and keeps them") {
  mem_store kept;
  {
    mem_store store;
    REQUIRE(store.put("k", "v", precondition::any));
    kept = store;
  }
  char room[4];
  const auto got = kept.get("k", room);
  REQUIRE(got);
  CHECK((got->size_bytes == 1 && room[0] == 'v'));
}

TEST_CASE("mem_store: an etag does not come back when the bytes do") {
  mem_store store;
  const auto first = store.put("k", "v", precondition::any);
  REQUIRE(store.put("k", "w", precondition::any));
  const auto again = store.put("k", "v", precondition::any);
  CHECK_FALSE(*first == *again);
  REQUIRE(store.remove("k"));
  CHECK_FALSE(*again == *store.put("k", "v", precondition::absent));
}

TEST_CASE("mem_store: what is full refuses, and the old object stands") {
  mem_store store({.capacity_bytes = 10});
  REQUIRE(store.put("a", "12345", precondition::any));
  REQUIRE(store.put("b", "12345", precondition::any));
  const auto full = store.put("c", "1", precondition::any);
  CHECK((!full && full.error().code() == code::no_space && full.error().outcome() == outcome::unchanged));
  CHECK_FALSE(store.put("a", "123456", precondition::any));
  CHECK(store.head("a")->size_bytes == 5);
  CHECK(store.put("a", "54321", precondition::any));
  CHECK(store.put("c", "", precondition::any));
  REQUIRE(store.remove("b"));
  CHECK(store.used_bytes() == 5);
  CHECK(store.put("c", "12345", precondition::any));
  CHECK(store.used_bytes() == 10);
}

TEST_CASE("mem_store: keys of 1,024 bytes, and no longer") {
  mem_store store;
  const std::string key(1024, 'k');
  REQUIRE(store.put(key, "v", precondition::any));
  CHECK(store.head(key));
  const auto longer = store.put(key + "k", "v", precondition::any);
  CHECK((!longer && longer.error().code() == code::too_large));
}

TEST_CASE("mem_store: two of them have nothing in common, nonces included") {
  mem_store a;
  mem_store b;
  REQUIRE(a.put("k", "v", precondition::any));
  CHECK_FALSE(b.head("k"));
  CHECK_FALSE(a.nonce() == b.nonce());
}

TEST_CASE("mem_store: a device without threads has one, too") {
  basic_mem_store<no_sync> store;
  REQUIRE(store.put("k", "v", precondition::absent));
  CHECK(store.list("", {}, 1, [](const listed_object&) { return visit::go_on; }).value() == listed::all);
}
