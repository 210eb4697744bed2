// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/mem_fs.hpp>
#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/testing/fault_fs.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/losing_slot.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <deque>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace perdure;
using tests::losing_slot;
using namespace perdure::testing;

using slot = file_slot<fault_fs<mem_fs>, manual_clock>;
using text_manifest = manifest<std::string, slot>;

struct place {
  mem_fs memory;
  fault_fs<mem_fs> fs{memory};
  manual_clock clock;

  slot at(file_slot_options options = {}) { return slot(fs, "value", clock, options); }
  std::string on_disk() {
    const auto got = read_text(memory, "value");
    return got ? *got : "absent";
  }
};
struct append {
  const char* what;
  void operator()(std::string& next) const { next += what; }
};

TEST_CASE("commit_manifest: the slot has it, and then memory") {
  place here;
  text_manifest all(here.at());
  REQUIRE(all.open("initial "));
  CHECK(*all.read() == "initial ");
  CHECK(here.on_disk() == "absent");
  const auto before = all.read();
  const auto done = commit_manifest(all, append{"one"});
  REQUIRE(done);
  CHECK(done->committed);
  CHECK(done->generation == all.read().generation());
  CHECK(here.on_disk() == "initial one");
  CHECK(*all.read() == "initial one");
  CHECK(*before == "initial ");
  text_manifest again(here.at());
  REQUIRE(again.open("nothing"));
  CHECK(*again.read() == "initial one");
}

void append_x(std::string& next) { next += "x"; }

TEST_CASE("commit_manifest: whatever takes the value by reference may change it") {
  place here;
  text_manifest all(here.at());
  REQUIRE(all.open());
  int calls = 0;
  const append named{"a"};
  REQUIRE(commit_manifest(all, named));
  REQUIRE(commit_manifest(all, append_x));
  REQUIRE(commit_manifest(all, &append_x));
  REQUIRE(commit_manifest(all, [](auto& next) { next += "b"; }));
  REQUIRE(commit_manifest(all, [](auto&& next, auto& then) { next += then.empty() ? "c" : "?"; }));
  REQUIRE(commit_manifest(all, [calls](std::string& next) mutable noexcept { next += static_cast<char>('d' + calls++); }));
  REQUIRE(commit_manifest_if(all, [](const std::string& next) noexcept { return next.empty(); }));
  CHECK(*all.read() == "axxbcd");
}

TEST_CASE("commit_manifest: a save that fails leaves both as they were") {
  place here;
  text_manifest all(here.at());
  REQUIRE(all.open());
  REQUIRE(commit_manifest(all, append{"a"}));
  const auto generation = all.read().generation();
  bool ran = false;
  here.fs.plan().add("write **/*.tmp no_space");
  const auto failed = commit_manifest(all, [&](std::string& next, after_commit& then) {
    next += "b";
    then.run([&] { ran = true; });
  });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == code::no_space);
  CHECK(failed.error().outcome() == outcome::unchanged);
  CHECK(*all.read() == "a");
  CHECK(all.read().generation() == generation);
  CHECK(here.on_disk() == "a");
  CHECK_FALSE(ran);
  here.fs.plan().clear();
  REQUIRE(commit_manifest(all, append{"c"}));
  CHECK(here.on_disk() == "ac");
}

TEST_CASE("commit_manifest: a closure that declines or fails touches nothing") {
  place here;
  text_manifest all(here.at());
  REQUIRE(all.open());
  here.fs.plan().add("** io");
  bool ran = false;
  const auto declined = commit_manifest_if(all, [&](std::string& next, after_commit& then) {
    next = "changed";
    then.run([&] { ran = true; });
    return false;
  });
  REQUIRE(declined);
  CHECK_FALSE(declined->committed);
  CHECK(declined->generation == all.read().generation());
  const auto failed = commit_manifest(all, [](std::string& next) -> result<void> {
    next = "changed";
    return failure(code::cancelled, operation::commit);
  });
  CHECK(failed.error().code() == code::cancelled);
  const auto neither =
      commit_manifest_if(all, [](std::string&) -> result<bool> { return failure(code::busy, operation::commit); });
  CHECK(neither.error().code() == code::busy);
  CHECK(all.read()->empty());
  CHECK_FALSE(ran);
  here.fs.plan().clear();
  CHECK(here.on_disk() == "absent");
}

