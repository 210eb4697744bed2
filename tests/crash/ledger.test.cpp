// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// ledger and slot_lock over a store that loses requests and answers and lets them come late, and over the files of a machine that
// crashes; by two machines at once, of which one may be killed.

#include <perdure/manifest/ledger.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/manifest/slot_lock.hpp>
#include <perdure/store/fs_store.hpp>

#include <tests/crash/proof.hpp>

#include <algorithm>
#include <optional>

namespace proofs_of_ledger {

namespace {

using namespace tests;

// One in which all that can be seen is durable.
struct remote_store : crash_store {
  using perdure_store = remote_store;
  explicit remote_store(const crash_store& other) : crash_store(other) {}
  void settle(key_view) = delete;
};
using lab_store = fs_store<crash_fs, manual_clock>;
template <class S>
using book_in = ledger<object_slot<S>>;

// A clock that goes faster than the world's, by an eighth.
struct fast_clock {
  manual_clock* world;
  [[nodiscard]] std::int64_t elapsed_ns() const { return world->elapsed_ns() + world->elapsed_ns() / 8; }
  [[nodiscard]] std::int64_t unix_ns() const { return world->unix_ns(); }
  void sleep_ns(std::int64_t nanoseconds) { world->sleep_ns(nanoseconds); }
};

// What a mistaken program would do instead.
enum class mistake : std::uint8_t {
  none,
  doubts_denied,    // an unknown replace is told as one that changed nothing
  doubts_repeated,  // an unknown replace is made again on what is there
  no_lock,          // the critical section without a lock
  holder_assumed,   // an unknown take is taken for a success
  no_raise,         // the new holder leaves out raise()
  token_before,     // commits with the highest token that it finds
};

std::string text_of(bytes from) { return {reinterpret_cast<const char*>(from.data()), from.size()}; }

// Adds a letter to the state, which is the name of the step.
template <class S>
result<void> append(book_in<S>& book, char letter, mistake wrong, std::uint64_t fence = 0) {
  bool is_unknown = false;
  for (int tries = 0; tries < 4; ++tries) {
    const auto now = book.read();
    if (!now) continue;
    const std::string state = text_of(now->state);
    // Nobody else puts this letter.
    if (is_unknown && wrong != mistake::doubts_repeated)
      return state.find(letter) != std::string::npos ? result<void>() : failure(code::io, operation::replace);
    const std::uint64_t shown = wrong == mistake::token_before ? now->fence : fence;
    const auto done = book.replace(now->version, state + letter, shown);
    if (done && done->answer == ledger_answer::won) return {};
    if (done && done->answer == ledger_answer::fenced) return failure(code::permission, operation::replace);
    if (!done && done.error().doubt() != doubt::none) {
      if (wrong == mistake::doubts_denied) return done.error().with(doubt::none);
      is_unknown = true;
    }
  }
  const failure never(code::busy, operation::replace);
  return is_unknown ? never.with(doubt::visible) : never;
}
template <class S>
result<std::string> state_in(S& store) {
  book_in<S> book(object_slot<S>(store, "ledger"));
  const auto seen = book.observe();
  if (!seen) return seen.error();
  return text_of(seen->state);
}

// Each letter that was acknowledged is there once, none that was refused is, and none twice.
verdict letters(after_crash& after, const result<std::string>& there, const std::string& all) {
  if (!there) return verdict(there);
  for (const char letter : all) {
    const auto outcome = after.outcome_of(std::string(1, letter));
    const auto count = std::count(there->begin(), there->end(), letter);
    if (count > 1) return std::string(1, letter) + " is there twice: " + *there;
    if (outcome == step_outcome::acknowledged && count == 0) return std::string(1, letter) + " is lost: " + *there;
    if (outcome == step_outcome::unchanged && count == 1) return std::string(1, letter) + " was refused, and is there: " + *there;
  }
  return "";
}
verdict remote_letters(after_crash& after) {
  if (after.acknowledged("wrong")) return "the workload saw that it is wrong";
  return letters(after, state_in(after.store()), "abc");
}
template <class World>
void step(World& world, char letter, mistake wrong = mistake::none) {
  remote_store store(world.store());
  book_in<remote_store> book(object_slot(store, "ledger"));
  world.step(std::string(1, letter), [&] { return append(book, letter, wrong); });
}

report exhaustive(const exploration& all) {
  auto report = explore(all);
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
  return report;
}

exploration in_turn(std::uint32_t faults, mistake wrong = mistake::none) {
  return {.workload =
              [=](world& world) {
                remote_store store(world.store());
                book_in<remote_store> book(object_slot(store, "ledger"));
                for (const char letter : {'a', 'b'})
                  world.step(std::string(1, letter), [&] { return append(book, letter, wrong); });
              },
          .check = remote_letters,
          .faults = faults};
}
exploration at_once(std::uint32_t faults, std::uint32_t kills, mistake wrong = mistake::none) {
  return {.workload =
              [=](world& world) {
                world.processes([=](process& one) { step(one, 'a', wrong); }, [=](process& one) { step(one, 'b', wrong); });
              },
          .check = remote_letters,
          .faults = faults,
          .preemptions = 2,
          .kills = kills};
}

TEST_CASE("ledger: whatever request or answer is lost or late, what was said is what is there", "[crash]") {
  CHECK(exhaustive(in_turn(1)).runs > 20);
  CHECK(exhaustive(in_turn(2)).runs > 100);
  for (const auto wrong : {mistake::doubts_denied, mistake::doubts_repeated}) CHECK_FALSE(refuted(in_turn(2, wrong)).empty());
}

TEST_CASE("ledger: two machines at once lose no update and double none, whatever is lost, late or killed", "[crash]") {
  for (const std::uint32_t faults : {0U, 1U}) CHECK(exhaustive(at_once(faults, 1 - faults)).runs > 20);
}

TEST_CASE("ledger: a process that was killed is followed by one that goes on, and meets what was on its way", "[crash]") {
  auto all = in_turn(1);
  all.restart = [](world& world) { step(world, 'c'); };
  CHECK(exhaustive(all).runs > 50);
}

// --- over files

exploration on_files(std::uint32_t faults) {
  return {.setup = [](world& world) { (void)lab_store(world.fs(), "s", world.clock()).create_root(); },
          .workload =
              [](world& world) {
                lab_store store(world.fs(), "s", world.clock());
                book_in<lab_store> book(object_slot(store, "ledger"));
                for (const char letter : {'a', 'b'})
                  world.step(std::string(1, letter), [&] { return append(book, letter, mistake::none); });
              },
          // What a process that starts may answer with survives whatever comes.
          .restart =
              [](world& world) {
                lab_store store(world.fs(), "s", world.clock());
                book_in<lab_store> book(object_slot(store, "ledger"));
                const auto now = book.read();
                if (now && now->version.exists) world.step("seen " + text_of(now->state), [] {});
              },
          .check = [](after_crash& after) -> verdict {
            lab_store store(after.fs(), "s", after.clock());
            const auto state = state_in(store);
            for (const char* const seen : {"a", "ab", "b"}) {
              if (after.acknowledged(std::string("seen ") + seen) && (!state || *state != seen)) return "what was read is gone";
            }
            return letters(after, state, "ab");
          },
          .faults = faults};
}

TEST_CASE("ledger: over files, what was acknowledged or read no crash takes back", "[crash]") {
  CHECK(prove("killed, read, cut", on_files(0)) > 20);
  (void)exhaustive(on_files(1));
}

TEST_CASE("ledger: over files, of its syncs none is missing and none to spare", "[crash]") {
  const auto audit = audit_syncs(on_files(0));
  INFO(audit.text());
  CHECK(audit.report.ok());
  std::size_t idle = 0;
  for (const auto& one : audit.syncs) idle += one.needed ? 0 : 1;
  // That there is nothing is written down nowhere: the next one who reads makes it durable once more.
  CHECK(idle == 1);
}

// --- the lock

constexpr std::int64_t lease = 80;

template <class S>
struct lock_in : slot_lock<object_slot<S>, manual_clock> {
  lock_in(S& store, manual_clock& clock)
      : slot_lock<object_slot<S>, manual_clock>(object_slot(store, "lock"), clock, {.pause_ns = lease}) {}
};

// Takes it, works for as long as it has it, and gives it back, each of which may be lost. `inside` is how many are at work.
exploration critical(std::uint32_t faults, mistake wrong = mistake::none) {
  return {.workload =
              [=](world& world) {
                int inside = 0;
                const auto one = [&](std::uint64_t number) {
                  remote_store store(world.store());
                  lock_in<remote_store> lock(store, world.clock());
                  const auto taken = lock.take({.id = lock_id::of({number, 0, 0, 0})});
                  const auto work = [&](bool has_it) {
                    if (!has_it) return;
                    if (++inside > 1) world.step("wrong", [] {});
                    world.yield();
                    --inside;
                  };
                  work(wrong == mistake::no_lock || lock.is_held() ||
                       (wrong == mistake::holder_assumed && !taken && taken.error().doubt() != doubt::none));
                  if (taken && taken->done != lock.is_held()) world.step("wrong", [] {});
                  (void)lock.release();
                  work(lock.is_held());  // it could not be given back
                };
                world.together([&] { one(1); }, [&] { one(2); });
              },
          .check = [](after_crash& after) -> verdict {
            if (after.acknowledged("wrong")) return "two at work";
            return true;
          },
          .faults = faults,
          .preemptions = faults == 2 ? 1U : 2U};
}

TEST_CASE("slot_lock: without a lease it is never held by two, whatever is lost or late", "[crash]") {
  for (const std::uint32_t faults : {0U, 1U, 2U}) CHECK(exhaustive(critical(faults)).runs > 10);
  CHECK(refuted(critical(0, mistake::no_lock)) == "two at work");
  CHECK(refuted(critical(2, mistake::holder_assumed)) == "two at work");
}

// A step that takes it, then one that gives it back; each is named by what the lock is then.
exploration taken_and_released(std::uint32_t faults) {
  return {.workload =
              [](world& world) {
                remote_store store(world.store());
                std::optional<lock_in<remote_store>> lock;
                lock.emplace(store, world.clock());
                for (const std::uint64_t number : {1U, 2U}) {
                  world.step("held " + std::to_string(number), [&]() -> result<void> {
                    const auto taken = lock->take({.id = lock_id::of({number, 0, 0, 0})});
                    if (!taken) return taken.error();
                    // It may be that of the take before, and then says so.
                    if (taken->done && taken->holder.id == lock_id::of({number, 0, 0, 0})) return {};
                    return failure(code::busy, operation::lock).with(doubt::visible);
                  });
                  world.step("free", [&]() -> result<void> {
                    const auto released = lock->release();
                    return released ? result<void>() : released.error();
                  });
                }
                // Its end does so once more, and says nothing.
                world.step("free", [&] { return lock.reset(), false; });
              },
          .check =
              [](after_crash& after) {
                lock_in<crash_store> lock(after.store(), after.clock());
                const auto seen = lock.observe();
                if (!seen) return verdict(seen);
                const auto number = seen->id == lock_id::of({1, 0, 0, 0}) ? 1 : 2;
                return after.latest_is(seen->is_held ? "held " + std::to_string(number) : std::string("free"), "free");
              },
          .faults = faults};
}

TEST_CASE("slot_lock: what take and release have said is what the lock is", "[crash]") {
  CHECK(exhaustive(taken_and_released(1)).runs > 20);
  CHECK(exhaustive(taken_and_released(2)).runs > 100);
}

TEST_CASE("slot_lock: over files, who has it still has it after a crash, and who follows a killed one frees it by its id",
          "[crash]") {
  const auto on_files = [](std::uint32_t faults) {
    return exploration{.setup = [](world& world) { (void)lab_store(world.fs(), "s", world.clock()).create_root(); },
                       .workload =
                           [](world& world) {
                             lab_store store(world.fs(), "s", world.clock());
                             std::optional<lock_in<lab_store>> lock;
                             lock.emplace(store, world.clock());
                             world.step("held 1", [&] {
                               const auto taken = lock->take({.id = lock_id::of({1, 0, 0, 0})});
                               return taken ? result<void>() : taken.error();
                             });
                             world.step("free", [&] {
                               const auto released = lock->release();
                               return released ? result<void>() : released.error();
                             });
                             world.step("free", [&] { return lock.reset(), false; });
                           },
                       .restart =
                           [](world& world) {
                             lab_store store(world.fs(), "s", world.clock());
                             lock_in<lab_store> forcer(store, world.clock());
                             world.step("free", [&] {
                               const auto done = forcer.force_unlock(lock_id::of({1, 0, 0, 0}));
                               return done ? result<void>() : done.error();
                             });
                           },
                       .check =
                           [](after_crash& after) {
                             lab_store store(after.fs(), "s", after.clock());
                             lock_in<lab_store> lock(store, after.clock());
                             const auto seen = lock.observe();
                             if (!seen) return verdict(seen);
                             return after.latest_is(std::string(seen->is_held ? "held 1" : "free"), "free");
                           },
                       .faults = faults};
  };
  CHECK(prove("killed, forced, cut", on_files(0)) > 20);
  (void)exhaustive(on_files(1));
}

// One takes it and is killed, or is forced out by the id that it was seen under; a third may have it by then.
exploration forced(std::uint32_t faults) {
  return {.workload =
              [](world& world) {
                world.processes(
                    [&](process& one) {
                      remote_store store(one.store());
                      lock_in<remote_store> lock(store, world.clock());
                      one.step("first", [&] { return lock.take({.id = lock_id::of({1, 0, 0, 0})}).has_value(); });
                    },
                    [&](process& one) {
                      remote_store store(one.store());
                      lock_in<remote_store> lock(store, world.clock());
                      (void)lock.force_unlock(lock_id::of({1, 0, 0, 0}));
                      const auto taken = lock.take({.id = lock_id::of({2, 0, 0, 0})});
                      if (taken && taken->done) one.step("second", [] {});
                      // Nothing that is done under the other id now may end this one.
                      remote_store third(one.store());
                      lock_in<remote_store> forcer(third, world.clock());
                      const auto undone = forcer.force_unlock(lock_id::of({1, 0, 0, 0}));
                      if (taken && taken->done && undone && undone->done) one.step("wrong", [] {});
                      if (taken && taken->done) {
                        const auto seen = forcer.observe();
                        if (seen && !(seen->is_held && seen->id == lock_id::of({2, 0, 0, 0}))) one.step("wrong", [] {});
                        const auto released = lock.release();
                        if (released && !*released) one.step("wrong", [] {});
                      }
                    });
              },
          .check = [](after_crash& after) -> verdict { return after.acknowledged("wrong") ? "another one's was ended" : ""; },
          .faults = faults,
          .preemptions = 2,
          .kills = 1 - faults};
}

TEST_CASE("slot_lock: force_unlock frees what a killed process held, and never another one's", "[crash]") {
  for (const std::uint32_t faults : {0U, 1U}) CHECK(exhaustive(forced(faults)).runs > 20);
}

// --- with leases, and a ledger that demands the token

// The first holder stands still somewhere, longer than his lease; the second one's clock is faster. Who comes second takes it
// over, raises, reads, and works on what he read: nothing that the first one wrote before he knew may come behind that.
exploration leased(std::uint32_t faults, mistake wrong = mistake::none) {
  return {.workload =
              [=](world& world) {
                world.together(
                    [&] {
                      remote_store store(world.store());
                      lock_in<remote_store> lock(store, world.clock());
                      book_in<remote_store> book(object_slot(store, "ledger"));
                      const auto taken = lock.take({.id = lock_id::of({1, 0, 0, 0}), .lease_ns = lease});
                      if (!taken || !taken->done) return;
                      if (!lock.is_held()) return;
                      world.yield();  // here, and in each call, the other one may go on, and time with him
                      const auto now = book.read();
                      if (!now) return;
                      const std::uint64_t shown = wrong == mistake::token_before ? now->fence : taken->holder.token;
                      (void)book.replace(now->version, text_of(now->state) + "a", shown);
                    },
                    [&] {
                      remote_store store(world.store());
                      fast_clock clock{&world.clock()};
                      slot_lock<object_slot<remote_store>, fast_clock> lock(object_slot(store, "lock"), clock,
                                                                            {.pause_ns = lease});
                      book_in<remote_store> book(object_slot(store, "ledger"));
                      const auto taken = lock.take({.id = lock_id::of({2, 0, 0, 0}), .lease_ns = 100 * lease}, 3 * lease);
                      if (!taken || !taken->done) return;
                      if (wrong != mistake::no_raise) {
                        const auto raised = book.raise(taken->holder.token);
                        if (!raised || raised->answer != ledger_answer::won) return;
                      }
                      const auto now = book.read();
                      if (!now) return;
                      const std::string begun = text_of(now->state);
                      world.yield();
                      const auto later = book.read();
                      if (later && text_of(later->state) != begun) world.step("wrong", [] {});
                    });
              },
          .check = [](after_crash& after) -> verdict {
            return after.acknowledged("wrong") ? "a late holder's write got through" : "";
          },
          .faults = faults,
          .preemptions = faults == 0 ? 3U : 2U};
}

TEST_CASE("slot_lock: with a lease and a clock that is an eighth faster, no late holder's write gets through a raise",
          "[crash]") {
  for (const std::uint32_t faults : {0U, 1U}) CHECK(exhaustive(leased(faults)).runs > 50);
  for (const auto wrong : {mistake::no_raise, mistake::token_before})
    CHECK(refuted(leased(0, wrong)) == "a late holder's write got through");
}

TEST_CASE("slot_lock: whoever believes by a slower clock that he has it is not yet taken for dead by a faster one", "[crash]") {
  const auto watched = [](std::int64_t eighths) {
    return exploration{.workload =
                           [=](world& world) {
                             remote_store store(world.store());
                             lock_in<remote_store> one(store, world.clock());
                             fast_clock clock{&world.clock()};
                             slot_lock<object_slot<remote_store>, fast_clock> other(object_slot(store, "lock"), clock);
                             if (!one.take({.id = lock_id::of({1, 0, 0, 0}), .lease_ns = lease})) return;
                             for (int tick = 0; tick < 12; ++tick) {
                               const auto taken = other.take({.id = lock_id::of({2, 0, 0, 0})});
                               if (one.is_held() && other.is_held()) world.step("wrong", [] {});
                               if (taken && taken->done) break;
                               if (tick < 3 && world.choose(2) == 1) (void)one.renew();
                               world.clock().advance_ns(lease * eighths / 8 / 8);
                             }
                           },
                       .check = [](after_crash& after) -> verdict { return after.acknowledged("wrong") ? "two at once" : ""; },
                       .faults = 1};
  };
  for (const std::int64_t eighths : {8, 9, 63}) (void)exhaustive(watched(eighths));
}

}  // namespace

}  // namespace proofs_of_ledger
