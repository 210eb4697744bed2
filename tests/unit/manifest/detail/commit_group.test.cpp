// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/manifest/commit_manifest.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/losing_slot.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace perdure;
using tests::losing_slot;

// Counts who waits and what a thread has locked, lets a test in where somebody yields, and keeps who is late from what he was
// woken for.
struct watched_sync : pthread_sync {
  static inline thread_local int held = 0;
  static inline std::atomic<int> waits = 0;
  static inline std::function<void()> next_yield;
  static inline std::function<void()> woken;
  struct mutex : pthread_sync::mutex {
    void lock() {
      pthread_sync::mutex::lock();
      ++held;
    }
    void unlock() {
      --held;
      pthread_sync::mutex::unlock();
    }
  };
  struct condition : pthread_sync::condition {
    void wait(mutex& mine) {
      ++waits;
      pthread_sync::condition::wait(mine);
      if (!woken) return;
      mine.unlock();
      woken();
      mine.lock();
    }
  };
  static void yield() {
    if (next_yield) std::exchange(next_yield, nullptr)();
  }
};
using text_manifest = manifest<std::string, losing_slot, default_codec<std::string>, watched_sync>;

struct group {
  losing_slot::place there;
  text_manifest all{losing_slot{&there}};
  std::mutex gate;
  std::atomic<bool> is_held = false;

  group() {
    watched_sync::waits = 0;
    watched_sync::next_yield = nullptr;
    watched_sync::woken = nullptr;
    REQUIRE(all.open());
  }
  result<commit_report> add(const char* what) {
    return commit_manifest(all, [what](std::string& next) { next += what; });
  }
  result<commit_report> add(const char* what, std::string& ran) {
    return commit_manifest(all, [&ran, what](std::string& next, after_commit& then) {
      next += what;
      then.run([&ran, what] { ran += what; });
    });
  }
  // Who calls the slot next stays in there until the gate is opened.
  void hold(std::function<void()>& call) {
    gate.lock();
    call = [this] {
      is_held = true;
      const std::lock_guard wait(gate);
    };
  }
  std::thread held_saver(const char* what) {
    hold(there.before_replace);
    std::thread one([this, what] { (void)add(what); });
    until([this] { return is_held.load(); });
    return one;
  }
  template <class F>
  static void until(F&& it) {
    while (!it()) std::this_thread::yield();
  }
  static void until_waits(int wanted) {
    until([wanted] { return watched_sync::waits >= wanted; });
  }
};
bool is_unknown(const result<commit_report>& done) { return !done && done.error().outcome() == outcome::unknown; }

TEST_CASE("commit_group: who refreshes waits for the save that goes on") {
  group one;
  std::thread saver = one.held_saver("a");
  std::thread reader([&] { (void)one.all.refresh(); });
  group::until([&] { return watched_sync::waits != 0 || one.there.was_shared; });
  one.gate.unlock();
  saver.join();
  reader.join();
  CHECK_FALSE(one.there.was_shared);
  CHECK(*one.all.read() == "a");
}

TEST_CASE("commit_group: who finds a doubt that somebody else is ending waits for that") {
  group one;
  one.there.answers_lost = 1;
  REQUIRE(is_unknown(one.add("a")));
  one.hold(one.there.before_load);
  std::thread first([&] { (void)one.add("b"); });
  group::until([&] { return one.is_held.load(); });
  std::thread second([&] { (void)one.add("c"); });
  group::until([&] { return watched_sync::waits != 0 || one.there.was_shared; });
  one.gate.unlock();
  first.join();
  second.join();
  CHECK_FALSE(one.there.was_shared);
  CHECK((one.there.value == "abc" || one.there.value == "acb"));
}

TEST_CASE("commit_group: a doubt that was ended costs nobody a load any more") {
  for (const bool took_effect : {true, false}) {
    group one;
    one.there.took_effect = took_effect;
    one.there.answers_lost = 1;
    REQUIRE(is_unknown(one.add("a")));
    REQUIRE(one.add("b"));
    const int loads = one.there.loads;
    REQUIRE(one.add("c"));
    CHECK(one.there.loads == loads);
    CHECK(one.there.value == (took_effect ? "abc" : "bc"));
  }
}

TEST_CASE("commit_group: a save of which a load cannot tell is in doubt, is not done again, and what is there is the value") {
  group one;
  one.there.answers_lost = 1;
  one.there.loads_lost = 0;
  one.there.is_untold = true;
  one.there.meanwhile = [&] { one.there.put("other "); };
  int runs = 0;
  const auto doubtful = commit_manifest(one.all, [&](std::string& next) {
    next += "a";
    ++runs;
  });
  CHECK(is_unknown(doubtful));
  CHECK(runs == 1);
  CHECK(*one.all.read() == "other ");
  REQUIRE(one.add("b"));
  CHECK(one.there.value == "other b");
}