#if defined(__cpp_exceptions)
TEST_CASE("commit_manifest: an exception passes through, and takes its change along") {
  place here;
  text_manifest all(here.at());
  REQUIRE(all.open());
  const auto throws = [&] {
    (void)commit_manifest(all, [](std::string& next) {
      next = "changed";
      throw std::runtime_error("no");
    });
  };
  CHECK_THROWS_AS(throws(), std::runtime_error);
  CHECK(all.read()->empty());
  REQUIRE(commit_manifest(all, append{"a"}));
  CHECK(here.on_disk() == "a");
}

struct throws_once {
  static inline std::atomic<bool> now = false;
  [[nodiscard]] result<void> encode(const std::string& value, byte_sink sink) const {
    if (now.exchange(false)) throw std::runtime_error("no");
    return sink(value);
  }
  [[nodiscard]] result<std::string> decode(bytes from) const { return bytes_codec<std::string>().decode(from); }
};

TEST_CASE("commit_manifest: an exception from the codec passes through who saved, and nobody waits for him") {
  place here;
  manifest<std::string, slot, throws_once> all(here.at({.writers = writers::only_this}));
  REQUIRE(all.open());
  std::mutex gate;
  std::atomic<int> saves = 0, thrown = 0, committed = 0, ran = 0;
  here.fs.plan().add("sync_dir ** slow 1");
  here.fs.plan().sleep_with([&](std::uint64_t) {
    if (++saves == 1) const std::lock_guard wait(gate);
  });
  const auto commit = [&](char letter) {
    return std::thread([&, letter] {
      try {
        committed += commit_manifest(all,
                                     [&](std::string& next) {
                                       next += letter;
                                       ++ran;
                                     })
                         ? 1
                         : 0;
      } catch (const std::runtime_error&) {
        ++thrown;
      }
    });
  };
  const auto wait_for = [&](const std::atomic<int>& count, int wanted) {
    while (count < wanted) std::this_thread::yield();
  };
  gate.lock();
  std::thread first = commit('a');
  wait_for(saves, 1);
  std::thread second = commit('b');
  std::thread third = commit('c');
  wait_for(ran, 3);
  throws_once::now = true;
  gate.unlock();
  first.join();
  second.join();
  third.join();
  CHECK(thrown == 1);
  CHECK(committed == 2);
  CHECK((here.on_disk() == "ab" || here.on_disk() == "ac"));
  CHECK(*all.read() == here.on_disk());
  REQUIRE(commit_manifest(all, append{"d"}));
  CHECK(here.on_disk().size() == 3);
}
#endif

TEST_CASE("commit_manifest: what breaks the invariant is not saved") {
  place here;
  text_manifest all(here.at(), {.invariant = [](const std::string& next) -> result<void> {
                      if (next.size() > 2) return failure(code::invalid_argument, operation::commit);
                      return {};
                    }});
  REQUIRE(all.open());
  REQUIRE(commit_manifest(all, append{"ab"}));
  CHECK(commit_manifest(all, append{"c"}).error().code() == code::invalid_argument);
  // Nobody minds what is done to a copy that is let go of.
  const auto declined = commit_manifest_if(all, [](std::string& next) {
    next += "c";
    return false;
  });
  REQUIRE(declined);
  CHECK_FALSE(declined->committed);
  CHECK(here.on_disk() == "ab");
  CHECK(*all.read() == "ab");
}

