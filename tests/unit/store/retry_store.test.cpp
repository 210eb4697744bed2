// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/mem_store.hpp>
#include <perdure/store/retry_store.hpp>
#include <perdure/testing/fault_store.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>

#include <string>
#include <vector>

using namespace perdure;
using testing::read_text;

namespace {

using faulty = testing::fault_store<mem_store>;

struct place {
  mem_store objects;
  manual_clock clock;
  faulty base{objects};

  explicit place(const char* rules) { base.plan().add(rules); }
  retry_store<faulty, manual_clock> store(const retry_options& options = {}) { return {base, clock, options}; }
  std::uint64_t strikes() { return base.plan().strikes(0); }
};

}  // namespace

TEST_CASE("retry_store: what failed for the moment, and did nothing, is made again") {
  for (const char* const code : {"busy", "timed_out", "io"}) {
    const std::string rule = std::string(" ** times 3 ") + code;
    char room[4];
    for (const char* const called : {"get", "head", "put", "remove_object", "list_objects", "settle"}) {
      // A put or remove that nobody answered is in doubt.
      const bool changes = called[0] == 'p' || called[0] == 'r';
      if (changes && std::string(code) != "busy") continue;
      INFO(called << rule);
      place here((called + rule).c_str());
      REQUIRE(here.base.plan().ok());
      auto store = here.store();
      REQUIRE(here.objects.put("k", "v", precondition::any));
      CHECK(store.get("k", room));
      CHECK(store.get_range("k", 0, room));
      CHECK(store.head("k"));
      CHECK(store.put("l", "w", precondition::any));
      CHECK(store.put("m", "x", precondition::absent));
      CHECK(store.list("", "", 9, [](const listed_object&) { return visit::go_on; }).value() == listed::all);
      CHECK(store.settle("k"));
      CHECK(store.remove("k"));
      CHECK(here.strikes() == 3);
    }
  }
}

TEST_CASE("retry_store: what another call would not mend is not made again") {
  for (const char* const code : {"permission", "no_space", "too_large", "unsupported", "sync_lost", "conflict"}) {
    place here((std::string("put ** ") + code).c_str());
    auto store = here.store();
    CHECK_FALSE(store.put("k", "v", precondition::any));
    CHECK_FALSE(store.put("k", "v", precondition::absent));
    CHECK(here.strikes() == 2);
    CHECK(here.clock.elapsed_ns() == 0);
  }
}

