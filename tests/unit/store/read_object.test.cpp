// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/mem_store.hpp>
#include <perdure/store/read_object.hpp>

#include <tests/support/catch.hpp>

#include <string>
#include <vector>

using namespace perdure;

namespace {
// Every head is of a version that is smaller than the one that is got.
class growing_store {
 public:
  using perdure_store = growing_store;
  mem_store memory;
  int growths = 0;

  result<object_info> get(key_view key, mutable_bytes into) { return memory.get(key, into); }
  result<range_info> get_range(key_view key, std::uint64_t at, mutable_bytes into) { return memory.get_range(key, at, into); }
  result<object_info> head(key_view key) {
    auto info = memory.head(key);
    if (growths-- > 0) (void)memory.put(key, std::string(static_cast<std::size_t>(info->size_bytes) + 1, 'g'), precondition::any);
    return info;
  }
  result<etag> put(key_view key, gather content, const precondition& when) { return memory.put(key, content, when); }
  result<void> remove(key_view key) { return memory.remove(key); }
  result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
    return memory.list(prefix, cursor, limit, visitor);
  }
  struct nonce nonce() { return memory.nonce(); }
};
}  // namespace

TEST_CASE("read_object: a container becomes the object, within the bound") {
  mem_store store;
  const auto made = store.put("k", "content", precondition::any);
  std::string text = "before, and longer";
  const auto got = read_object(store, "k", text, 7);
  REQUIRE(got);
  CHECK((text == "content" && got->etag == *made));
  std::vector<std::byte> other;
  CHECK(read_object(store, "k", other, 100));
  CHECK(other.size() == 7);
  const auto refused = read_object(store, "k", text, 6);
  CHECK((!refused && refused.error().code() == code::too_large));
  const auto missing = read_object(store, "no", text, 6);
  CHECK((!missing && missing.error().code() == code::not_found));
}

TEST_CASE("read_object: an object that grows meanwhile is asked for again, and not for ever") {
  growing_store store;
  REQUIRE(store.put("k", "x", precondition::any));
  std::string text;
  store.growths = 3;
  REQUIRE(read_object(store, "k", text, 100));
  CHECK(text == "gggg");
  store.growths = 1000;
  const auto gives_up = read_object(store, "k", text, 10'000);
  CHECK((!gives_up && gives_up.error().code() == code::busy));
}
