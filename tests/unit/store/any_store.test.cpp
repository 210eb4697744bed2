// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/any_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/read_text.hpp>
#include <perdure/testing/store_archetypes.hpp>

#include <tests/support/catch.hpp>

#include <string>
#include <type_traits>
#include <utility>

using namespace perdure;

static_assert(!std::is_constructible_v<any_store, const mem_store&>);

namespace {

// Counts what lives, and does every optional operation in a way of its own, which tells which one it was.
class own_ways : public mem_store {
 public:
  using perdure_store = own_ways;
  static inline int alive = 0;
  own_ways() { ++alive; }
  own_ways(const own_ways& other) : mem_store(other) { ++alive; }
  ~own_ways() { --alive; }
  result<void> settle(key_view) { return failure(code::busy, operation::settle); }
  result<void> put_many(const put_item*, std::size_t count) {
    return failure(code::busy, operation::put, static_cast<int>(count));
  }
  result<etag> put_stream(key_view, byte_source) { return failure(code::busy, operation::put, -1); }
  result<void> remove_prefix(key_view) { return failure(code::busy, operation::remove_object); }
};

result<std::size_t> no_bytes(mutable_bytes) { return 0U; }

}  // namespace

TEST_CASE("any_store: refers to a model, and copies refer to the same one") {
  mem_store model;
  any_store one(model);
  any_store other = one;
  REQUIRE(other.put("k", "v", precondition::absent));
  CHECK(testing::read_text(one, "k").value() == "v");
  CHECK(model.head("k"));
  mem_store second;
  other = any_store(second);
  CHECK_FALSE(other.head("k"));
  CHECK(one.head("k"));
}

TEST_CASE("any_store: what it owns lives as long as the last copy") {
  {
    auto made = any_store::make<own_ways>();
    REQUIRE(made);
    any_store kept = *made;
    {
      const any_store copy = *made;
      REQUIRE(copy.put("k", "v", precondition::any));
    }
    mem_store other;
    *made = any_store(other);
    CHECK(own_ways::alive == 1);
    CHECK(kept.head("k"));
    const any_store& itself = kept;
    kept = itself;
    CHECK(kept.head("k"));
    kept = any_store(other);
    CHECK(own_ways::alive == 0);
  }
  CHECK(own_ways::alive == 0);
}

TEST_CASE("any_store: an optional operation is the model's own, or done as without it") {
  own_ways model;
  any_store own(model);
  const put_item items[] = {{"p/a", "1"}, {"p/b", "2"}};
  CHECK(settle(own, "k").error().operation() == operation::settle);
  const key_view met[] = {"k"};
  CHECK(settle_many(own, met, 1).error().code() == code::busy);
  CHECK(put_many(own, items, 2).error().system_code() == 2);
  CHECK(put_stream(own, "k", no_bytes).error().system_code() == -1);
  CHECK(remove_prefix(own, "p").error().operation() == operation::remove_object);

  CHECK(settles(own));

  mem_store memory;
  CHECK_FALSE(settles(memory));
  testing::poorest_store poor(memory);
  any_store none(poor);
  CHECK_FALSE(settles(none));
  CHECK(settle(none, "k"));
  CHECK(put_many(none, items, 2));
  CHECK(memory.head("p/b"));
  CHECK(put_stream(none, "k", no_bytes).error().code() == code::unsupported);
  CHECK(remove_prefix(none, "p/"));
  CHECK_FALSE(memory.head("p/a"));
}
