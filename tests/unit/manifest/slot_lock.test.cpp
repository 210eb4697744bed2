// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/manifest/slot_lock.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/fault_store.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/losing_slot.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace {

using namespace perdure;
using namespace perdure::testing;
using tests::losing_slot;

// One in which all that can be seen is durable; and something else may happen in front of a call.
struct store : fault_store<mem_store> {
  using perdure_store = store;
  using fault_store<mem_store>::fault_store;
  void settle(key_view) = delete;
};
// Sleeps for as long as the test says, and lets it do something meanwhile.
struct scripted_clock : manual_clock {
  bool stands_still = false;
  int sleeps = 0;
  std::int64_t longest_ns = 0;
  std::function<void()> meanwhile = {};
  void sleep_ns(std::int64_t nanoseconds) {
    ++sleeps;
    if (nanoseconds > longest_ns) longest_ns = nanoseconds;
    if (!stands_still) advance_ns(nanoseconds);
    if (meanwhile) meanwhile();
  }
};
using lock = slot_lock<object_slot<store>, scripted_clock>;

std::string text_of(bytes from) { return {reinterpret_cast<const char*>(from.data()), from.size()}; }
lock_id id(std::uint64_t number) { return lock_id::of({9, 9, 9, number}); }

constexpr std::int64_t second = ns_per_second;

struct place {
  mem_store memory;
  store objects{memory};
  scripted_clock clock;

  object_slot<store> slot() { return object_slot(objects, "lock"); }
  // Who has it, by the token; "free" with who had it last.
  std::string holder() {
    lock other(slot(), clock);
    const auto seen = other.observe();
    if (!seen) return describe(seen.error().code());
    return (seen->is_held ? "held " : "free ") + std::to_string(seen->token);
  }
};

TEST_CASE("slot_lock: who takes it has it, says who he is, and gives it back") {
  place at;
  at.clock.advance_ns(7);
  lock one(at.slot(), at.clock);
  CHECK_FALSE(one.is_held());
  CHECK(at.holder() == "free 0");
  const auto taken = one.take({.id = id(1), .name = "apply", .host = "machine", .process = 42});
  REQUIRE(taken);
  CHECK(taken->done);
  CHECK(one.is_held());
  const auto seen = one.observe();
  REQUIRE(seen);
  for (const lock_holder* const told : {&taken->holder, &*seen}) {
    CHECK(told->is_held);
    CHECK(told->id == id(1));
    CHECK(text_of(told->name()) == "apply");
    CHECK(text_of(told->host()) == "machine");
    CHECK(told->process == 42);
    CHECK(told->token == 1);
    CHECK(told->taken_unix_ns == 7);
    CHECK(told->lease_ns == 0);
  }
  const auto released = one.release();
  REQUIRE(released);
  CHECK(*released);
  CHECK_FALSE(one.is_held());
  CHECK(at.holder() == "free 1");
  CHECK_FALSE(*one.release());
}

TEST_CASE("slot_lock: whoever else asks is told who has it, and that stays so however long there is no lease") {
  place at;
  lock one(at.slot(), at.clock);
  lock other(at.slot(), at.clock);
  REQUIRE(one.take({.id = id(1), .name = "first"})->done);
  for (const std::int64_t passed : {std::int64_t{0}, 1000 * second, INT64_MAX / 2}) {
    at.clock.advance_ns(passed);
    const auto busy = other.take({.id = id(2)});
    REQUIRE(busy);
    CHECK_FALSE(busy->done);
    CHECK(text_of(busy->holder.name()) == "first");
    CHECK_FALSE(other.is_held());
    CHECK(one.is_held());
  }
  CHECK_FALSE(*other.release());
  CHECK_FALSE(other.renew()->done);
  CHECK(other.renew()->holder.id == id(1));
  CHECK(at.holder() == "held 1");
  REQUIRE(*one.release());
  const auto next = other.take({.id = id(2)});
  CHECK(next->done);
  CHECK(next->holder.token == 2);
}

