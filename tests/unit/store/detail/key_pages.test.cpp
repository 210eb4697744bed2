// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/detail/key_pages.hpp>
#include <perdure/store/mem_store.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

namespace {

// One whose keys may be longer than a cursor: all of them begin with "k".
struct long_keys : mem_store {
  using perdure_store = long_keys;
  std::size_t size = 0;
  int pages = 0;
  result<listed> list(key_view, key_view cursor, std::size_t, object_visitor visitor) {
    REQUIRE(++pages < 10);
    for (const char last : {'a', 'b'}) {
      const std::string key = std::string(size, 'k') + last;
      if (detail::compare_keys(key, cursor) <= 0) continue;
      return visitor({key, 0}) == visit::stop || last == 'a' ? listed::more : listed::all;
    }
    return listed::all;
  }
};

}  // namespace

TEST_CASE("key_pages: every object of the prefix is shown once, also where it is removed meanwhile") {
  mem_store store;
  for (int i = 0; i < 25; ++i) REQUIRE(store.put("k/" + std::to_string(i), "", precondition::any));
  REQUIRE(store.put("l", "", precondition::any));
  for (const std::size_t page_keys : {1U, 7U, 25U, 1000U}) {
    int shown = 0;
    CHECK(detail::for_each_object(store, "k/", page_keys, [&](const listed_object&) { return ++shown, visit::go_on; }));
    CHECK(shown == 25);
  }
  CHECK(detail::for_each_object(store, "k/", 7, [&](const listed_object& one) -> result<visit> {
    PERDURE_TRY(store.remove(one.key));
    return visit::go_on;
  }));
  CHECK(store.list("", {}, 100, [](const listed_object& one) {
    CHECK(one.key == key_view("l"));
    return visit::go_on;
  }));
}

TEST_CASE("key_pages: a visitor ends it, and what it fails with is the answer") {
  mem_store store;
  for (const char* const key : {"a", "b", "c"}) REQUIRE(store.put(key, "", precondition::any));
  int shown = 0;
  CHECK(detail::for_each_object(store, "", 1, [&](const listed_object&) { return ++shown == 2 ? visit::stop : visit::go_on; }));
  CHECK(shown == 2);
  for (const std::size_t page_keys : {1U, 100U}) {
    shown = 0;
    const auto failed = detail::for_each_object(store, "", page_keys, [&](const listed_object&) -> result<visit> {
      if (++shown == 2) return failure(code::permission, operation::load);
      return visit::go_on;
    });
    CHECK((!failed && failed.error().code() == code::permission && shown == 2));
  }
}

TEST_CASE("key_pages: behind a key that is too long for a cursor nothing is shown twice for ever") {
  long_keys store;
  store.size = 4000;
  CHECK(detail::for_each_object(store, "k", 1, [](const listed_object&) { return visit::go_on; }));
  store.size = 5000;
  const auto done = detail::for_each_object(store, "k", 1, [](const listed_object&) { return visit::go_on; });
  CHECK((!done && done.error().code() == code::too_large));
}
