// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/cluster/sweep_cluster.hpp>
#include <perdure/store/any_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/fault_store.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/clusters.hpp>

using namespace tests;
using key_list = std::vector<std::string>;
using cluster_type = cluster_store<any_store, manual_clock>;

namespace {

struct place {
  mem_store objects;
  testing::fault_store<mem_store> faulty{objects};
  any_store store{faulty};
  manual_clock clock;
  cluster_type cluster{store, clock, names_of};
  place() {
    (void)cluster.begin(claim_of(store));
    (void)commit(cluster, {"one", {"a", "b"}, "social"});
    (void)cluster.end();
  }
  result<cluster_swept> sweep() {
    PERDURE_TRY(cluster.begin(claim_of(store)));
    const auto done = sweep_cluster(cluster);
    PERDURE_TRY(cluster.end());
    return done;
  }
  void put(const std::string& key) { CHECK(store.put(key, "x", precondition::any)); }
  std::string payload_key(const char* of, std::uint64_t operation) {
    const auto key = detail::key_of(payload_id{sha256_of(of), operation});
    return {key.data(), key.size()};
  }
};

}  // namespace

TEST_CASE("sweep_cluster: what the state names stays, and all that nothing names goes, each whole root of it") {
  place here;
  const key_list before = keys_in(here.store, "");
  CHECK(here.sweep()->payloads == 0);
  CHECK(keys_in(here.store, "") == before);
  here.put(here.payload_key("c", 2));
  here.put(here.payload_key("a", 2));
  for (int i = 0; i < 40; ++i) here.put("graphs/social-2/" + std::to_string(i));
  here.put("graphs/other-1/x");
  here.put("graphs/other-1/y/z");
  here.put("recovery/2");
  const auto swept = here.sweep();
  REQUIRE(swept);
  CHECK(swept->payloads == 2);
  CHECK(swept->payloads_kept == 2);
  CHECK(swept->roots == 2);
  CHECK(swept->sidecars == 1);
  CHECK(keys_in(here.store, "") == before);
}

TEST_CASE("sweep_cluster: what a later operation makes, and what none has made, is left alone") {
  place here;
  const key_list strangers = {
      here.payload_key("later", 1000), "catalog/readme", "graphs/later-1000/x", "graphs/mine/x", "recovery/1000", "recovery/x"};
  for (const std::string& one : strangers) here.put(one);
  const key_list before = keys_in(here.store, "");
  const auto swept = here.sweep();
  REQUIRE(swept);
  CHECK(swept->payloads + swept->roots + swept->sidecars == 0);
  CHECK(keys_in(here.store, "") == before);
}

TEST_CASE("sweep_cluster: a root whose name is the beginning of another's is swept alone") {
  place here;
  for (const char* const key : {"graphs/social-10/x", "graphs/social-1-1/x", "graphs/social-100", "graphs/social-10x/a"})
    here.put(key);
  const auto swept = here.sweep();
  REQUIRE(swept);
  CHECK(swept->roots == 1);  // the tenth operation has yet to come
  CHECK(keys_in(here.store, "graphs/") ==
        key_list{"graphs/social-1/a", "graphs/social-10/x", "graphs/social-100", "graphs/social-10x/a"});
}

TEST_CASE("sweep_cluster: without a lock, after a commit, or once somebody has taken over, nothing is deleted") {
  place here;
  here.put(here.payload_key("c", 1));
  const auto all = keys_in(here.store, "catalog/");
  CHECK(sweep_cluster(here.cluster).error().code() == code::invalid_argument);
  REQUIRE(here.cluster.begin(claim_of(here.store))->done);
  cluster_type other(here.store, here.clock, names_of);
  REQUIRE(other.force_unlock(other.holder()->id)->done);
  REQUIRE(other.begin(claim_of(here.store))->done);
  REQUIRE(commit(other, {"two", {"a", "b"}, "social"}));
  CHECK(sweep_cluster(other).error().code() == code::invalid_argument);
  CHECK(sweep_cluster(here.cluster).error().code() == code::conflict);
  CHECK(keys_in(here.store, "catalog/") == all);
}

TEST_CASE("sweep_cluster: who was forced out before it has swept can commit no more") {
  place here;
  REQUIRE(here.cluster.begin(claim_of(here.store))->done);
  cluster_type other(here.store, here.clock, names_of);
  const auto done = commit(here.cluster, {"late", {"late"}});
  REQUIRE(done);
  REQUIRE(here.cluster.end());
  REQUIRE(here.cluster.begin(claim_of(here.store))->done);
  const auto late = here.cluster.id_of("later");
  const auto answer = here.cluster.commit("payload " + text_of(*late) + "\n", [&]() -> result<void> {
    PERDURE_TRY(here.cluster.put("later"));
    PERDURE_TRY(other.force_unlock(other.holder()->id));
    PERDURE_TRY(other.begin(claim_of(here.store)));
    PERDURE_TRY(sweep_cluster(other));
    return {};
  });
  REQUIRE(answer);
  CHECK(answer->answer == ledger_answer::fenced);
  CHECK(keys_in(here.store, "catalog/") == key_list{here.payload_key("late", done->serial)});
}

TEST_CASE("sweep_cluster: a state that cannot be read is nothing to delete by") {
  place here;
  here.put(here.payload_key("c", 1));
  cluster_type blind(here.store, here.clock,
                     [](bytes, cluster_name_visitor) -> result<void> { return failure(code::corrupt, operation::load); });
  REQUIRE(blind.begin(claim_of(here.store))->done);
  CHECK(sweep_cluster(blind).error().code() == code::corrupt);
  CHECK(keys_in(here.store, "catalog/").size() == 3);
}