TEST_CASE("commit_group: of a value that was saved and overtaken at once nothing is lost, and what was built on it is built again") {
  group one;
  one.there.answers_lost = 1;
  one.there.loads_lost = 0;
  one.there.meanwhile = [&] { one.there.put(one.there.value + "+"); };
  std::thread saver = one.held_saver("a");
  std::thread next([&] { (void)one.add("b"); });
  group::until_waits(1);
  one.gate.unlock();
  saver.join();
  next.join();
  CHECK(one.there.value == "a+b");
  CHECK(*one.all.read() == "a+b");
}

TEST_CASE("commit_group: a save that had no effect is unchanged, and who was faster is seen at once") {
  group one;
  one.there.answers_lost = 1;
  one.there.loads_lost = 0;
  one.there.took_effect = false;
  one.there.meanwhile = [&] { one.there.put("other "); };
  const auto failed = one.add("a");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == code::timed_out);
  CHECK(failed.error().outcome() == outcome::unchanged);
  CHECK(*one.all.read() == "other ");
  int runs = 0;
  REQUIRE(commit_manifest(one.all, [&](std::string& next) {
    next += "b";
    ++runs;
  }));
  CHECK(runs == 1);
  CHECK(one.there.value == "other b");
}

TEST_CASE("commit_group: the actions of what had no effect are gone, whatever becomes of the next doubt") {
  group one;
  std::string ran;
  for (const bool took_effect : {false, true, true}) {
    one.there.took_effect = took_effect;
    one.there.answers_lost = 1;
    REQUIRE(is_unknown(one.add(took_effect ? "y" : "x", ran)));
    REQUIRE(one.all.refresh());
  }
  CHECK(ran == "yy");
  CHECK(one.there.value == "yy");
}

TEST_CASE("commit_group: an action runs outside of every lock, whoever runs it") {
  group one;
  int locks = 0;
  int ran = 0;
  const auto add = [&](const char* what) {
    return commit_manifest(one.all, [&, what](std::string& next, after_commit& then) {
      next += what;
      then.run([&] {
        locks += watched_sync::held;
        ++ran;
      });
    });
  };
  REQUIRE(add("a"));
  one.there.answers_lost = 1;
  REQUIRE(is_unknown(add("b")));
  REQUIRE(one.all.refresh());
  one.there.answers_lost = 1;
  REQUIRE(is_unknown(add("c")));
  REQUIRE(add("d"));
  CHECK(ran == 4);
  CHECK(locks == 0);
}

TEST_CASE("commit_group: who declines makes nobody do a change again") {
  group one;
  std::thread first = one.held_saver("a");
  std::atomic<int> runs = 0;
  std::thread second([&] {
    (void)commit_manifest(one.all, [&](std::string& next) {
      next += "b";
      ++runs;
    });
  });
  group::until_waits(1);
  std::thread third([&] { (void)commit_manifest_if(one.all, [](std::string&) { return false; }); });
  group::until_waits(2);
  one.gate.unlock();
  first.join();
  second.join();
  third.join();
  CHECK(runs == 1);
  CHECK(one.there.value == "ab");
}

TEST_CASE("commit_group: who declines waits until what he has seen is saved, and pays for no save himself") {
  for (const bool is_another : {false, true}) {
    group one;
    std::thread first = one.held_saver("a");
    std::thread second;
    if (is_another) {
      second = std::thread([&] { (void)one.add("b"); });
      group::until_waits(1);
    }
    std::atomic<bool> is_answered = false;
    bool was_too_early = false;
    const int waits = watched_sync::waits;
    std::thread third([&] {
      const auto declined = commit_manifest_if(one.all, [](std::string&) { return false; });
      is_answered = declined && !declined->committed;
    });
    group::until_waits(waits + 1);
    one.there.before_replace = [&] {
      group::until([&] { return watched_sync::waits >= 3 || is_answered || !is_another; });
      was_too_early = is_answered;
    };
    one.gate.unlock();
    first.join();
    if (is_another) second.join();
    third.join();
    CHECK(is_answered);
    CHECK_FALSE(was_too_early);
    CHECK(one.there.replaces == (is_another ? 2 : 1));
  }
}

