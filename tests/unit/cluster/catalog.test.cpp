// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/cluster/catalog.hpp>
#include <perdure/store/any_store.hpp>
#include <perdure/store/counting_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/fault_store.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>

#include <string>
#include <vector>

using namespace perdure;
using faulty = testing::fault_store<mem_store>;

namespace {

std::string key_of(const payload_id& id) {
  const auto key = detail::key_of(id);
  return {key.data(), key.size()};
}
template <class T>
bool fails(const result<T>& answer, enum code code) {
  return !answer && answer.error().code() == code;
}

}  // namespace

TEST_CASE("catalog: a payload is one object under its digest and its operation, and is read back as it was put") {
  mem_store store;
  catalog payloads(store);
  const std::string parts[] = {"", "abc", std::string(100'000, 'x'), std::string("a\0b", 3)};
  for (const std::string& payload : parts) {
    const auto id = payloads.put(payload, 7);
    REQUIRE(id);
    CHECK(id->of == sha256_of(payload));
    CHECK(id->operation == 7);
    CHECK(*testing::read_text(store, key_of(*id)) == payload);
    std::string back = "something else";
    REQUIRE(payloads.get(*id, back, 1 << 20));
    CHECK(back == payload);
  }
  CHECK(fails(payloads.put("abc", 0), code::invalid_argument));
}

TEST_CASE("catalog: put again it is the same one, made durable; and what is damaged is put right") {
  mem_store store;
  faulty watched(store);
  catalog payloads(watched);
  const auto id = payloads.put("abc", 7);
  REQUIRE(id);
  CHECK(*payloads.put("abc", 7) == *id);
  for (const char* const damage : {"abd", "", "a longer one than that"}) {
    REQUIRE(store.put(key_of(*id), damage, precondition::any));
    std::string back;
    CHECK(fails(payloads.get(*id, back, 100), code::corrupt));
    CHECK(*payloads.put("abc", 7) == *id);
    REQUIRE(payloads.get(*id, back, 100));
    CHECK(back == "abc");
  }
  // Of another operation it is another one, which outlives the first.
  const auto other = payloads.put("abc", 8);
  REQUIRE(other);
  CHECK_FALSE(*other == *id);
  REQUIRE(payloads.remove(*id));
  REQUIRE(payloads.remove(*id));
  std::string back;
  CHECK(fails(payloads.get(*id, back, 100), code::not_found));
  CHECK(payloads.get(*other, back, 100));
}

TEST_CASE("catalog: an answer that was lost is settled by the same put, and what cannot be looked at is no success") {
  for (const char* const rule : {"put ** nth 1 timed_out after", "put ** nth 1 timed_out", "put ** nth 1 already_exists after"}) {
    mem_store store;
    faulty unsure(store, rule);
    catalog payloads(unsure);
    const auto first = payloads.put("abc", 7);
    INFO(rule);
    CHECK((first || first.error().doubt() == doubt::visible));
    CHECK(payloads.put("abc", 7));
  }
  mem_store store;
  REQUIRE(catalog(store).put("abc", 7));
  faulty blind(store, "head ** io");
  CHECK(fails(catalog(blind).put("abc", 7), code::io));
}

TEST_CASE("catalog: what is over a limit is refused when it is put and when it is read") {
  mem_store store;
  catalog payloads(store, {.payload_bytes_max = 3});
  const auto id = payloads.put("abc", 7);
  REQUIRE(id);
  CHECK(fails(payloads.put("abcd", 7), code::too_large));
  std::string back;
  CHECK(fails(payloads.get(*id, back, 2), code::too_large));
}

TEST_CASE("catalog: a listing shows each payload once over all pages, and no stranger") {
  mem_store store;
  catalog payloads(store, {.page_keys = 2});
  for (std::uint64_t operation = 1; operation <= 7; ++operation) REQUIRE(payloads.put("abc", operation));
  for (const char* const stranger : {"catalog/x", "catalog/sha256/zz/7", "catalog/~", "ledger"})
    REQUIRE(store.put(stranger, "", precondition::any));
  std::vector<std::uint64_t> seen;
  REQUIRE(payloads.list([&](const payload_id& id) { return seen.push_back(id.operation), visit::go_on; }));
  CHECK(seen == std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7});
  seen.clear();
  REQUIRE(payloads.list([&](const payload_id& id) { return seen.push_back(id.operation), visit::stop; }));
  CHECK(seen.size() == 1);
  faulty broken(store, "list_objects ** nth 2 io");
  CHECK(fails(catalog(broken, {.page_keys = 2}).list([](const payload_id&) { return visit::go_on; }), code::io));
}
