// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/counting_store.hpp>
#include <perdure/store/mem_store.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

TEST_CASE("counting_store: every call is counted once, and what failed apart") {
  mem_store objects;
  counting_store store(objects);
  char room[16];
  REQUIRE(store.put("a", "123", precondition::absent));
  CHECK_FALSE(store.put("a", "12345", precondition::absent));
  REQUIRE(store.put("b", "4567", precondition::any));
  REQUIRE(store.get("a", room));
  REQUIRE(store.get_range("b", 2, room));
  CHECK_FALSE(store.get("c", room));
  REQUIRE(store.head("a"));
  REQUIRE(store.list("", "", 10, [](const listed_object&) { return visit::go_on; }));
  REQUIRE(settle(store, "a"));
  REQUIRE(store.remove("a"));
  (void)store.nonce();
  const store_counts now = store.counts();
  CHECK((now.puts.calls == 3 && now.puts.failures == 1 && now.puts.objects == 2 && now.puts.size_bytes == 7));
  CHECK((now.gets.calls == 3 && now.gets.failures == 1 && now.gets.size_bytes == 5));
  CHECK((now.heads.calls == 1 && now.lists.calls == 1 && now.lists.objects == 2));
  CHECK((now.settles.calls == 1 && now.removes.calls == 1 && now.calls() == 10));
}

TEST_CASE("counting_store: a batch is one call where the store has batches, and many where it does not") {
  struct batches : mem_store {
    using perdure_store = batches;
    result<void> put_many(const put_item*, std::size_t) { return {}; }
    result<void> settle_many(const key_view*, std::size_t) { return {}; }
  } own;
  const put_item items[] = {{"a", "12"}, {"b", "3"}};
  counting_store counted(own);
  REQUIRE(put_many(counted, items, 2));
  CHECK((counted.counts().puts.calls == 1 && counted.counts().puts.objects == 2 && counted.counts().puts.size_bytes == 3));
  const key_view keys[] = {"a", "b"};
  REQUIRE(settle_many(counted, keys, 2));
  CHECK((counted.counts().settles.calls == 1 && counted.counts().settles.objects == 2));
  mem_store memory;
  counting_store one_by_one(memory);
  REQUIRE(put_many(one_by_one, items, 2));
  CHECK((one_by_one.counts().puts.calls == 2 && one_by_one.counts().puts.objects == 2));
  REQUIRE(remove_prefix(one_by_one, "a"));
  CHECK((one_by_one.counts().lists.calls == 2 && one_by_one.counts().removes.calls == 1));
}