TEST_CASE("commit_group: of changes whose save failed each is saved alone, and has an answer of its own") {
  for (const int failing : {1, 2, 3}) {
    group one;
    std::atomic<int> committed = 0;
    std::atomic<int> refused = 0;
    const auto add = [&](const char* what) {
      const auto done = one.add(what);
      committed += done ? 1 : 0;
      refused += !done && done.error().code() == code::no_space && done.error().outcome() == outcome::unchanged ? 1 : 0;
    };
    std::thread first = one.held_saver("a");
    std::thread second([&] { add("b"); });
    std::thread third([&] { add("c"); });
    group::until_waits(2);
    one.there.before_replace = [&] {
      group::until_waits(3);
      one.there.replaces_failing = failing;
      watched_sync::next_yield = [] { group::until_waits(4); };
    };
    one.gate.unlock();
    first.join();
    second.join();
    third.join();
    INFO(failing);
    CHECK(refused == failing - 1);
    CHECK(committed == 3 - failing);
    CHECK(one.there.value.size() == static_cast<std::size_t>(4 - failing));
    CHECK(one.there.replaces == 4);
  }
}

TEST_CASE("commit_group: changes that are saved together have numbers of their own") {
  group one;
  result<commit_report> done[3] = {commit_report(), commit_report(), commit_report()};
  std::thread first = one.held_saver("a");
  std::thread others[3];
  const char* const letters[] = {"b", "c", "d"};
  for (int i = 0; i < 3; ++i) {
    others[i] = std::thread([&, i] { done[i] = one.add(letters[i]); });
    group::until_waits(i + 1);
  }
  one.gate.unlock();
  first.join();
  for (auto& other : others) other.join();
  CHECK(one.there.value == "abcd");
  CHECK(one.there.replaces == 2);
  const auto now = one.all.read().generation();
  for (std::uint64_t i = 0; i < 3; ++i) CHECK((done[i] && done[i]->generation == now - 2 + i));
}

TEST_CASE("commit_group: who declined on what was not saved looks again, and one change alone fails at once") {
  group one;
  std::thread first = one.held_saver("a");
  result<commit_report> failed = commit_report();
  std::thread second([&] { failed = one.add("b"); });
  group::until_waits(1);
  std::string seen;
  result<commit_report> declined = commit_report();
  std::thread third([&] {
    declined = commit_manifest_if(one.all, [&](std::string& next) {
      seen += "(" + next + ")";
      return false;
    });
  });
  group::until_waits(2);
  one.there.before_replace = [&] { one.there.replaces_failing = 1; };
  one.gate.unlock();
  first.join();
  second.join();
  third.join();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == code::no_space);
  REQUIRE(declined);
  CHECK_FALSE(declined->committed);
  CHECK(declined->generation == one.all.read().generation());
  CHECK(seen == "(ab)(a)");
  CHECK(one.there.replaces == 2);
  CHECK(*one.all.read() == "a");
}

TEST_CASE("commit_group: a value that another process put has the next number") {
  group one;
  REQUIRE(one.add("a"));
  const auto before = one.all.read();
  one.there.put("other");
  REQUIRE(one.all.refresh());
  CHECK(one.all.read().generation() == before.generation() + 1);
  const auto done = one.add("b");
  REQUIRE(done);
  CHECK(done->generation == before.generation() + 2);
  CHECK(one.all.read().generation() == done->generation);
}

// Knows what is locked while it is destroyed.
struct heavy {
  static inline int locks_max = 0;
  std::string text;
  heavy() = default;
  heavy(const heavy&) = default;
  heavy(heavy&&) noexcept = default;
  heavy& operator=(heavy&&) noexcept = default;
  ~heavy() { locks_max = std::max(locks_max, watched_sync::held); }
};
struct heavy_codec {
  [[nodiscard]] result<void> encode(const heavy& value, byte_sink sink) const { return sink(value.text); }
  [[nodiscard]] result<heavy> decode(bytes from) const {
    heavy made;
    made.text = std::string(from);
    return made;
  }
};

TEST_CASE("commit_group: no reader waits for the destruction of a value") {
  losing_slot::place there;
  manifest<heavy, losing_slot, heavy_codec, watched_sync> all(losing_slot{&there});
  REQUIRE(all.open());
  heavy::locks_max = 0;
  for (int i = 0; i < 3; ++i) REQUIRE(commit_manifest(all, [](heavy& next) { next.text += "x"; }));
  there.put("other");
  REQUIRE(all.refresh());
  CHECK(heavy::locks_max == 1);  // that of who commits, and not that of who reads
}

