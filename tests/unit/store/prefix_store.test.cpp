// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/any_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/store/prefix_store.hpp>
#include <perdure/testing/read_text.hpp>
#include <perdure/testing/store_archetypes.hpp>

#include <tests/support/catch.hpp>

#include <string>
#include <vector>

using namespace perdure;
using testing::read_text;

namespace {

using keys = std::vector<std::string>;

template <Store S>
keys listed_keys(S& store, key_view prefix, key_view cursor = {}) {
  keys all;
  const auto done = store.list(prefix, cursor, 100, [&](const listed_object& one) {
    all.emplace_back(one.key.data(), one.key.size());
    return visit::go_on;
  });
  if (!done) all.push_back("failed");
  return all;
}

}  // namespace

TEST_CASE("prefix_store: sees what is behind its prefix, and nothing beside it") {
  mem_store base;
  for (const char* const key : {"a", "p", "p/", "p/1", "p/2", "p/2/x", "p0", "q"}) REQUIRE(base.put(key, key, precondition::any));
  prefix_store store(base, "p/");
  CHECK(listed_keys(store, "") == keys{"1", "2", "2/x"});
  CHECK(listed_keys(store, "2") == keys{"2", "2/x"});
  CHECK(listed_keys(store, "", "1") == keys{"2", "2/x"});
  CHECK(listed_keys(store, "2", "1") == keys{"2", "2/x"});
  CHECK(listed_keys(store, "1", "2").empty());
  CHECK(read_text(store, "2/x").value() == "p/2/x");
  CHECK_FALSE(store.head("p/1"));
  REQUIRE(store.put("../a", "mine", precondition::absent));
  CHECK(read_text(base, "a").value() == "a");
  CHECK(read_text(base, "p/../a").value() == "mine");
  REQUIRE(store.remove("1"));
  CHECK_FALSE(base.head("p/1"));
  REQUIRE(remove_prefix(store, "2"));
  CHECK(listed_keys(base, "") == keys{"a", "p", "p/", "p/../a", "p0", "q"});
}

TEST_CASE("prefix_store: no call reaches the object that is named as the prefix, or all of them") {
  mem_store base;
  REQUIRE(base.put("p/", "x", precondition::any));
  any_store any(base);
  prefix_store store(any, "p/");
  char room[4];
  for (const auto& refused : {store.get("", room).error(), store.head("").error(), store.remove("").error(),
                              store.put("", "y", precondition::any).error(), settle(store, "").error(),
                              remove_prefix(store, "").error(), store.remove_prefix("").error()})
    CHECK(refused.code() == code::invalid_argument);
  const put_item items[] = {{"k", "1"}, {"", "2"}};
  CHECK(put_many(store, items, 2).error().code() == code::invalid_argument);
  CHECK(listed_keys(base, "") == keys{"p/"});
}

TEST_CASE("prefix_store: half of a character in a key is refused, though the prefix would make it whole") {
  mem_store base;
  prefix_store store(base, "\xc3");
  CHECK(store.put("\xa4", "x", precondition::any).error().code() == code::invalid_argument);
  CHECK(store.put("a", "x", precondition::any).error().code() == code::invalid_argument);
  CHECK(store.list("", "", 1, [](const listed_object&) { return visit::go_on; }).error().code() == code::invalid_argument);
  // Also of a base that would take what the two make together.
  struct careless : mem_store {
    using perdure_store = careless;
    result<object_info> head(key_view) { return object_info{}; }
  } any;
  prefix_store half(any, "\xc3");
  for (const char* const key : {"\xa4", "a"}) CHECK(half.head(key).error().code() == code::invalid_argument);
  prefix_store whole(any, "p/");
  CHECK(whole.head("a"));
  CHECK(whole.head("\xa4").error().code() == code::invalid_argument);
}

TEST_CASE("prefix_store: what is too long together is said to be") {
  mem_store base;
  prefix_store half(base, std::string(512, 'p'));
  CHECK(half.put(std::string(512, 'k'), "x", precondition::any));
  CHECK(half.put(std::string(513, 'k'), "x", precondition::any).error().code() == code::too_large);
  CHECK(half.put(std::string(70'000, 'k'), "x", precondition::any).error().code() == code::too_large);
  prefix_store longer(base, std::string(513, 'p'));
  CHECK(longer.put("k", "x", precondition::any).error().code() == code::too_large);
  CHECK(listed_keys(longer, "") == keys{"failed"});
}

TEST_CASE("prefix_store: a batch is handed on as one, with each key behind the prefix") {
  struct batches : mem_store {
    using perdure_store = batches;
    std::size_t count = 0;
    std::string first;
    result<void> put_many(const put_item* items, std::size_t size) {
      count += size;
      if (size != 0) first.assign(items[0].key.data(), items[0].key.size());
      return {};
    }
    std::string settled;
    result<void> settle_many(const key_view* keys, std::size_t size) {
      for (std::size_t i = 0; i < size; ++i) settled += std::string(keys[i].data(), keys[i].size()) + " ";
      return {};
    }
  } base;
  prefix_store store(base, "p/");
  const put_item items[] = {{"a", "1"}, {"b", "2"}, {"c", "3"}};
  REQUIRE(put_many(store, items, 3));
  CHECK(base.count == 3);
  CHECK(base.first == "p/a");
  CHECK(put_many(store, items, 0));
  const key_view met[] = {"a", "long enough for a key", "c"};
  REQUIRE(settle_many(store, met, 3));
  CHECK(base.settled == "p/a p/long enough for a key p/c ");
  CHECK(settle_many(store, met, 0));
  const key_view none[] = {"a", ""};
  CHECK(settle_many(store, none, 2).error().code() == code::invalid_argument);
  testing::poorest_store poor(base);
  prefix_store one_by_one(poor, "q/");
  REQUIRE(put_many(one_by_one, items, 3));
  CHECK(base.head("q/c"));
}
