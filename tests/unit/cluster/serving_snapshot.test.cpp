// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/cluster/serving_snapshot.hpp>
#include <perdure/store/any_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/fault_store.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/clusters.hpp>

using namespace tests;

namespace {

struct place {
  mem_store objects;
  testing::fault_store<mem_store> faulty{objects};
  any_store store{faulty};
  manual_clock clock;
  void run(const wanted& want) {
    any_store direct(objects);
    cluster_store<any_store, manual_clock> cluster(direct, clock, names_of);
    const auto mine = cluster.begin(claim_of(direct));
    CHECK((mine && mine->done));
    CHECK(commit(cluster, want));
    CHECK(cluster.end());
  }
  std::string text(bytes of) { return {reinterpret_cast<const char*>(of.data()), of.size()}; }
};

}  // namespace

TEST_CASE("serving_snapshot: it is one version whole, and follows the ledger, and a root that has moved") {
  place here;
  serving_snapshot served(here.store, names_of);
  CHECK_FALSE(*served.refresh());
  CHECK(served.entry().serial == 0);
  here.run({"one", {"a", "b"}, "social"});
  CHECK(*served.refresh());
  CHECK_FALSE(*served.refresh());
  CHECK(served.payloads() == 2);
  CHECK(here.text(*served.payload({sha256_of("a"), 1})) == "a");
  auto root = served.root("social-1");
  CHECK(*testing::read_text(root, "a") == "one");
  here.run({"two", {"b", "ccc"}, "social"});
  // What was served is served until the next refresh; what lies under its root is gone, and that is told.
  CHECK(here.text(*served.payload({sha256_of("a"), 1})) == "a");
  CHECK(testing::read_text(root, "a").error().code() == code::not_found);
  CHECK(*served.refresh());
  CHECK(here.text(*served.payload({sha256_of("ccc"), 2})) == "ccc");
  CHECK(served.payload({sha256_of("a"), 1}).error().code() == code::not_found);
  auto moved = served.root("social-2");
  CHECK(*testing::read_text(moved, "a") == "two");
}

TEST_CASE("serving_snapshot: of many payloads each is found, and what is none of them is not") {
  place here;
  wanted want = {"many"};
  for (int i = 0; i < 300; ++i) want.payloads.push_back("payload " + std::to_string(i));
  here.run(want);
  serving_snapshot served(here.store, names_of);
  CHECK(*served.refresh());
  CHECK(served.payloads() == want.payloads.size());
  for (const std::string& one : want.payloads) {
    CHECK(here.text(*served.payload({sha256_of(one), 1})) == one);
    CHECK(served.payload({sha256_of(one), 2}).error().code() == code::not_found);
  }
  CHECK(served.payload({sha256_of("none"), 1}).error().code() == code::not_found);
}

TEST_CASE("serving_snapshot: where a writer takes a payload away in the middle, it is the newer state that is served") {
  place here;
  here.run({"one", {"a"}});
  serving_snapshot served(here.store, names_of);
  bool ran = false;
  here.faulty.plan().before_each([&](enum operation, key_view key) {
    if (ran || std::string(key.data(), key.size()).find("catalog/") != 0) return;
    ran = true;
    here.run({"two", {"b"}});
  });
  CHECK(*served.refresh());
  CHECK(ran);
  CHECK(served.entry().serial == 2);
  CHECK(here.text(*served.payload({sha256_of("b"), 2})) == "b");
}

TEST_CASE("serving_snapshot: whichever call fails, and whatever is damaged or gone, what was served is served on") {
  place here;
  here.run({"one", {"a", "b"}});
  serving_snapshot served(here.store, names_of, {.payloads_bytes_max = 4});
  REQUIRE(served.refresh());
  const auto still = [&](const char* what, enum code code) {
    INFO(what);
    const auto now = served.refresh();
    REQUIRE_FALSE(now);
    CHECK(now.error().code() == code);
    CHECK(served.entry().serial == 1);
    CHECK(here.text(served.entry().state).substr(0, 9) == "note one\n");
    CHECK(here.text(*served.payload({sha256_of("a"), 1})) == "a");
  };
  here.run({"two", {"a", "bbbb"}});
  still("too large", code::too_large);
  here.run({"two", {"a", "c"}});
  const auto key = detail::key_of(payload_id{sha256_of("c"), 3});
  here.faulty.plan().add("get catalog/** nth 2 io");
  still("a get that fails", code::io);
  REQUIRE(here.store.put(key, "d", precondition::any));
  still("damaged", code::corrupt);
  REQUIRE(here.store.remove(key));
  still("gone for good", code::corrupt);
  REQUIRE(here.store.put(key, "c", precondition::any));
  CHECK(*served.refresh());
  CHECK(served.entry().serial == 3);
}