TEST_CASE("commit_manifest: a value that is too large is not saved") {
  place here;
  text_manifest all(here.at(), {.size_bytes_max = 3});
  REQUIRE(all.open());
  REQUIRE(commit_manifest(all, append{"abc"}));
  const auto failed = commit_manifest(all, append{"d"});
  CHECK(failed.error().code() == code::too_large);
  CHECK(failed.error().outcome() == outcome::unchanged);
  CHECK(here.on_disk() == "abc");
  text_manifest small(here.at(), {.size_bytes_max = 2});
  CHECK(small.open().error().code() == code::too_large);
}

TEST_CASE("commit_manifest: another process was faster: its value is loaded, and the change is made on that") {
  place here;
  text_manifest one(here.at());
  text_manifest other(here.at());
  REQUIRE(one.open());
  REQUIRE(other.open());
  REQUIRE(commit_manifest(one, append{"a"}));
  int runs = 0;
  const auto done = commit_manifest(other, [&](std::string& next) {
    ++runs;
    next += "b";
  });
  REQUIRE(done);
  CHECK(runs == 2);
  CHECK(here.on_disk() == "ab");
  CHECK(*other.read() == "ab");
  CHECK(*one.read() == "a");
  REQUIRE(one.refresh());
  CHECK(*one.read() == "ab");
  // Who always loses gives up.
  text_manifest late(here.at(), {.tries_max = 3});
  REQUIRE(late.open());
  const auto lost = commit_manifest(late, [&](std::string& next) {
    REQUIRE(commit_manifest(one, append{"."}));
    next += "late";
  });
  CHECK(lost.error().code() == code::conflict);
  CHECK(here.on_disk() == "ab...");
}

TEST_CASE("commit_manifest: a save that fails after the rename is settled by writing again, and has happened") {
  place here;
  text_manifest all(here.at());
  REQUIRE(all.open());
  REQUIRE(commit_manifest(all, append{"a"}));
  here.fs.plan().add("sync_dir ** nth 1 io");
  int ran = 0;
  const auto done = commit_manifest(all, [&](std::string& next, after_commit& then) {
    next += "b";
    then.run([&] { ++ran; });
  });
  REQUIRE(done);
  CHECK(here.fs.plan().strikes(0) == 1);
  CHECK(*all.read() == "ab");
  CHECK(ran == 1);
}

