// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_RIGS_S3_LEDGER_RACES_HPP
#define PERDURE_TESTS_RIGS_S3_LEDGER_RACES_HPP

// What processes do that race for a ledger or for its lock, wherever the store is that an address names. Each returns what its
// process ends with: 0 where all was as it should be.

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>

#include <perdure/core/describe.hpp>
#include <perdure/core/native_clock.hpp>
#include <perdure/ext/s3_opener.hpp>
#include <perdure/manifest/ledger.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/manifest/slot_lock.hpp>

namespace rig {

using namespace perdure;
using book = ledger<object_slot<any_store>>;
using lock = slot_lock<object_slot<any_store>, native_clock>;

inline constexpr std::size_t racers = 8;

// Of which gateway is decided by the port; a proxy that spoils what opening asks says nothing about the engine.
inline result<any_store> opened(const std::string& address, int port) {
  ::setenv("AWS_ENDPOINT_URL_S3", ("http://127.0.0.1:" + std::to_string(port)).c_str(), 1);
  auto store = open_store(address, {.root = store_root::make}, s3_opener());
  for (int tries = 0; !store && tries < 100; ++tries) store = open_store(address, {.root = store_root::make}, s3_opener());
  return store;
}

// How often each has counted, and all of them.
struct counted {
  unsigned total = 0;
  unsigned of[racers] = {};

  [[nodiscard]] static counted in(const ledger_entry& entry) {
    counted now;
    const std::string text(reinterpret_cast<const char*>(entry.state.data()), entry.state.size());
    const char* at = text.c_str();
    char* end = nullptr;
    now.total = static_cast<unsigned>(std::strtoul(at, &end, 10));
    for (unsigned& own : now.of) own = static_cast<unsigned>(std::strtoul(end, &end, 10));
    return now;
  }
  [[nodiscard]] std::string text() const {
    std::string all = std::to_string(total);
    for (const unsigned own : of) all += " " + std::to_string(own);
    return all;
  }
};

// Shared by all who race.
struct rounds {
  static constexpr int count = 200;
  int wins[count] = {};
  int arrived = 0;
  int failed = 0;