TEST_CASE("retry_store: waits grow, differ from one to another, and end in time") {
  std::vector<std::int64_t> sums;
  for (int i = 0; i < 4; ++i) {
    place here("get ** busy");
    auto store = here.store({.attempts_max = 5, .first_wait_ns = 1000, .longest_wait_ns = 4000});
    char room[4];
    CHECK(store.get("k", room).error().code() == code::busy);
    CHECK(here.strikes() == 5);
    // Of 1000, 2000, 4000 and 4000: at least half of it, at most all.
    CHECK((here.clock.elapsed_ns() >= 5500 && here.clock.elapsed_ns() <= 11'000));
    sums.push_back(here.clock.elapsed_ns());
  }
  CHECK((sums[0] != sums[1] || sums[1] != sums[2] || sums[2] != sums[3]));

  place patient("get ** busy");
  auto store = patient.store({.attempts_max = UINT32_MAX, .give_up_after_ns = 60 * ns_per_second});
  char room[4];
  CHECK_FALSE(store.get("k", room));
  CHECK((patient.clock.elapsed_ns() > 50 * ns_per_second && patient.clock.elapsed_ns() <= 60 * ns_per_second));
  CHECK(patient.strikes() < 40);
  place odd("get ** busy");
  auto none = odd.store({.first_wait_ns = 0, .longest_wait_ns = 0});
  CHECK_FALSE(none.get("k", room));
  CHECK((odd.strikes() == 6 && odd.clock.elapsed_ns() == 0));
}

TEST_CASE("retry_store: a put in doubt without a condition, and a remove, are told as they are, unless they cannot hurt") {
  place here("put ** times 1 timed_out after\nremove_object ** times 1 timed_out after");
  auto store = here.store();
  const auto put = store.put("k", "v", precondition::any);
  CHECK((!put && put.error().doubt() == doubt::visible));
  const auto removed = store.remove("k");
  CHECK((!removed && removed.error().doubt() == doubt::visible));
  CHECK(here.clock.elapsed_ns() == 0);

  place content("put ** times 2 timed_out after\nremove_object ** times 2 timed_out");
  auto again = content.store({.puts = in_doubt::is_made_again, .removes = in_doubt::is_made_again});
  CHECK(again.put("k", "v", precondition::any));
  CHECK(again.remove("k"));
  CHECK(content.base.plan().strikes(1) == 2);
  // One that may be on its way still is, whatever became of the others.
  place worse("put ** times 1 timed_out after\nput ** permission");
  auto tried = worse.store({.puts = in_doubt::is_made_again});
  const auto left = tried.put("k", "v", precondition::any);
  CHECK((!left && left.error().code() == code::permission && left.error().doubt() == doubt::visible));
}

TEST_CASE("retry_store: an unanswered put with a condition is found to be ours, or to be lost, or is told as unknown") {
  {
    place here("put ** times 2 timed_out after");
    auto store = here.store();
    const auto put = store.put("k", "mine", precondition::absent);
    REQUIRE(put);
    CHECK(store.put("k", "next", precondition::matches(*put)));
  }
  {
    place here("put ** times 1 conflict after");  // against itself
    auto store = here.store();
    const auto old = here.objects.put("k", "old", precondition::any);
    CHECK(store.put("k", "mine", precondition::matches(*old)));
    CHECK(here.strikes() == 1);
    CHECK(is_lost(store.put("k", "other", precondition::matches(*old)).error()));
  }
  {
    place here("put ** timed_out after");
    auto store = here.store({.conditional_puts = in_doubt::is_told});
    const auto put = store.put("k", "mine", precondition::absent);
    CHECK((!put && put.error().doubt() == doubt::visible && here.strikes() == 1));
  }
  {
    place here("put ** times 1 timed_out");
    auto store = here.store({.attempts_max = 1});
    const auto put = store.put("k", "mine", precondition::absent);
    CHECK((!put && put.error().doubt() == doubt::visible));
  }
}

TEST_CASE("retry_store: what was replaced meanwhile is ours if its history says so") {
  // The first put is kept, and a third writer replaces it before the second is sent.
  for (const enum trace says : {trace::there, trace::none, trace::unknown}) {
    mem_store objects;
    manual_clock clock;
    testing::fault_plan plan("put ** times 1 timed_out after");
    plan.before_each([&](enum operation called, key_view) {
      if (called == operation::put && objects.head("k")) (void)objects.put("k", "theirs, longer", precondition::any);
    });
    faulty base(objects, plan);
    std::string asked;
    retry_store store(base, clock, {}, [&](key_view, bytes now, gather ours) {
      asked.assign(reinterpret_cast<const char*>(now.data()), now.size());
      CHECK(ours.size() == 4);
      return says;
    });
    const auto put = store.put("k", "mine", precondition::absent);
    CHECK(asked == "theirs, longer");
    CHECK(put.has_value() == (says == trace::there));
    if (put) CHECK(is_lost(objects.put("k", "x", precondition::matches(*put)).error()));
    if (says == trace::none) CHECK(is_lost(put.error()));
    if (says == trace::unknown) CHECK(put.error().doubt() == doubt::visible);
  }
}

TEST_CASE("retry_store: a page that breaks off ends there, and no key is shown twice") {
  place here("list_objects ** times 1 io short 2");
  auto store = here.store();
  for (const char* const key : {"a", "b", "c"}) REQUIRE(here.objects.put(key, "", precondition::any));
  std::string shown;
  const auto visitor = [&](const listed_object& one) {
    shown.append(one.key.data(), one.key.size());
    return visit::go_on;
  };
  CHECK(store.list("", "", 9, visitor).value() == listed::more);
  CHECK(shown == "ab");
  CHECK(store.list("", "b", 9, visitor).value() == listed::all);
  CHECK(shown == "abc");
}

TEST_CASE("retry_store: what is ours and could not be made durable is in doubt, and is not asked about again") {
  place here("put ** times 1 timed_out after\nsettle ** sync_lost");
  REQUIRE(here.base.plan().ok());
  auto store = here.store();
  const auto put = store.put("k", "mine", precondition::absent);
  REQUIRE_FALSE(put);
  CHECK((put.error().code() == code::sync_lost && put.error().doubt() == doubt::durable));

  struct lossy : mem_store {
    using perdure_store = lossy;
    int puts = 0;
    result<etag> put(key_view, gather, const precondition&) {
      ++puts;
      return failure(code::io, operation::put).with(doubt::durable);
    }
  } base;
  manual_clock clock;
  retry_store again(base, clock, {.puts = in_doubt::is_made_again});
  for (const auto& when : {precondition::any, precondition::absent}) {
    const auto lost = again.put("k", "v", when);
    CHECK((!lost && lost.error().doubt() == doubt::durable));
  }
  CHECK(base.puts == 2);
}

TEST_CASE("retry_store: what is settled at once stays one call, which is made again") {
  struct batches : mem_store {
    using perdure_store = batches;
    int calls = 0;
    result<void> settle_many(const key_view*, std::size_t) {
      return ++calls == 1 ? result<void>(failure(code::busy, operation::settle)) : result<void>();
    }
  } base;
  manual_clock clock;
  retry_store store(base, clock);
  const key_view keys[] = {"a", "b"};
  CHECK(settle_many(store, keys, 2));
  CHECK(base.calls == 2);
}