TEST_CASE("commit_manifest: a doubt that cannot be settled is told, and ended by who comes next") {
  place here;
  text_manifest all(here.at());
  REQUIRE(all.open());
  REQUIRE(commit_manifest(all, append{"a"}));
  here.fs.plan().add("sync_dir ** io");
  std::string ran;
  const auto doubtful = commit_manifest(all, [&](std::string& next, after_commit& then) {
    next += "b";
    then.run([&] { ran += "b"; });
  });
  REQUIRE_FALSE(doubtful);
  CHECK(doubtful.error().outcome() == outcome::unknown);
  // It is visible, and may be lost: memory does not show it, and nothing is deleted on the strength of it.
  CHECK(here.on_disk() == "ab");
  CHECK(*all.read() == "a");
  CHECK(ran.empty());
  const auto refused = commit_manifest(all, append{"c"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().outcome() == outcome::unchanged);
  here.fs.plan().clear();
  REQUIRE(commit_manifest(all, [&](std::string& next, after_commit& then) {
    next += "d";
    then.run([&] { ran += "d"; });
  }));
  CHECK(*all.read() == "abd");
  CHECK(ran == "bd");
}

TEST_CASE("commit_manifest: a doubt about what did not happen runs no action") {
  place here;
  text_manifest all(here.at());
  REQUIRE(all.open());
  REQUIRE(commit_manifest(all, append{"a"}));
  here.fs.plan().add("rename ** io doubt visible");
  bool ran = false;
  const auto doubtful = commit_manifest(all, [&](std::string& next, after_commit& then) {
    next += "b";
    then.run([&] { ran = true; });
  });
  CHECK(doubtful.error().outcome() == outcome::unknown);
  here.fs.plan().clear();
  REQUIRE(all.refresh());
  CHECK(*all.read() == "a");
  CHECK_FALSE(ran);
}

TEST_CASE("commit_manifest: a reader keeps what it read across a thousand commits") {
  place here;
  text_manifest all(here.at({.writers = writers::only_this}));
  REQUIRE(all.open());
  REQUIRE(commit_manifest(all, append{"first"}));
  const auto kept = all.read();
  for (int i = 0; i < 1000; ++i) REQUIRE(commit_manifest(all, [&](std::string& next) { next = std::to_string(i); }));
  CHECK(*kept == "first");
  CHECK(*all.read() == "999");
  CHECK(all.read().generation() == kept.generation() + 1000);
}

TEST_CASE("commit_manifest: while a save is held up, a million readers go on") {
  place here;
  text_manifest all(here.at({.writers = writers::only_this}));
  REQUIRE(all.open());
  REQUIRE(commit_manifest(all, append{"old"}));
  std::mutex gate;
  std::atomic<bool> is_held = false;
  here.fs.plan().add("sync_dir ** slow 1");
  here.fs.plan().sleep_with([&](std::uint64_t) {
    is_held = true;
    const std::lock_guard wait(gate);
  });
  gate.lock();
  std::thread writer([&] { (void)commit_manifest(all, append{" and new"}); });
  while (!is_held) std::this_thread::yield();
  std::size_t seen = 0;
  for (int i = 0; i < 1'000'000; ++i) seen += all.read()->size();
  CHECK(seen == 3'000'000);
  gate.unlock();
  writer.join();
  CHECK(*all.read() == "old and new");
}

// A Sync that lets somebody in where it yields.
struct letting_in : pthread_sync {
  static inline std::function<void()> next;
  static void yield() {
    if (next) std::exchange(next, nullptr)();
  }
};

TEST_CASE("commit_manifest: a save waits for whom the last one let go, and takes them along") {
  place here;
  manifest<std::string, slot, bytes_codec<std::string>, letting_in> all(here.at({.writers = writers::only_this}));
  REQUIRE(all.open());
  std::mutex gate;
  std::atomic<int> saves = 0;
  here.fs.plan().add("sync_dir ** slow 1");
  here.fs.plan().sleep_with([&](std::uint64_t) {
    if (++saves == 1) const std::lock_guard wait(gate);
  });
  const auto commit = [&](const char* what, std::atomic<bool>& ran) {
    return std::thread([&all, &ran, what] {
      (void)commit_manifest(all, [&](std::string& text) {
        text += what;
        ran = true;
      });
    });
  };
  const auto wait_for = [](const std::atomic<bool>& ran) {
    while (!ran) std::this_thread::yield();
  };
  std::atomic<bool> first_ran = false, second_ran = false, third_ran = false;
  std::thread third;
  letting_in::next = [&] {
    third = commit("c", third_ran);
    wait_for(third_ran);
  };
  gate.lock();
  std::thread first = commit("a", first_ran);
  while (saves == 0) std::this_thread::yield();
  std::thread second = commit("b", second_ran);
  wait_for(second_ran);
  gate.unlock();
  first.join();
  second.join();
  REQUIRE(third.joinable());
  third.join();
  CHECK(here.on_disk() == "abc");
  CHECK(saves == 2);
}

// Counts how often it is copied.
struct counted {
  static inline std::atomic<int> copies = 0;
  std::string text;
  counted() = default;
  counted(const counted& other) : text(other.text) { ++copies; }
  counted(counted&&) noexcept = default;
  counted& operator=(counted&&) noexcept = default;
};
struct counted_codec {
  [[nodiscard]] result<void> encode(const counted& value, byte_sink sink) const { return sink(value.text); }
  [[nodiscard]] result<counted> decode(bytes from) const {
    counted made;
    made.text.assign(reinterpret_cast<const char*>(from.data()), from.size());
    return made;
  }
};

// While a save is held up, others come one after the other, each with a change of its own.
struct behind_a_save {
  place here;
  manifest<counted, slot, counted_codec> all{here.at({.writers = writers::only_this})};
  std::mutex gate;
  std::atomic<int> saves = 0;
  std::atomic<int> failures = 0;
  std::deque<std::atomic<bool>> made;  // by whom, for a change may be made again at any later moment
  std::vector<std::thread> threads;

  behind_a_save() {
    REQUIRE(all.open());
    here.fs.plan().add("sync_dir ** slow 1");
    here.fs.plan().sleep_with([&](std::uint64_t) {
      if (++saves == 1) const std::lock_guard wait(gate);
    });
    gate.lock();
    add("a");
    while (saves == 0) std::this_thread::yield();
  }
  void add(const char* what) {
    come([&, what](std::atomic<bool>& ran) {
      const auto done = commit_manifest(all, [&](counted& next) {
        next.text += what;
        ran = true;
      });
      failures += done ? 0 : 1;
    });
  }
  // Until its change has been made once.
  void come(std::function<void(std::atomic<bool>&)> commit) {
    std::atomic<bool>& ran = made.emplace_back(false);
    threads.emplace_back([&ran, commit = std::move(commit)] { commit(ran); });
    while (!ran) std::this_thread::yield();
  }
  std::string ended() {
    gate.unlock();
    for (auto& one : threads) one.join();
    CHECK(failures == 0);
    CHECK(here.on_disk() == all.read()->text);
    std::string letters = all.read()->text;
    std::sort(letters.begin(), letters.end());
    return letters;
  }
};

TEST_CASE("commit_manifest: changes that are saved together share a copy") {
  behind_a_save one;
  counted::copies = 0;
  for (const char* letter : {"b", "c", "d", "e"}) one.add(letter);
  CHECK(counted::copies == 1);
  CHECK(one.ended() == "abcde");
  CHECK(one.saves == 2);
}

TEST_CASE("commit_manifest: a change that fails on a copy that it shares is gone, and the others are there") {
  behind_a_save one;
  one.add("b");
  one.add("c");
  std::atomic<int> runs = 0;
  one.come([&](std::atomic<bool>& ran) {
    const auto failed = commit_manifest(one.all, [&](counted& next) -> result<void> {
      next.text = "spoiled";
      ++runs;
      ran = true;
      return failure(code::cancelled, operation::commit);
    });
    one.failures += !failed && failed.error().code() == code::cancelled ? 0 : 1;
  });
  one.add("d");
  CHECK(one.ended() == "abcd");
  CHECK(runs == 2);  // once more on a copy of its own: what it had seen was gone
}

#if defined(__cpp_exceptions)
TEST_CASE("commit_manifest: an exception on a copy that is shared takes its own change along, and no other") {
  behind_a_save one;
  one.add("b");
  one.come([&](std::atomic<bool>& ran) {
    ++one.failures;
    try {
      (void)commit_manifest(one.all, [&](counted& next) {
        next.text = "spoiled";
        ran = true;
        throw std::runtime_error("no");
      });
    } catch (const std::runtime_error&) {
      --one.failures;
    }
  });
  one.add("c");
  CHECK(one.ended() == "abc");
}
#endif

TEST_CASE("commit_manifest: who declines has a copy of its own") {
  behind_a_save one;
  one.add("b");
  one.come([&](std::atomic<bool>& ran) {
    const auto declined = commit_manifest_if(one.all, [&](counted& next) {
      next.text = "spoiled";
      ran = true;
      return false;
    });
    one.failures += declined && !declined->committed ? 0 : 1;
  });
  one.add("c");
  CHECK(one.ended() == "abc");
}

TEST_CASE("commit_manifest_if: what was to be done after a change that was declined is not done, whatever it waited for") {
  for (const int declines : {1, 1000}) {
    losing_slot::place there;
    there.answers_lost = 1;
    std::atomic<bool> is_saving = false;
    std::mutex gate;
    there.before_replace = [&] {
      is_saving = true;
      const std::lock_guard wait(gate);
    };
    manifest<std::string, losing_slot> all(losing_slot{&there});
    REQUIRE(all.open());
    gate.lock();
    std::thread first([&] { (void)commit_manifest(all, append{"a"}); });
    while (!is_saving) std::this_thread::yield();
    std::atomic<int> calls = 0;
    int ran = 0;
    std::thread second([&] {
      (void)commit_manifest_if(all, [&](std::string& next, after_commit& then) {
        then.run([&] { ++ran; });
        if (++calls <= declines) return false;
        next += "b";
        return true;
      });
    });
    while (calls == 0) std::this_thread::yield();
    gate.unlock();
    first.join();
    second.join();
    CHECK(calls >= 2);
    CHECK(ran == (declines == 1 ? 1 : 0));
  }
}

#if defined(__cpp_exceptions)
TEST_CASE("commit_manifest: what is due of a doubt whose ender left by an exception is done by who comes next") {
  losing_slot::place there;
  manifest<std::string, losing_slot> all(losing_slot{&there});
  REQUIRE(all.open());
  there.answers_lost = 1;
  int ran = 0;
  const auto doubted = commit_manifest(all, [&](std::string& next, after_commit& then) {
    next += "a";
    then.run([&] { ++ran; });
  });
  REQUIRE((!doubted && doubted.error().outcome() == outcome::unknown));
  CHECK_THROWS_AS(commit_manifest(all, [](std::string&) { throw std::runtime_error("no"); }), std::runtime_error);
  CHECK(ran == 0);
  CHECK(commit_manifest(all, append{"b"}));
  CHECK(ran == 1);
  CHECK(*all.read() == "ab");
}
#endif

TEST_CASE("commit_manifest: of many threads every commit is there once, and saves are shared") {
  place here;
  text_manifest all(here.at({.writers = writers::only_this}));
  REQUIRE(all.open());
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const char letter = static_cast<char>('a' + t);
      for (int i = 0; i < 250; ++i) failures += commit_manifest(all, [&](std::string& next) { next += letter; }) ? 0 : 1;
    });
  }
  for (auto& one : threads) one.join();
  CHECK(failures == 0);
  const auto now = all.read();
  CHECK(now->size() == 1000);
  for (int t = 0; t < 4; ++t) CHECK(std::count(now->begin(), now->end(), static_cast<char>('a' + t)) == 250);
  CHECK(here.on_disk() == *now);
}

