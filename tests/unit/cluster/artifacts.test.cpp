// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/cluster/artifacts.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>

#include <string>
#include <vector>

using namespace perdure;

namespace {

template <class T>
bool fails(const result<T>& answer, enum code code) {
  return !answer && answer.error().code() == code;
}

}  // namespace

TEST_CASE("artifacts: a sidecar and an approval are there until they are retired, and then they are not") {
  mem_store store;
  artifacts beside(store);
  const digest plan = sha256_of("plan");
  REQUIRE(beside.put_sidecar(12, "what is done"));
  REQUIRE(beside.approve(plan, "by me"));
  CHECK(*testing::read_text(store, "recovery/12") == "what is done");
  std::string text;
  REQUIRE(beside.sidecar(12, text));
  CHECK(text == "what is done");
  REQUIRE(beside.approval(plan, text));
  CHECK(text == "by me");
  CHECK(fails(beside.sidecar(13, text), code::not_found));
  for (int times = 0; times < 2; ++times) {
    REQUIRE(beside.retire_sidecar(12));
    REQUIRE(beside.retire_approval(plan));
  }
  CHECK(fails(beside.sidecar(12, text), code::not_found));
  CHECK(fails(beside.approval(plan, text), code::not_found));
  CHECK(fails(beside.put_sidecar(0, "x"), code::invalid_argument));
}

TEST_CASE("artifacts: what is over the limit is refused when it is put and when it is read") {
  mem_store store;
  artifacts large(store);
  artifacts small(store, {.size_bytes_max = 3});
  REQUIRE(large.put_sidecar(1, "abcd"));
  std::string text;
  CHECK(fails(small.sidecar(1, text), code::too_large));
  CHECK(fails(small.put_sidecar(2, "abcd"), code::too_large));
  CHECK(fails(small.approve(sha256_of("x"), "abcd"), code::too_large));
  CHECK(small.approve(sha256_of("x"), "abc"));
}

TEST_CASE("artifacts: a listing shows each of its kind once over all pages, and no stranger; what it shows may be retired") {
  mem_store store;
  artifacts beside(store, {.page_keys = 2});
  std::vector<std::uint64_t> all;
  for (std::uint64_t operation = 1; operation <= 5; ++operation) {
    REQUIRE(beside.put_sidecar(operation, "x"));
    REQUIRE(beside.approve(sha256_of(std::to_string(operation)), "x"));
    all.push_back(operation);
  }
  for (const char* const stranger : {"recovery/x", "recovery/07", "recovery/7/x", "approvals/x", "recovery"})
    REQUIRE(store.put(stranger, "", precondition::any));
  std::vector<std::uint64_t> seen;
  REQUIRE(beside.list_sidecars([&](std::uint64_t one) -> result<visit> {
    seen.push_back(one);
    PERDURE_TRY(beside.retire_sidecar(one));
    return visit::go_on;
  }));
  CHECK(seen == all);
  std::size_t approvals = 0;
  REQUIRE(beside.list_approvals([&](const digest&) -> result<visit> { return ++approvals, visit::go_on; }));
  CHECK(approvals == 5);
  seen.clear();
  REQUIRE(beside.list_sidecars([&](std::uint64_t one) -> result<visit> { return seen.push_back(one), visit::go_on; }));
  CHECK(seen.empty());
  CHECK(
      fails(beside.list_approvals([&](const digest&) -> result<visit> { return failure(code::io, operation::get); }), code::io));
}