TEST_CASE("slot_lock: a claim without an id, with a negative lease or where no token is left is refused, and nothing changes") {
  place at;
  lock one(at.slot(), at.clock);
  for (const lock_claim& claim :
       {lock_claim{}, lock_claim{.id = id(1), .lease_ns = -1}, lock_claim{.id = id(1), .token_above = UINT64_MAX}}) {
    const auto refused = one.take(claim);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == code::invalid_argument);
    CHECK(refused.error().outcome() == outcome::unchanged);
  }
  CHECK(at.holder() == "free 0");
  REQUIRE(one.take({.id = id(1), .token_above = UINT64_MAX - 1})->holder.token == UINT64_MAX);
  CHECK(one.take({.id = id(2)}).error().code() == code::invalid_argument);
  REQUIRE(*one.release());
  CHECK(one.take({.id = id(2)}).error().code() == code::invalid_argument);
  CHECK_FALSE(one.is_held());
}

TEST_CASE("slot_lock: a token is higher than each before, and than the one that is asked for") {
  place at;
  lock one(at.slot(), at.clock);
  CHECK(one.take({.id = id(1), .token_above = 10})->holder.token == 11);
  REQUIRE(one.release());
  CHECK(one.take({.id = id(2), .token_above = 5})->holder.token == 12);
}

TEST_CASE("slot_lock: its end gives it back") {
  place at;
  {
    lock one(at.slot(), at.clock);
    REQUIRE(one.take({.id = id(1)})->done);
    CHECK(at.holder() == "held 1");
  }
  CHECK(at.holder() == "free 1");
  {
    // Also where nobody knows yet that it is his.
    lock one(at.slot(), at.clock);
    at.objects.plan().add("put ** nth 1 timed_out after");
    at.objects.plan().add("get ** nth 2 io");
    REQUIRE_FALSE(one.take({.id = id(2)}));
    at.objects.plan().clear();
    CHECK(at.holder() == "held 2");
  }
  CHECK(at.holder() == "free 2");
}

TEST_CASE("slot_lock: who waits asks ever less often, and gets it when it is free, or is told after that time who has it") {
  place at;
  lock one(at.slot(), at.clock);
  lock other(at.slot(), at.clock, {.pause_ns = 1000});
  REQUIRE(one.take({.id = id(1)})->done);
  const auto busy = other.take({.id = id(2)}, second);
  REQUIRE(busy);
  CHECK_FALSE(busy->done);
  CHECK(busy->holder.id == id(1));
  CHECK(at.clock.elapsed_ns() == second);
  CHECK(at.clock.longest_ns == 64'000);
  at.clock.sleeps = 0;
  at.clock.meanwhile = [&] {
    if (at.clock.sleeps == 3) CHECK(*one.release());
  };
  CHECK(other.take({.id = id(3)}, second)->done);
  CHECK(at.clock.sleeps == 3);
}

TEST_CASE("slot_lock: to wait for it writes nothing, and what was looked at is loaded before it is taken") {
  // A store that has to be asked for durability: what a load finds is put again.
  mem_store memory;
  fault_store<mem_store> objects(memory);
  scripted_clock clock;
  using asking = slot_lock<object_slot<fault_store<mem_store>>, scripted_clock>;
  asking one(object_slot(objects, "lock"), clock);
  asking other(object_slot(objects, "lock"), clock);
  REQUIRE(one.take({.id = id(1)})->done);
  int puts = 0;
  objects.plan().before_each([&](operation called, path_view) { puts += called == operation::put ? 1 : 0; });
  CHECK_FALSE(other.take({.id = id(2)}, second)->done);
  CHECK(puts == 1);
  clock.meanwhile = [&] {
    (void)one.release();
    puts = 0;
  };
  CHECK(other.take({.id = id(3)}, second)->done);
  CHECK(puts == 2);
  objects.plan().before_each({});
}

TEST_CASE("slot_lock: who waits and is never the fastest goes on to wait") {
  losing_slot::place there;
  scripted_clock clock;
  slot_lock one(losing_slot{&there}, clock, {.tries_max = 2});
  slot_lock other(losing_slot{&there}, clock);
  REQUIRE(other.take({.id = id(1)})->done);
  int lost = 0;
  // It is given back while one sleeps, and taken again between his load and his put.
  clock.meanwhile = [&] {
    REQUIRE(*other.release());
    if (lost == 5) return;
    there.before_replace = [&] {
      ++lost;
      REQUIRE(other.take({.id = id(10 + static_cast<std::uint64_t>(lost))})->done);
    };
  };
  const auto taken = one.take({.id = id(2)}, 100 * second);
  REQUIRE(taken);
  CHECK((taken->done && lost == 5));
}

TEST_CASE("slot_lock: who waits goes on to wait behind an answer that was lost, where its token shows that he never had it") {
  losing_slot::place there;
  there.loads_lost = 0;
  there.took_effect = false;
  scripted_clock clock;
  slot_lock one(losing_slot{&there}, clock);
  slot_lock other(losing_slot{&there}, clock);
  // Another one has got the token, and nobody tells what became of the request.
  there.answers_lost = 1;
  there.meanwhile = [&] { REQUIRE(other.take({.id = id(1)})->done); };
  clock.meanwhile = [&] { (void)other.release(); };
  const auto taken = one.take({.id = id(2)}, 100 * second);
  REQUIRE(taken);
  CHECK((taken->done && taken->holder.token == 2));
  // Nobody has.
  REQUIRE(*one.release());
  there.answers_lost = 1;
  there.is_untold = true;
  const auto again = one.take({.id = id(3)});
  REQUIRE(again);
  CHECK((again->done && again->holder.token == 3));
  // It had it, and was forced out; whether by that or another one's take is all the same.
  REQUIRE(*one.release());
  for (const bool is_taken : {false, true}) {
    there.answers_lost = 1;
    there.took_effect = true;
    const auto own = id(is_taken ? 5 : 4);
    there.meanwhile = [&] {
      REQUIRE(other.force_unlock(own)->done);
      if (is_taken) REQUIRE(other.take({.id = id(6)})->done);
    };
    const auto over = one.take({.id = own});
    REQUIRE(over);
    CHECK_FALSE(over->done);
    CHECK_FALSE(one.is_held());
  }
}

TEST_CASE("slot_lock: to wait ends, whatever the numbers and the clock") {
  place at;
  lock one(at.slot(), at.clock);
  REQUIRE(one.take({.id = id(1)})->done);
  at.clock.stands_still = true;
  for (const std::int64_t pause : {std::int64_t{0}, std::int64_t{-5}, second, INT64_MAX}) {
    lock other(at.slot(), at.clock, {.pause_ns = pause});
    for (const std::int64_t wait : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1000}})
      CHECK_FALSE(other.take({.id = id(2)}, wait)->done);
  }
  at.clock.stands_still = false;
  lock other(at.slot(), at.clock, {.pause_ns = INT64_MAX});
  at.clock.meanwhile = [&] { (void)one.release(); };
  CHECK(other.take({.id = id(2)}, INT64_MAX)->done);
}

