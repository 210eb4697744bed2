// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// A store of events whose one manifest is changed by six actors at once, and which is never ahead of its disk.
//
//   rollup_store [broken | naive | commits [N] | killed [SECONDS] | shutdown [TIMES]]       without a word: all of them, a little
//
// Exit status 0 only if all that was shown did hold (of `naive`, which saves as it is often done, it never does); 2: called in
// another way.

#include <examples/rollup_store/actors.hpp>
#include <examples/rollup_store/judge.hpp>
#include <examples/rollup_store/naive.hpp>
#include <examples/usage.hpp>

#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/testing/fault_fs.hpp>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <random>

using namespace rollup_store;

namespace {

const std::string root = "rollup_store.data";

constexpr char usage[] = "rollup_store [broken | naive | commits [N] | killed [SECONDS] | shutdown [TIMES]]\n";

// One of the six, by chance; `stamp` is of the next event.
template <class S, class Acknowledge>
result<bool> act(S& store, std::mt19937& random, std::atomic<std::uint64_t>& stamp, Acknowledge&& acknowledge) {
  const auto number = static_cast<std::int64_t>(random() % 5);
  switch (random() % 16) {
    case 0:
      return store.rebuild(number);
    case 1:
    case 2:
      return store.compact();
    case 3:
    case 4:
      return store.sweep();
    case 5:
      return store.close(number);
    case 6:
    case 7:
      return store.reopen(number);
    case 8:
    case 9:
      return store.tick();
    case 10:
    case 11:
    case 12:
      return store.flush();
    default:
      const std::uint64_t mine = stamp++;
      for (int tries = 0; tries < 3; ++tries) {  // sent again where the answer was lost: it is known by its stamp
        const auto done = store.ingest(event_of(mine));
        if (done) return acknowledge(mine), true;
        if (done.error().outcome() != perdure::outcome::unknown) return done.error();
      }
      return false;
  }
}

// The directory of the manifest is a plain file for a while: each actor is told so, and nothing changes.
template <class S>
std::string broken() {
  std::filesystem::remove_all(root);
  perdure::posix_fs fs;
  S store(fs, root);
  if (!store.open()) return "it cannot be opened";
  std::set<std::uint64_t> sent;
  std::uint64_t stamp = 0;
  const auto ingest = [&](int count) {
    for (; count > 0; --count, ++stamp) {
      if (store.ingest(event_of(stamp))) sent.insert(stamp);
    }
  };
  bool ready = true;
  ingest(10), ready = ready && store.flush() && store.tick();  // rollups, to be rebuilt
  ingest(10), ready = ready && store.flush() && store.compact();
  ready = ready && store.close(4);
  ingest(10), ready = ready && store.flush();  // two segments, to be compacted; garbage, to be swept; a period, to be reopened
  ingest(10);
  if (!ready) return "it cannot be filled";
  const std::string before = text_of(*store.now());

  const std::string manifest = root + "/manifest";
  std::filesystem::rename(manifest, manifest + ".aside");
  if (!perdure::atomic_write(fs, manifest, "in the way")) return "it cannot be broken";
  struct actor {
    const char* name;
    result<bool> (*run)(S&);
  };
  const actor all[] = {
      {"flush", [](S& s) { return s.flush(); }},      {"tick", [](S& s) { return s.tick(); }},
      {"rebuild", [](S& s) { return s.rebuild(1); }}, {"compact", [](S& s) { return s.compact(); }},
      {"sweep", [](S& s) { return s.sweep(); }},      {"close", [](S& s) { return s.close(1); }},
      {"reopen", [](S& s) { return s.reopen(4); }},
  };
  for (const actor& one : all) {
    const std::string name = one.name;
    const auto told = one.run(store);
    if (told) return name + " was told of no failure";
    if (told.error().code() != code::not_a_directory) return name + " was told " + describe(told.error()).c_str();
    if (text_of(*store.now()) != before) return name + " failed, and memory is ahead of the disk";
    if (const std::string wrong = wrong_with(store, sent); !wrong.empty()) return name + " failed: " + wrong;
  }
  std::filesystem::remove(manifest);
  std::filesystem::rename(manifest + ".aside", manifest);
  if (const std::string wrong = wrong_with_files(store, fs, root); !wrong.empty()) return wrong;

  for (const actor& one : all) {
    const auto done = one.run(store);
    if (!done || !*done) return one.name + std::string(" does not go on after the repair");
  }
  if (const std::string wrong = wrong_with(store, sent); !wrong.empty()) return wrong;
  return wrong_with_files(store, fs, root);
}

// Eight threads, and a disk on which calls fail: whenever all of them pause, the disk is what memory is.
std::string commits(std::uint64_t wanted) {
  perdure::mem_fs memory;
  perdure::testing::fault_fs<perdure::mem_fs> fs(memory);
  using tried = store<perdure::testing::fault_fs<perdure::mem_fs>>;
  tried store(fs, root);
  if (!store.open()) return "it cannot be opened";
  std::set<std::uint64_t> acknowledged;
  std::mutex mutex;
  std::atomic<std::uint64_t> stamp = 0, failed = 0, in_doubt = 0;
  std::atomic<bool> lost = false;
  unsigned round = 0;
  for (; store.now()->version < wanted; ++round) {
    const std::string chance = " chance 0.02 seed " + std::to_string(round);
    // A save is in doubt for longer where the load that is to end the doubt fails as well.
    fs.plan().add("open **/manifest/state chance 0.3 seed " + std::to_string(round) + " io");
    for (const char* const rule : {"write **/manifest/**# no_space", "sync **/manifest/**# io", "rename **/manifest/**# io after",
                                   "sync_dir **/manifest# io", "write **/segments/**# no_space", "rename **/segments/**# io",
                                   "sync_dir **/segments# io", "write **/log/**# no_space"}) {
      std::string line = rule;
      fs.plan().add(line.replace(line.find('#'), 1, chance));
    }
    const std::uint64_t until = store.now()->version + 500;
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937 random(round * 8 + t);
        while (store.now()->version < until) {
          const auto done = act(store, random, stamp, [&](std::uint64_t one) {
            const std::lock_guard lock(mutex);
            acknowledged.insert(one);
          });
          if (done || done.error().code() == code::conflict) continue;
          ++failed;
          if (done.error().outcome() == perdure::outcome::unknown) ++in_doubt;
          if (done.error().code() == code::not_found) lost = true;
          if (lost) return;
        }
      });
    }
    for (std::thread& one : threads) one.join();
    fs.plan().clear();
    if (lost) return "a file that memory names is gone";
    // With a disk that works again the last doubt ends, and what it was about can go.
    if (!store.refresh() || !store.sweep()) return "it does not go on";
    if (const std::string wrong = wrong_with(store, acknowledged); !wrong.empty()) return wrong;
    if (const std::string wrong = wrong_with_files(store, fs, root); !wrong.empty()) return wrong;
  }
  std::printf("%llu commits, %zu events, %llu failures, %llu of them in doubt, %u quiet points\n",
              static_cast<unsigned long long>(store.now()->version), acknowledged.size(), static_cast<unsigned long long>(failed),
              static_cast<unsigned long long>(in_doubt), round);
  return failed != 0 && in_doubt != 0 ? "" : "nothing failed, so that nothing was shown";
}

