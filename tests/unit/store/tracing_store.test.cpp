// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/store/tracing_store.hpp>
#include <perdure/testing/fault_store.hpp>

#include <tests/support/catch.hpp>

#include <string>
#include <vector>

using namespace perdure;

namespace {

std::string told(const store_call& call) {
  return std::string(describe(call.operation)) + " " + std::string(call.key.data(), call.key.size()) + " " +
         std::to_string(call.objects) + " " + std::to_string(call.size_bytes) + " " + std::to_string(call.elapsed_ns) +
         (call.fails == nullptr ? "" : " " + std::string(describe(call.fails->code())));
}

}  // namespace

TEST_CASE("tracing_store: each call is told when it has ended, with its time and its failure") {
  mem_store objects;
  manual_clock clock;
  testing::fault_plan plan("get ** nth 2 timed_out slow 3");
  plan.sleep_with([&](std::uint64_t milliseconds) { clock.advance_ns(static_cast<std::int64_t>(milliseconds) * 1'000'000); });
  testing::fault_store slow(objects, plan);
  std::vector<std::string> all;
  tracing_store store(slow, clock, [&](const store_call& call) { all.push_back(told(call)); });
  char room[8];
  CHECK(store.put("k", "12345", precondition::any));
  CHECK(store.get("k", room));
  CHECK_FALSE(store.get("k", room));
  CHECK(store.list("", "", 10, [](const listed_object&) { return visit::go_on; }));
  CHECK(store.remove("k"));
  CHECK(all == std::vector<std::string>{"put k 1 5 0", "get k 1 5 0", "get k 1 0 3000000 no answer came in time",
                                        "listing the objects  1 0 0", "removing the object k 1 0 0"});
}

TEST_CASE("tracing_store: a stream is told with what came of it") {
  mem_store objects;
  manual_clock clock;
  std::vector<std::string> all;
  tracing_store store(objects, clock, [&](const store_call& call) { all.push_back(told(call)); });
  CHECK_FALSE(put_stream(store, "k", [](mutable_bytes) -> result<std::size_t> { return 0U; }));
  CHECK(all == std::vector<std::string>{"put k 1 0 0 this system, volume or program cannot do it"});
}