TEST_CASE("slot_lock: a lease ends for its holder first, and for another one when he has seen it unchanged for an eighth more") {
  for (const std::int64_t lease : {std::int64_t{1}, std::int64_t{7}, std::int64_t{8}, 80 * second}) {
    INFO(lease);
    place at;
    scripted_clock others;
    lock one(at.slot(), at.clock);
    lock other(at.slot(), others);
    REQUIRE(one.take({.id = id(1), .lease_ns = lease})->done);
    at.clock.advance_ns(lease - 1);
    CHECK(one.is_held());
    at.clock.advance_ns(1);
    CHECK_FALSE(one.is_held());
    // By his clock it may be as late as it will: what counts is for how long he has watched.
    others.advance_ns(1'000'000 * second);
    CHECK_FALSE(other.take({.id = id(2)})->done);
    others.advance_ns(lease + lease / 8);
    CHECK_FALSE(other.take({.id = id(2)})->done);
    others.advance_ns(1);
    const auto taken = other.take({.id = id(2)});
    CHECK(taken->done);
    CHECK(taken->holder.token == 2);
    CHECK_FALSE(one.renew()->done);
    CHECK_FALSE(*one.release());
    CHECK(other.is_held());
    CHECK(at.holder() == "held 2");
  }
}

TEST_CASE("slot_lock: a lease as long as there are numbers never ends") {
  place at;
  lock one(at.slot(), at.clock);
  scripted_clock others;
  lock other(at.slot(), others, {.pause_ns = INT64_MAX / 3});
  REQUIRE(one.take({.id = id(1), .lease_ns = INT64_MAX})->done);
  CHECK_FALSE(other.take({.id = id(2)})->done);
  at.clock.advance_ns(INT64_MAX - 1);
  others.advance_ns(INT64_MAX / 2);
  CHECK(one.is_held());
  CHECK_FALSE(other.take({.id = id(2)})->done);
  CHECK_FALSE(other.take({.id = id(2)}, INT64_MAX)->done);
}