TEST_CASE("commit_manifest: to commit, open or refresh from inside its own closure is a programmer's error") {
  for (const int what : {0, 1, 2, 3, 4, 5}) {
    const int end = tests::in_child([&]() -> int {
      (void)std::signal(SIGABRT, SIG_DFL);
      (void)std::signal(SIGILL, SIG_DFL);
      (void)std::signal(SIGTRAP, SIG_DFL);
      (void)::alarm(20);  // else a deadlock
      (void)std::signal(SIGALRM, [](int) { ::_exit(1); });
      place here;
      text_manifest all(here.at());
      (void)all.open();
      place there;
      text_manifest other(there.at());
      (void)other.open();
      (void)commit_manifest(all, [&](std::string&) {
        if (what == 0) (void)commit_manifest(all, append{"x"});
        if (what == 1) (void)all.open();
        if (what == 2) (void)all.refresh();
        // That of another one is no such error, but within that, and behind it, the first one's closure still runs.
        const auto done = commit_manifest(other, [&](std::string&) {
          if (what == 3) (void)all.refresh();
        });
        if (!done) ::_exit(2);
        if (what == 4) (void)all.refresh();
      });
      return 0;
    });
    INFO(what);
    CHECK(end == (what == 5 ? 0 : tests::was_killed));
  }
}

}  // namespace
