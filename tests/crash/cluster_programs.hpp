// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_CRASH_CLUSTER_PROGRAMS_HPP
#define TESTS_CRASH_CLUSTER_PROGRAMS_HPP

// Commands of a cluster, and what has to be there after them; for a Store that is another machine's, and for one in files.

#include <perdure/cluster/serving_snapshot.hpp>
#include <perdure/cluster/sweep_cluster.hpp>
#include <perdure/store/fs_store.hpp>

#include <tests/crash/proof.hpp>
#include <tests/support/clusters.hpp>

#include <cstdio>

namespace cluster_programs {

using namespace tests;

// One in which all that can be seen is durable.
struct remote_store : crash_store {
  using perdure_store = remote_store;
  explicit remote_store(const crash_store& other) : crash_store(other) {}
  void settle(key_view) = delete;
};

// Where the cluster is: of a world, of one of its processes, of what a crash has left.
struct on_store {
  using store = remote_store;
  template <class Where>
  static store of(Where& where, manual_clock&) {
    return remote_store(where.store());
  }
  static void make(world&) {}
};
struct on_files {
  using store = fs_store<crash_fs, manual_clock>;
  template <class Where>
  static store of(Where& where, manual_clock& clock) {
    return store(where.fs(), "s", clock);
  }
  static void make(world& world) { (void)of(world, world.clock()).create_root(); }
};

inline const wanted zero = {"0", {"a", "b"}, {}};
inline const wanted one = {"1", {"b", "c"}, "g"};
inline const wanted two = {"2", {"a", "c"}, {}};  // takes up again what the one before has dropped

inline failure refused(enum code why) { return failure(why, operation::commit); }

// Whoever held the lock is dead, or the caller says so; and so is whoever takes it by a put that comes late.
template <Store S>
result<void> begin(cluster_store<S, manual_clock>& cluster, S& store) {
  for (int tries = 0; tries < 3; ++tries) {
    const auto mine = cluster.begin(claim_of(store));
    if (!mine) return mine.error().with(doubt::none);
    if (mine->done) return {};
    PERDURE_TRY(cluster.force_unlock(mine->holder.id));
  }
  return refused(code::busy);
}
template <Store S>
result<void> run(S& store, manual_clock& clock, const wanted& want) {
  cluster_store<S, manual_clock> cluster(store, clock, names_of);
  PERDURE_TRY(begin(cluster, store));
  const auto done = commit(cluster, want);
  if (!done) return done.error();
  return done->answer == ledger_answer::won ? result<void>() : refused(code::conflict);
}
template <Store S>
result<void> sweep(S& store, manual_clock& clock) {
  cluster_store<S, manual_clock> cluster(store, clock, names_of);
  PERDURE_TRY(begin(cluster, store));
  PERDURE_TRY(sweep_cluster(cluster));
  return {};
}
// By a process of its own, which opens the store.
template <class On>
void step(world& world, const wanted& want) {
  auto store = On::of(world, world.clock());
  world.step(want.note, [&] { return run(store, world.clock(), want); });
}

template <Store S>
result<std::string> state_in(S& store) {
  ledger<object_slot<S>> book(object_slot<S>(store, "ledger"));
  const auto now = book.observe();
  if (!now) return now.error();
  return std::string(reinterpret_cast<const char*>(now->state.data()), now->state.size());
}
inline std::string note_of(const std::string& state) { return state.empty() ? "absent" : lines_of(state)[0].substr(5); }

// A late commit may have come until the sweep had raised the fence.
template <Store S, Clock C>
verdict whole_after_a_sweep(S& store, C& clock) {
  if (const auto swept = sweep(store, clock); !swept) return verdict(swept);
  const auto now = state_in(store);
  if (!now) return verdict(now);
  if (const auto wrong = incomplete(store, *now); !wrong.empty()) return "after the sweep " + wrong;
  return true;
}
// What the ledger says is there, whole, as soon as anybody looks, and what was acknowledged is what it says; and a sweep leaves
// nothing but that.
template <class On>
verdict whole(after_crash& after) {
  auto store = On::of(after, after.clock());
  const auto state = state_in(store);
  if (!state) return verdict(state);
  if (const auto wrong = incomplete(store, *state); !wrong.empty()) return wrong;
  const verdict latest = after.latest_is(note_of(*state), "0");
  if (!latest) return latest;
  return whole_after_a_sweep(store, after.clock());
}
// The same; and where nothing can come late, no garbage is left either.
template <class On>
verdict whole_and_tidy(after_crash& after) {
  const verdict is_whole = whole<On>(after);
  if (!is_whole) return is_whole;
  auto store = On::of(after, after.clock());
  const auto state = state_in(store);
  const auto lines = lines_of(*state);
  std::size_t payloads = 0;
  std::size_t roots = 0;
  for (const std::string& line : lines) (line[0] == 'p' ? payloads : roots) += line[0] == 'n' ? 0U : 1U;
  const bool tidy = keys_in(store, "catalog/").size() == payloads && keys_in(store, "graphs/").size() == roots &&
                    keys_in(store, "recovery/").empty();
  return tidy ? verdict(true) : verdict("garbage is left");
}

// --- several at once: each adds its letter to the note, and to the payloads

// A clock that goes faster than the world's, by an eighth.
struct fast_clock {
  manual_clock* world;
  [[nodiscard]] std::int64_t elapsed_ns() const { return world->elapsed_ns() + world->elapsed_ns() / 8; }
  [[nodiscard]] std::int64_t unix_ns() const { return world->unix_ns(); }
  void sleep_ns(std::int64_t nanoseconds) { world->sleep_ns(nanoseconds); }
};

inline std::string note_in(const ledger_entry& now) {
  const auto lines = lines_of(now.state);
  return lines.empty() ? "" : lines[0].substr(5);
}
// Between begin and end.
template <Store S, Clock C>
result<void> add(cluster_store<S, C>& cluster, char letter) {
  const auto done = commit(cluster, {note_in(cluster.entry()) + letter, {"a", std::string(1, letter)}, "g"});
  if (!done) return done.error();
  return done->answer == ledger_answer::won ? result<void>() : refused(code::conflict);
}
// Each letter that was acknowledged is there once, none that was refused is, and what the state names is whole.
template <class On>
verdict letters(after_crash& after) {
  if (after.acknowledged("wrong")) return "the workload saw that it is wrong";
  auto store = On::of(after, after.clock());
  const auto state = state_in(store);
  if (!state) return verdict(state);
  if (const auto wrong = incomplete(store, *state); !wrong.empty()) return wrong;
  const std::string note = note_of(*state);
  for (const char letter : {'x', 'y'}) {
    const auto outcome = after.outcome_of(std::string(1, letter));
    const auto first = note.find(letter);
    if (first != std::string::npos && note.find(letter, first + 1) != std::string::npos) return "twice: " + note;
    if (outcome == step_outcome::acknowledged && first == std::string::npos) return std::string(1, letter) + " is lost: " + note;
    if (outcome == step_outcome::unchanged && first != std::string::npos)
      return std::string(1, letter) + " was refused, and is there: " + note;
  }
  return whole_after_a_sweep(store, after.clock());
}

// One forces the other one out, or sweeps behind him, wherever he is.
template <class On>
exploration forced_out(bool is_sweep, std::uint32_t faults, std::uint32_t kills) {
  return {.setup =
              [](world& world) {
                On::make(world);
                auto store = On::of(world, world.clock());
                (void)run(store, world.clock(), zero);
              },
          .workload =
              [is_sweep](world& world) {
                world.processes(
                    [&](process& mine) {
                      auto store = On::of(mine, world.clock());
                      mine.step("x", [&]() -> result<void> {
                        cluster_store<typename On::store, manual_clock> cluster(store, world.clock(), names_of);
                        PERDURE_TRY(begin(cluster, store));
                        return add(cluster, 'x');
                      });
                    },
                    [&](process& mine) {
                      auto store = On::of(mine, world.clock());
                      if (is_sweep) return (void)sweep(store, world.clock());
                      mine.step("y", [&]() -> result<void> {
                        cluster_store<typename On::store, manual_clock> cluster(store, world.clock(), names_of);
                        PERDURE_TRY(begin(cluster, store));
                        return add(cluster, 'y');
                      });
                    });
              },
          .check = letters<On>,
          .faults = faults,
          .preemptions = 2,
          .kills = kills};
}

// The first one has a lease, and stands still wherever it likes, for longer than that, or is killed. The second one's clock is
// faster; it waits for as long as that takes, and from then on has the cluster for itself.
template <class On>
exploration leased(std::uint32_t faults, std::uint32_t kills, std::uint32_t preemptions = 2) {
  return {.setup =
              [](world& world) {
                On::make(world);
                auto store = On::of(world, world.clock());
                (void)run(store, world.clock(), zero);
              },
          .workload =
              [](world& world) {
                constexpr std::int64_t lease_ns = 80;
                world.processes(
                    [&](process& mine) {
                      auto store = On::of(mine, world.clock());
                      cluster_store<typename On::store, manual_clock> cluster(store, world.clock(), names_of);
                      auto claim = claim_of(store);
                      claim.lease_ns = lease_ns;
                      const auto begun = cluster.begin(claim);
                      if (!begun || !begun->done) return;
                      (void)cluster.renew();
                      mine.step("x", [&] { return add(cluster, 'x'); });
                    },
                    [&](process& mine) {
                      auto store = On::of(mine, world.clock());
                      fast_clock clock{&world.clock()};
                      cluster_store<typename On::store, fast_clock> cluster(store, clock, names_of,
                                                                            {.lock = {.pause_ns = lease_ns}});
                      auto claim = claim_of(store);
                      claim.lease_ns = 100 * lease_ns;
                      const auto begun = cluster.begin(claim, 4 * lease_ns);
                      if (!begun || !begun->done) return;
                      const std::string before = note_in(cluster.entry());
                      world.yield();
                      const auto seen = state_in(store);
                      if (seen && note_of(*seen) != before) mine.step("wrong", [] {});
                      bool is_beaten = false;
                      mine.step("y", [&] {
                        const auto added = add(cluster, 'y');
                        is_beaten =
                            !added && added.error().code() == code::conflict && added.error().operation() == operation::commit;
                        return added;
                      });
                      if (is_beaten) mine.step("wrong", [] {});
                    });
              },
          .check = letters<On>,
          .faults = faults,
          .preemptions = preemptions,
          .kills = kills};
}

// The steps named here, one after another, in a cluster that holds `zero`.
template <class On>
exploration commands(const std::vector<wanted>& all, std::uint32_t faults) {
  return {.setup =
              [](world& world) {
                On::make(world);
                auto store = On::of(world, world.clock());
                (void)run(store, world.clock(), zero);
              },
          .workload =
              [all](world& world) {
                for (const wanted& next : all) step<On>(world, next);
              },
          .check = whole<On>,
          .faults = faults};
}
inline std::uint64_t exhaustive(const char* what, const exploration& all) {
  const auto report = explore(all);
  INFO(what << "\n" << report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
  CHECK_FALSE(report.none_acknowledged);
  std::printf("cluster, %s: %llu states of %llu runs\n", what, static_cast<unsigned long long>(report.states),
              static_cast<unsigned long long>(report.runs));
  return report.states;
}

}  // namespace cluster_programs

#endif  // TESTS_CRASH_CLUSTER_PROGRAMS_HPP