TEST_CASE("commit_group: while one looks whom to take along nobody else saves") {
  group one;
  std::thread first = one.held_saver("a");
  std::thread second([&] { (void)one.add("b"); });
  group::until_waits(1);
  std::atomic<bool> is_another = false;
  std::atomic<bool> is_waiting = false;
  std::thread third;
  std::thread fourth;
  watched_sync::next_yield = [&] {
    one.there.before_replace = [&] {
      is_another = true;
      group::until([&] { return is_waiting || one.there.was_shared; });
    };
    third = std::thread([&] { (void)one.add("c"); });
    group::until([&] { return watched_sync::waits == 2 || is_another; });
    is_waiting = !is_another;
    fourth = std::thread([&] { (void)one.add("d"); });
    group::until([&] { return watched_sync::waits == (is_another ? 2 : 3); });
  };
  one.gate.unlock();
  for (auto* const thread : {&first, &second, &third, &fourth}) thread->join();
  CHECK_FALSE(one.there.was_shared);
  CHECK(one.there.replaces == 2);
}

#if defined(__cpp_exceptions)
TEST_CASE("commit_group: where an exception leaves a save in doubt, who was saved along is not done again") {
  group one;
  one.there.answers_lost = 0;
  std::atomic<int> thrown = 0;
  std::atomic<int> unknown = 0;
  std::atomic<int> ran = 0;
  const auto add = [&](const char* what) {
    try {
      const auto done = commit_manifest(one.all, [&, what](std::string& next, after_commit& then) {
        next += what;
        then.run([&] { ++ran; });
      });
      unknown += is_unknown(done) ? 1 : 0;
    } catch (const std::runtime_error&) {
      ++thrown;
    }
  };
  std::thread first = one.held_saver("a");
  std::thread second([&] { add("b"); });
  std::thread third([&] { add("c"); });
  group::until_waits(2);
  one.there.before_replace = [&] {
    group::until_waits(3);
    one.there.answers_lost = 1;
    one.there.loads_lost = 0;
    one.there.before_load = [] { throw std::runtime_error("no"); };
  };
  one.gate.unlock();
  first.join();
  second.join();
  third.join();
  CHECK(thrown == 1);
  CHECK(unknown == 1);
  CHECK(ran == 0);
  CHECK(one.all.read()->size() == 1);
  REQUIRE(one.all.refresh());
  CHECK(ran == 2);
  CHECK(one.all.read()->size() == 3);
  CHECK(one.there.value == *one.all.read());
}
#endif

TEST_CASE("commit_group: who waits for one that is saved alone is woken, though that one changes nothing in the end") {
  group one;
  std::atomic<int> again = 0;
  std::atomic<int> committed = 0;
  const auto add_once = [&](const char* what) {
    bool is_first = true;
    committed += commit_manifest(one.all,
                                 [&](std::string& next) -> result<void> {
                                   next += what;
                                   if (std::exchange(is_first, false) || ++again == 1) return {};
                                   return failure(code::cancelled, operation::commit);
                                 })
                     ? 1
                     : 0;
  };
  // Two are saved together behind a first one; that fails, and each is to be saved alone. A third one has come meanwhile.
  std::thread first = one.held_saver("a");
  std::thread second([&] { add_once("b"); });
  std::thread third([&] { add_once("c"); });
  group::until_waits(2);
  std::thread last;
  static thread_local bool is_last = false;
  one.there.before_replace = [&] {
    one.there.replaces_failing = 1;
    last = std::thread([&] {
      is_last = true;
      committed += one.add("d") ? 1 : 0;
    });
    group::until_waits(4);
    // The first of the two is saved, while the other waits for him, and the last one for both. Then the last one is faster.
    one.there.before_replace = [&] {
      group::until_waits(6);
      watched_sync::woken = [] {
        if (!is_last) group::until_waits(7);
      };
    };
  };
  one.gate.unlock();
  first.join();
  second.join();
  third.join();
  last.join();
  CHECK(committed == 2);
  CHECK((one.there.value == "abd" || one.there.value == "acd"));
}

TEST_CASE("commit_group: who waited for a save that finds nothing to do any more is woken") {
  group one;
  std::thread first = one.held_saver("a");
  int runs = 0;
  std::thread second([&] {
    (void)commit_manifest(one.all, [&](std::string& next) -> result<void> {
      next += "b";
      if (++runs == 1) return {};
      return failure(code::cancelled, operation::commit);
    });
  });
  group::until_waits(1);
  // While the second one looks whom to take along, a third one comes, and then one whose change spoils what both have made.
  std::thread third;
  watched_sync::next_yield = [&] {
    third = std::thread([&] { (void)one.add("c"); });
    group::until_waits(2);
    const auto failed = commit_manifest(one.all, [](std::string& next) -> result<void> {
      next = "spoiled";
      return failure(code::cancelled, operation::commit);
    });
    CHECK(failed.error().code() == code::cancelled);
  };
  one.gate.unlock();
  first.join();
  second.join();
  third.join();
  CHECK(runs == 2);
  CHECK(one.there.value == "ac");
}

}  // namespace