// What a process that may be killed tells its parent: an event that was acknowledged, or the state that a commit has saved.
struct told {
  bool is_event;
  std::uint32_t checksum;
  std::uint64_t number;
};

[[noreturn]] void work_until_killed(int parent, unsigned run) {
  perdure::posix_fs fs;
  store<perdure::posix_fs> mine(fs, root);
  const auto tell = [&](const told& one) {
    if (::write(parent, &one, sizeof(one)) != sizeof(one)) std::_Exit(1);
  };
  mine.on_commit = [&](const state& saved) { tell({false, perdure::crc32c(text_of(saved)), saved.version}); };
  if (!mine.open()) std::_Exit(2);
  std::atomic<std::uint64_t> stamp = run * std::uint64_t{1'000'000};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (std::mt19937 random(run * 8 + t);;) (void)act(mine, random, stamp, [&](std::uint64_t one) { tell({true, 0, one}); });
    });
  }
  for (std::thread& one : threads) one.join();
  std::_Exit(3);
}

// Eight threads in a process that is killed, and looked at, and started again; with ever longer lives, up to half a minute, where
// the time is over and nothing was acknowledged yet.
std::string killed(int seconds) {
  std::filesystem::remove_all(root);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  std::mt19937 random(std::random_device{}());
  std::set<std::uint64_t> acknowledged;
  std::map<std::uint64_t, std::uint32_t> saved;
  unsigned kills = 0;
  for (std::chrono::milliseconds longer(250);; ++kills) {
    std::chrono::milliseconds life(20 + random() % 300);
    if (std::chrono::steady_clock::now() >= end) {
      if ((!acknowledged.empty() && !saved.empty()) || longer > std::chrono::seconds(32)) break;
      life = longer;
      longer *= 2;
    }
    int ends[2];
    if (::pipe(ends) != 0) return "no pipe";
    std::fflush(stdout);
    const pid_t worker = ::fork();
    if (worker < 0) return "no process";
    if (worker == 0) work_until_killed(ends[1], kills);
    ::close(ends[1]);
    const auto deadline = std::chrono::steady_clock::now() + life;
    for (bool alive = true;;) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
      pollfd waits{ends[0], POLLIN, 0};
      if (alive && (left <= 0 || ::poll(&waits, 1, static_cast<int>(left)) == 0)) {
        ::kill(worker, SIGKILL);
        alive = false;
      }
      told one;
      if (::read(ends[0], &one, sizeof(one)) != sizeof(one)) break;
      if (one.is_event) acknowledged.insert(one.number);
      if (!one.is_event) saved[one.number] = one.checksum;
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(worker, &status, 0);
    if (!WIFSIGNALED(status)) return "it ended by itself, with " + std::to_string(WEXITSTATUS(status));

    perdure::posix_fs fs;
    store<perdure::posix_fs> after(fs, root);
    if (const auto opened = after.open(); !opened) return std::string("it cannot be opened: ") + describe(opened.error()).c_str();
    const auto now = after.now();
    const std::uint64_t last = saved.empty() ? 0 : saved.rbegin()->first;
    // Of eight threads each may have been told of one commit less than there were.
    if (now->version < last || now->version > last + 8) return "it is not the last commit";
    if (saved.contains(now->version) && saved[now->version] != perdure::crc32c(text_of(*now))) return "it is not what was saved";
    if (const std::string wrong = wrong_with(after, acknowledged); !wrong.empty()) return wrong;
    if (const std::string wrong = wrong_with_files(after, fs, root); !wrong.empty()) return wrong;
  }
  std::printf("%u kills, %zu events and %zu commits acknowledged\n", kills, acknowledged.size(), saved.size());
  return acknowledged.empty() || saved.empty() ? "nothing was done, so that nothing was shown" : "";
}