TEST_CASE("slot_lock: who renews keeps it, for who waits begins anew") {
  place at;
  lock one(at.slot(), at.clock);
  scripted_clock others;
  lock other(at.slot(), others);
  REQUIRE(one.take({.id = id(1), .lease_ns = 8 * second})->done);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    CHECK_FALSE(other.take({.id = id(2)})->done);
    at.clock.advance_ns(7 * second);
    others.advance_ns(7 * second);
    CHECK(one.is_held());
    const auto renewed = one.renew();
    REQUIRE(renewed);
    CHECK(renewed->done);
    CHECK(renewed->holder.renewals == i);
    CHECK(renewed->holder.token == 1);
  }
  CHECK_FALSE(other.take({.id = id(2)})->done);
  others.advance_ns(9 * second + 1);
  CHECK(other.take({.id = id(2)})->done);
}

TEST_CASE("slot_lock: a lease is measured from before its take or renew was sent") {
  place at;
  lock one(at.slot(), at.clock);
  // The first answer takes long, and is lost.
  at.objects.plan().before_each([&](operation, path_view) { at.clock.advance_ns(second); });
  at.objects.plan().add("put ** nth 1 timed_out after");
  REQUIRE(one.take({.id = id(1), .lease_ns = 4 * second})->done);
  CHECK(one.is_held());
  at.clock.advance_ns(second);
  CHECK_FALSE(one.is_held());
  at.objects.plan().clear();
  at.objects.plan().add("put ** nth 1 timed_out after");
  REQUIRE(one.renew()->done);
  CHECK(one.is_held());
  at.clock.advance_ns(2 * second);
  CHECK_FALSE(one.is_held());
}

TEST_CASE("slot_lock: a take goes on with a lease of this object's that ran out, unless somebody has it since") {
  place at;
  lock one(at.slot(), at.clock);
  REQUIRE(one.take({.id = id(1), .lease_ns = second})->done);
  CHECK(one.take({.id = id(2)}).error().code() == code::invalid_argument);
  at.clock.advance_ns(second);
  const auto again = one.take({.id = id(3), .lease_ns = second});
  REQUIRE(again);
  CHECK(again->done);
  CHECK(again->holder.id == id(1));
  CHECK(one.is_held());
  at.clock.advance_ns(second);
  lock other(at.slot(), at.clock);
  REQUIRE(other.force_unlock(id(1))->done);
  REQUIRE(other.take({.id = id(4)})->done);
  const auto busy = one.take({.id = id(5), .lease_ns = second});
  CHECK_FALSE(busy->done);
  CHECK(busy->holder.id == id(4));
  REQUIRE(*other.release());
  CHECK(one.take({.id = id(6), .lease_ns = second})->holder.id == id(6));
}

TEST_CASE("slot_lock: force_unlock ends what is held under that id, and nothing else") {
  place at;
  lock one(at.slot(), at.clock);
  lock other(at.slot(), at.clock);
  CHECK_FALSE(other.force_unlock(id(1))->done);
  REQUIRE(one.take({.id = id(1)})->done);
  const auto wrong = other.force_unlock(id(2));
  CHECK_FALSE(wrong->done);
  CHECK(wrong->holder.id == id(1));
  CHECK(at.holder() == "held 1");
  CHECK(other.force_unlock(id(1))->done);
  CHECK(at.holder() == "free 1");
  CHECK_FALSE(other.force_unlock(id(1))->done);
  REQUIRE(other.take({.id = id(2)})->done);
  CHECK_FALSE(*one.release());
  CHECK_FALSE(one.is_held());
  CHECK(at.holder() == "held 2");
  // By its own hand, too.
  CHECK(other.force_unlock(id(2))->done);
  CHECK_FALSE(other.is_held());
  CHECK_FALSE(*other.release());
}

TEST_CASE("slot_lock: an answer that is lost, and a request that never came or comes late, are settled by the same call") {
  for (const char* const rule : {"put ** nth 1 timed_out after", "put ** nth 1 timed_out", "put ** nth 1 timed_out late 1",
                                 "put ** nth 1 busy", "put ** nth 1 conflict after"}) {
    INFO(rule);
    place at;
    const auto spoil = [&] {
      at.objects.plan().clear();
      at.objects.plan().add(rule);
    };
    lock one(at.slot(), at.clock);
    spoil();
    CHECK(one.take({.id = id(1), .lease_ns = second})->done);
    spoil();
    CHECK(one.renew()->done);
    spoil();
    CHECK(*one.release());
    CHECK(at.holder() == "free 1");
    REQUIRE(one.take({.id = id(2)})->done);
    lock other(at.slot(), at.clock);
    spoil();
    CHECK(other.force_unlock(id(2))->done);
    for (int i = 0; i < 4; ++i) CHECK(at.holder() == "free 2");
    CHECK_FALSE(*one.release());
  }
}