  // All have come here so often, or one of them never will. Nobody is busy with waiting, and all go on at the same moment.
  [[nodiscard]] bool together(int times) {
    const int all = times * static_cast<int>(racers);
    if (__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL) == all) {
      (void)::syscall(SYS_futex, &arrived, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
      return true;
    }
    for (int waited = 0; waited < 1000; ++waited) {
      const int seen = __atomic_load_n(&arrived, __ATOMIC_ACQUIRE);
      if (seen >= all) return true;
      if (__atomic_load_n(&failed, __ATOMIC_ACQUIRE) != 0) return false;
      const std::timespec moment = {0, 100'000'000};
      (void)::syscall(SYS_futex, &arrived, FUTEX_WAIT, seen, &moment, nullptr, 0);
    }
    return false;
  }
};

// How often another one was faster is added to `lost`. In a directory that has to be given a moment; who lost behind a gateway
// waits up to four times as long as that took, or only one in eight requests would be of use.
inline int count_in_ledger(const std::string& address, int port, std::size_t who, unsigned times, rounds& start, unsigned& lost) {
  auto store = opened(address, port);
  if (!store) return __atomic_store_n(&start.failed, 1, __ATOMIC_RELEASE), 10;
  if (!start.together(1)) return 14;
  book all(object_slot(*store, "ledger"));
  bool is_unknown = false;
  int in_vain = 0;
  std::minstd_rand random(static_cast<unsigned>(who + 1));
  for (unsigned done = 0; done < times;) {
    const std::int64_t begun_ns = native_clock().elapsed_ns();
    const auto now = all.read();
    if (!now) {
      if (++in_vain == 1000) return 11;
      continue;
    }
    counted next = counted::in(*now);
    // Nobody else counts for this process: what it finds of its own is what has happened.
    if (next.of[who] != done && !(is_unknown && next.of[who] == done + 1)) return 12;
    is_unknown = false;
    done = next.of[who];
    if (done == times) break;
    ++next.total;
    ++next.of[who];
    if (port == 0) ::usleep(static_cast<useconds_t>(random() % 500));
    const auto put = all.replace(now->version, next.text());
    if (put && put->answer == ledger_answer::won) ++done;
    if (put && put->answer == ledger_answer::fenced) return 13;
    is_unknown = !put && put.error().doubt() != doubt::none;
    if (put && put->answer == ledger_answer::won) continue;
    __atomic_add_fetch(&lost, 1U, __ATOMIC_RELAXED);
    if (port == 0) continue;
    const std::int64_t took_us = (native_clock().elapsed_ns() - begun_ns) / 1000;
    ::usleep(static_cast<useconds_t>(random() % static_cast<std::uint64_t>(4 * took_us + 1) % 100'000));
  }
  return 0;
}

// In each round all take it, and who has it gives it back once all have asked.
inline int race_for_lock(const std::string& address, int port, rounds& all) {
  const auto gave_up = [&](int how) {
    __atomic_store_n(&all.failed, 1, __ATOMIC_RELEASE);
    return how;
  };
  auto store = opened(address, port);
  if (!store) return gave_up(20);
  native_clock clock;
  lock own(object_slot(*store, "lock"), clock);
  for (int round = 0; round < rounds::count; ++round) {
    if (!all.together(2 * round + 1)) return gave_up(21);
    result<lock_reply> taken = failure(code::busy, operation::lock);
    // What is in doubt or could not be asked is asked again. A take that fails may have found by then
    // that an earlier one of its own, which was in doubt, has got the lock: to make sure of that is no take.
    for (int tries = 0; !taken && tries < 1000; ++tries) {
      const lock_claim claim = {.id = lock_id::of(store->nonce()), .process = static_cast<std::uint64_t>(::getpid())};
      taken = own.is_held() ? own.renew() : own.take(claim);
    }
    if (!taken) {
      std::printf("slot_lock: take fails: %s\n", describe(taken.error()).c_str());
      std::fflush(stdout);
      return gave_up(22);
    }
    if (taken->done) __atomic_add_fetch(&all.wins[round], 1, __ATOMIC_RELAXED);
    if (!all.together(2 * round + 2)) return gave_up(23);
    if (!taken->done) continue;
    auto released = own.release();
    bool is_unknown = false;
    for (int tries = 0; !released && tries < 1000; ++tries) {
      is_unknown = is_unknown || released.error().doubt() != doubt::none;
      released = own.release();
    }
    // What was unknown may have given it back.
    if (!released || (!*released && !is_unknown)) return gave_up(24);
  }
  return 0;
}

// Takes it, for ever or for a lease, and commits as its holder; then dies, or stands still, and goes on as if nothing had
// happened: 0 where that is refused.
inline int hold_and_stop(const std::string& address, int port, std::int64_t lease_ns, int signal) {
  auto store = opened(address, port);
  if (!store) return 30;
  native_clock clock;
  lock own(object_slot(*store, "lock"), clock);
  book all(object_slot(*store, "ledger"));
  const auto taken = own.take({.id = lock_id::of(store->nonce()),
                               .name = "holds it",
                               .process = static_cast<std::uint64_t>(::getpid()),
                               .lease_ns = lease_ns});
  if (!taken || !taken->done) return 31;
  const auto now = all.read();
  if (!now) return 32;
  const auto first = all.replace(now->version, "first", taken->holder.token);
  if (!first || first->answer != ledger_answer::won) return 33;
  (void)::raise(signal);
  if (own.is_held()) return 34;
  const auto late = all.replace(first->found, "late", taken->holder.token);
  return late && late->answer == ledger_answer::fenced ? 0 : 35;
}

}  // namespace rig

#endif  // PERDURE_TESTS_RIGS_S3_LEDGER_RACES_HPP