// The actors of a running store are stopped, at work, asleep, and while every save fails.
std::string shutdown(int times) {
  perdure::mem_fs memory;
  perdure::testing::fault_fs<perdure::mem_fs> fs(memory);
  std::set<std::uint64_t> acknowledged;
  std::uint64_t stamp = 0;
  for (int i = 0; i < times; ++i) {
    store<perdure::testing::fault_fs<perdure::mem_fs>> store(fs, root);
    if (!store.open()) return "it cannot be opened";
    actors all([](const char*, const failure&) {});
    start_all(all, store, std::chrono::microseconds(i % 3 == 0 ? 60'000'000 : 50));
    if (i % 3 == 2) fs.plan().add("write **/manifest/** no_space");
    for (int event = 0; event < 20; ++event, ++stamp) {
      if (store.ingest(event_of(stamp))) acknowledged.insert(stamp);
    }
    all.stop();
    fs.plan().clear();
    if (const std::string wrong = wrong_with(store, acknowledged); !wrong.empty()) return wrong;
  }
  std::printf("%d shutdowns, %zu events acknowledged\n", times, acknowledged.size());
  return "";
}

using careful = store<perdure::posix_fs>;
using naive = store<perdure::posix_fs, perdure::native_sync, naive_manifest<perdure::posix_fs>>;
constexpr examples::shown all[] = {
    {"broken", examples::number::none, [](std::optional<int>) { return broken<careful>(); }},
    {"naive", examples::number::none, [](std::optional<int>) { return broken<naive>(); }, true},
    {"commits", examples::number::times,
     [](std::optional<int> wanted) { return commits(static_cast<std::uint64_t>(wanted.value_or(10'000))); }},
    {"killed", examples::number::seconds, [](std::optional<int> seconds) { return killed(seconds.value_or(5)); }},
    {"shutdown", examples::number::times, [](std::optional<int> times) { return shutdown(times.value_or(100)); }},
};

}  // namespace

int main(int argc, char** argv) {
  const auto how = examples::call_of(argc, argv, examples::takes::no_store);
  const int status = examples::show_all(how, all, usage);
  if (!how.asks && status != examples::called_wrongly) std::filesystem::remove_all(root);
  return status;
}