// The answer to a put and the look for it are lost.
void lose(store& objects, bool kept) {
  objects.plan().clear();
  objects.plan().add(kept ? "put ** nth 1 timed_out after" : "put ** nth 1 timed_out");
  objects.plan().before_each([&objects](operation called, path_view) {
    if (called == operation::put) objects.plan().add("get ** io");
  });
}
void mend(store& objects) {
  objects.plan().before_each({});
  objects.plan().clear();
}

TEST_CASE("slot_lock: a take in doubt is held by nobody until the next call settles it") {
  for (const bool kept : {true, false}) {
    for (const int then : {0, 1, 2, 3}) {
      INFO(kept << " " << then);
      place at;
      lock one(at.slot(), at.clock);
      lose(at.objects, kept);
      const auto lost = one.take({.id = id(1)});
      REQUIRE_FALSE(lost);
      CHECK(lost.error().outcome() == outcome::unknown);
      CHECK_FALSE(one.is_held());
      // A doubt after a doubt is one.
      CHECK_FALSE(one.take({.id = id(2)}));
      CHECK_FALSE(one.release());
      CHECK_FALSE(one.is_held());
      mend(at.objects);
      if (then == 0) {
        const auto taken = one.take({.id = id(3)});
        REQUIRE(taken);
        CHECK(taken->done);
        CHECK(taken->holder.id == id(kept ? 1 : 3));
        CHECK(one.is_held());
      }
      if (then == 1) {
        CHECK(*one.release() == kept);
        CHECK(at.holder() == (kept ? "free 1" : "free 0"));
      }
      if (then == 2) {
        lock other(at.slot(), at.clock);
        CHECK(other.force_unlock(id(1))->done == kept);
        CHECK_FALSE(*one.release());
      }
      if (then == 3) {
        CHECK(one.renew()->done == kept);
        CHECK(one.is_held() == kept);
      }
    }
  }
}

TEST_CASE("slot_lock: a take that finds that an earlier one got the lock says so, and puts nothing") {
  losing_slot::place there;
  scripted_clock clock;
  slot_lock one(losing_slot{&there}, clock);
  there.took_effect = true;
  there.answers_lost = 2;  // also that of a renewal, which would be a failure of a take by who holds the lock
  REQUIRE_FALSE(one.take({.id = id(1)}));
  CHECK_FALSE(one.is_held());
  const auto taken = one.take({.id = id(2)});
  REQUIRE(taken);
  CHECK((taken->done && taken->holder.id == id(1) && one.is_held()));
  CHECK(there.replaces == 1);
}

TEST_CASE("slot_lock: a take whose renewal is in doubt can be made again") {
  for (const bool took_effect : {true, false}) {
    losing_slot::place there;
    scripted_clock clock;
    slot_lock one(losing_slot{&there}, clock);
    REQUIRE(one.take({.id = id(1), .lease_ns = second})->done);
    clock.advance_ns(second);
    there.took_effect = took_effect;
    there.answers_lost = 1;
    REQUIRE_FALSE(one.take({.id = id(2), .lease_ns = second}));
    CHECK_FALSE(one.is_held());
    const auto taken = one.take({.id = id(3), .lease_ns = second});
    REQUIRE(taken);
    CHECK((taken->done && taken->holder.id == id(1) && one.is_held()));
  }
}

TEST_CASE("slot_lock: a release in doubt is not held any more, as far as is_held() says, and the same again tells") {
  for (const bool kept : {true, false}) {
    place at;
    lock one(at.slot(), at.clock);
    REQUIRE(one.take({.id = id(1)})->done);
    lose(at.objects, kept);
    CHECK(one.release().error().outcome() == outcome::unknown);
    CHECK_FALSE(one.is_held());
    mend(at.objects);
    CHECK(*one.release() == !kept);
    CHECK(at.holder() == "free 1");
  }
}

TEST_CASE("slot_lock: a renew in doubt leaves the lease that there was") {
  for (const bool kept : {true, false}) {
    place at;
    lock one(at.slot(), at.clock);
    REQUIRE(one.take({.id = id(1), .lease_ns = 4 * second})->done);
    at.clock.advance_ns(second);
    lose(at.objects, kept);
    CHECK(one.renew().error().outcome() == outcome::unknown);
    mend(at.objects);
    at.clock.advance_ns(2 * second);
    CHECK(one.is_held());
    at.clock.advance_ns(second);
    CHECK_FALSE(one.is_held());
    CHECK(one.renew()->done);
    CHECK(one.is_held());
  }
}

