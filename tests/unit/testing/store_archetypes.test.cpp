// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/mem_store.hpp>
#include <perdure/store/store_optional.hpp>
#include <perdure/testing/store_archetypes.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

static_assert(Store<testing::poorest_store<mem_store>>);

TEST_CASE("store_archetypes: the poorest legal Store tells no more than it has to, and its etags come back") {
  mem_store memory;
  testing::poorest_store store(memory);
  CHECK(store.put("k", "v", precondition::any)->empty());
  CHECK(store.head("k")->etag.empty());
  char room[4];
  const etag first = store.get("k", room)->etag;
  REQUIRE_FALSE(first.empty());
  REQUIRE(store.put("k", "w", precondition::any));
  REQUIRE(store.put("k", "v", precondition::any));
  CHECK(store.put("k", "x", precondition::matches(first)));
  const auto onto_nothing = store.put("none", "x", precondition::matches(first));
  CHECK((!onto_nothing && onto_nothing.error().code() == code::conflict));
  CHECK(store.put(std::string(513, 'k'), "x", precondition::any).error().code() == code::too_large);
  for (const char* const key : {"a", "b", "c", "d"}) REQUIRE(store.put(key, "x", precondition::any));
  int shown = 0;
  const auto page = store.list("", {}, 100, [&](const listed_object& one) {
    ++shown;
    return one.size_bytes == size_unknown ? visit::go_on : visit::stop;
  });
  CHECK((page && *page == listed::more && shown == 3));
}
