// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Programs that believe what a store answers, over a retry_store over one that loses requests and answers, turns them away, and
// lets them come late.

#include <perdure/store/retry_store.hpp>

#include <tests/crash/proof.hpp>
#include <tests/crash/store_programs.hpp>

namespace proofs_of_retry_store {

using namespace tests;

namespace {

// Makes every call again until it is answered, and believes the answer.
class blind_store : public crash_store {
 public:
  using perdure_store = blind_store;
  explicit blind_store(crash_store& base) : crash_store(base) {}
  [[nodiscard]] result<etag> put(key_view key, gather content, const precondition& when) {
    for (int tries = 1;; ++tries) {
      auto done = crash_store::put(key, content, when);
      if (done || tries == 3) return done;
      const enum code code = done.error().code();
      if (code == code::conflict || code == code::already_exists) return done.error().with(doubt::none);
    }
  }
};

// The nonces of the last 16 are in the value.
struct ring {
  [[nodiscard]] trace operator()(key_view, bytes now, gather ours) const {
    const auto text = [](bytes from) { return std::string(reinterpret_cast<const char*>(from.data()), from.size()); };
    const auto value = counter_value::parse(text(now));
    if (value.has(counter_value::parse(text(*ours.begin())).nonces.at(0))) return trace::there;
    return value.nonces.size() < 16 ? trace::none : trace::unknown;
  }
};
using lab_retry = retry_store<crash_store, manual_clock>;
using lab_retry_with_history = retry_store<crash_store, manual_clock, ring>;

// Adds one, and believes what it hears.
template <Store S>
[[nodiscard]] result<void> add(S& store) {
  for (int tries = 0; tries < 3; ++tries) {
    std::string text;
    const auto there = read_object(store, "count", text, 1000);
    if (!there && there.error().code() != code::not_found) return there.error();
    counter_value value = counter_value::parse(there ? text : "0");
    ++value.count;
    value.nonces.insert(value.nonces.begin(), nonce_of(store));
    const auto put = store.put("count", value.text(), there ? precondition::matches(there->etag) : precondition::absent);
    if (put) return {};
    if (!is_lost(put.error())) return put.error();
  }
  return not_at_all();
}

enum class over { retry, retry_with_history, blind };
result<void> add_over(over how, world& world) {
  constexpr retry_options few{.attempts_max = 3};
  if (how == over::blind) {
    blind_store store(world.store());
    return add(store);
  }
  if (how == over::retry_with_history) {
    lab_retry_with_history store(world.store(), world.clock(), few);
    return add(store);
  }
  lab_retry store(world.store(), world.clock(), few);
  return add(store);
}

exploration counting(over how, std::uint32_t faults) {
  exploration what;
  what.faults = faults;
  what.workload = [how](world& world) {
    for (const char* const name : {"a", "b"}) world.step(name, [&] { return add_over(how, world); });
  };
  what.check = counted;
  return what;
}
exploration counting_beside(over how, std::uint32_t faults) {
  exploration what = counting(how, faults);
  what.preemptions = 2;
  what.workload = [how](world& world) {
    world.together([&] { world.step("a", [&] { return add_over(how, world); }); },
                   [&] { world.step("b", [&] { return add_over(how, world); }); });
  };
  return what;
}
void holds(const exploration& what, std::uint64_t runs_least) {
  const auto report = explore(what);
  INFO(report.text());
  CHECK((report.ok() && report.exhaustive));
  CHECK(report.runs >= runs_least);
}

// Two values without a condition, one after the other: when both were acknowledged it is the second.
exploration replacing(enum in_doubt puts) {
  exploration what;
  what.faults = 1;
  what.workload = [puts](world& world) {
    lab_retry store(world.store(), world.clock(), {.attempts_max = 3, .puts = puts});
    for (const char* const value : {"1", "2"}) {
      world.step(value, [&]() -> result<void> {
        const auto put = store.put("k", value, precondition::any);
        return put ? result<void>() : put.error();
      });
    }
  };
  what.check = [](after_crash& after) -> verdict {
    for (const char* const value : {"1", "2"}) {
      if (after.outcome_of(value) != step_outcome::acknowledged) return true;
    }
    const auto found = read_text(after.store(), "k");
    return found && *found == "2" ? verdict(true) : verdict("the second was acknowledged, and is gone");
  };
  return what;
}

}  // namespace

TEST_CASE("retry_store: what believes every answer of a store that is asked again blindly counts twice") {
  CHECK(refuted(counting(over::blind, 1)).find("counted ") == 0);
}

TEST_CASE("retry_store: no addition is lost and none is doubled, whatever is lost, late or turned away") {
  CHECK(prove("one", counting(over::retry, 1)) > 5);
  holds(counting(over::retry, 2), 100);
  holds(counting(over::retry_with_history, 2), 100);
}

TEST_CASE("retry_store: nor of two at once") {
  CHECK_FALSE(refuted(counting_beside(over::blind, 1)).empty());
  holds(counting_beside(over::retry, 1), 400);
  holds(counting_beside(over::retry_with_history, 1), 400);
}

TEST_CASE("retry_store: nor of two at once with two faults", "[.][long]") {
  holds(counting_beside(over::retry, 2), 2000);
  holds(counting_beside(over::retry_with_history, 2), 2000);
}

TEST_CASE("retry_store: nor when the process is killed in the middle, and the next one goes on") {
  exploration what = counting(over::retry, 1);
  what.workload = [](world& world) { world.step("a", [&] { return add_over(over::retry, world); }); };
  what.restart = [](world& world) { world.step("b", [&] { return add_over(over::retry, world); }); };
  holds(what, 50);
}

TEST_CASE("retry_store: a lock that believes refusals is held by who believes it") {
  exploration what;
  what.faults = 2;
  what.workload = [](world& world) {
    const store_lock lock{.believes_refusals = true};
    lab_retry store(world.store(), world.clock(), {.attempts_max = 3});
    std::string held;
    world.step("a", [&] { return lock.take(store, "a", held); });
    if (!held.empty()) world.step("free", [&] { return lock.release(store, held); });
    held.clear();
    world.step("b", [&] { return lock.take(store, "b", held); });
  };
  what.check = [](after_crash& after) { return after.latest_is(holder(after.store()), "free"); };
  holds(what, 100);
}

TEST_CASE("retry_store: a put without a condition is not made again when it is in doubt, for the first may undo a later one") {
  CHECK(prove("told", replacing(in_doubt::is_told)) > 5);
  CHECK_FALSE(refuted(replacing(in_doubt::is_made_again)).empty());
}

}  // namespace proofs_of_retry_store
