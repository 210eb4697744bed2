// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/mem_store.hpp>
#include <perdure/store/store_optional.hpp>
#include <perdure/testing/store_archetypes.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

namespace {

// Fails every put and remove after the first few.
class failing_store {
 public:
  using perdure_store = failing_store;
  mem_store memory;
  int left = 2;

  result<object_info> get(key_view key, mutable_bytes into) { return memory.get(key, into); }
  result<range_info> get_range(key_view key, std::uint64_t at, mutable_bytes into) { return memory.get_range(key, at, into); }
  result<object_info> head(key_view key) { return memory.head(key); }
  result<etag> put(key_view key, gather content, const precondition& when) {
    if (left-- <= 0) return failure(code::busy, operation::put);
    return memory.put(key, content, when);
  }
  result<void> remove(key_view key) {
    if (left-- <= 0) return failure(code::busy, operation::remove_object);
    return memory.remove(key);
  }
  result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
    return memory.list(prefix, cursor, limit, visitor);
  }
  struct nonce nonce() { return memory.nonce(); }
};

}  // namespace

TEST_CASE("store_optional: what every model can do one by one is done so, and what it cannot is unsupported") {
  mem_store memory;
  testing::poorest_store store(memory);
  const put_item items[] = {{"p/a", "a"}, {"p/b", "b"}, {"q", "q"}};
  CHECK(put_many(store, items, 3));
  CHECK(settle(store, "p/a"));
  const key_view keys[] = {"p/a", "q"};
  CHECK(settle_many(store, keys, 2));
  const auto streamed = put_stream(store, "s", [](mutable_bytes) -> result<std::size_t> { return 0U; });
  CHECK((!streamed && streamed.error().code() == code::unsupported && streamed.error().doubt() == doubt::none));
  CHECK(remove_prefix(store, "p/"));
  CHECK_FALSE(memory.head("p/a"));
  CHECK_FALSE(memory.head("p/b"));
  CHECK(memory.head("q"));
  CHECK_FALSE(remove_prefix(store, ""));
}

TEST_CASE("store_optional: what stops half-way is in doubt, what has not begun is not") {
  failing_store store;
  const put_item items[] = {{"a", "a"}, {"b", "b"}, {"c", "c"}};
  const auto put = put_many(store, items, 3);
  CHECK((!put && put.error().doubt() == doubt::visible));
  store.left = 1;
  const auto removed = remove_prefix(store, "a");
  CHECK(removed);
  store.left = 0;
  const auto none = put_many(store, items, 3);
  CHECK((!none && none.error().doubt() == doubt::none));
}

TEST_CASE("store_optional: more keys than are removed at once, and longer ones, are removed too") {
  mem_store store;
  for (int i = 0; i < 50; ++i) REQUIRE(store.put("p" + std::to_string(i) + std::string(900, 'x'), "x", precondition::any));
  CHECK(remove_prefix(store, "p"));
  CHECK(store.used_bytes() == 0);
}