TEST_CASE("slot_lock: what was held and is over before its answer came is not held") {
  place at;
  lock one(at.slot(), at.clock);
  lock other(at.slot(), at.clock);
  at.objects.plan().add("put ** nth 1 timed_out after");
  int gets = 0;
  at.objects.plan().before_each([&](operation called, path_view) {
    if (called == operation::get && ++gets == 2) CHECK(other.force_unlock(id(1))->done);
  });
  const auto taken = one.take({.id = id(1)});
  REQUIRE(taken);
  CHECK_FALSE(taken->done);
  CHECK_FALSE(taken->holder.is_held);
  CHECK_FALSE(one.is_held());
  CHECK(at.holder() == "free 1");
  at.objects.plan().before_each({});
}

TEST_CASE("slot_lock: who was forced out learns it by a lost swap, also where he cannot see by whom") {
  place at;
  lock one(at.slot(), at.clock);
  lock other(at.slot(), at.clock);
  REQUIRE(one.take({.id = id(1)})->done);
  REQUIRE(other.force_unlock(id(1))->done);
  REQUIRE(other.take({.id = id(2)})->done);
  at.objects.plan().add("get ** nth 2 io");
  const auto renewed = one.renew();
  CHECK_FALSE(renewed);
  CHECK(renewed.error().outcome() == outcome::unchanged);
  CHECK_FALSE(one.is_held());
  mend(at.objects);
  CHECK(one.renew()->holder.id == id(2));
}

TEST_CASE("slot_lock: where others are faster or the Store refuses it is told, and nothing is held") {
  place at;
  lock one(at.slot(), at.clock, {.tries_max = 3});
  at.objects.plan().add("put ** permission");
  CHECK(one.take({.id = id(1)}).error().code() == code::permission);
  CHECK_FALSE(one.is_held());
  at.objects.plan().clear();
  // Whenever it has looked, another one takes it and gives it back.
  lock other(at.slot(), at.clock);
  bool busy = false;
  std::uint64_t number = 10;
  at.objects.plan().before_each([&](operation called, path_view) {
    if (called != operation::put || busy) return;
    busy = true;
    CHECK(other.take({.id = id(++number)})->done);
    CHECK(*other.release());
    busy = false;
  });
  const auto refused = one.take({.id = id(1)});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == code::busy);
  CHECK(refused.error().outcome() == outcome::unchanged);
  CHECK(number == 13);
  at.objects.plan().before_each({});
  CHECK(one.take({.id = id(2)})->holder.token == 4);
}

TEST_CASE("slot_lock: what is no lock's is refused, and a later format is told as one") {
  place at;
  object_slot<store> slot = at.slot();
  std::string room;
  lock one(at.slot(), at.clock);
  const auto refused = [&](const std::string& record) {
    const auto now = slot.load(growing_room(room, 10'000));
    REQUIRE(slot.replace(now->token, record));
    const auto told = one.take({.id = id(1)});
    CHECK_FALSE((told || one.observe() || one.force_unlock(id(1))));
    return told ? code::io : told.error().code();
  };
  CHECK(refused("") == code::corrupt);
  CHECK(refused(std::string(300, 'x')) == code::corrupt);
  CHECK(refused(std::string("perdureK\x02\0\x02\0", 12) + std::string(500, 'x')) == code::version_unsupported);
  CHECK(refused(std::string(5000, 'x')) == code::too_large);
  CHECK_FALSE(one.is_held());
}

TEST_CASE("slot_lock: in a file it is the same") {
  mem_fs fs;
  manual_clock clock;
  using on_file = file_slot<mem_fs, manual_clock>;
  slot_lock one(on_file(fs, "held", clock), clock);
  slot_lock other(on_file(fs, "held", clock), clock);
  for (std::uint64_t i = 1; i < 4; ++i) {
    CHECK(one.take({.id = id(2 * i), .lease_ns = second})->holder.token == 2 * i - 1);
    CHECK_FALSE(other.take({.id = id(2 * i + 1)}, second)->done);
    CHECK(other.take({.id = id(2 * i + 1)}, second)->done);
    CHECK_FALSE(one.renew()->done);
    CHECK(*other.release());
  }
}

}  // namespace
