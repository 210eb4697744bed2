// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// A search engine that never touches I/O, and snapshots of it that are kept once, verified when they are read, and never go back.
//
//   snapshot_engine [restart | same | refused | killed [SECONDS] | together [TIMES] | pruned] [--store URI]
//
// Without a word: all of them, a little. With --store the objects and the head are there (a directory, file://...,
// s3://bucket/prefix), and the data directory has the base file alone; without it all is in the data directory. Exit status 0
// only if all that was shown did hold; 2: called in another way than this.

#include <examples/snapshot_engine/keeper.hpp>
#include <examples/store_uri.hpp>
#include <examples/usage.hpp>

#include <perdure/core/describe.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/store/prefix_store.hpp>
#include <perdure/store/read_object.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>

using namespace snapshot_engine;

namespace {

const std::string data = "snapshot_engine.data";
std::string store_uri;
constexpr char usage[] =
    "snapshot_engine [restart | same | refused | killed [SECONDS] | together [TIMES] | pruned] [--store URI]\n";

perdure::posix_fs disk;

void start_anew() {
  std::filesystem::remove_all(data);
  std::filesystem::create_directories(data + "/objects");
  if (store_uri.empty()) return;
  const auto store = examples::open_uri(store_uri, {.root = perdure::store_root::make});
  if (store) (void)remove_prefix(*store, "snapshot_engine/");
}

// Everything is opened again each time, as by a process that has just begun.
template <class Use>
std::string with_keeper(Use&& use) {
  const bool is_local = store_uri.empty();
  auto store = examples::open_uri(is_local ? data + "/objects" : store_uri, {.root = perdure::store_root::must_exist});
  if (!store) return std::string("no store: ") + describe(store.error()).c_str();
  if (is_local) {
    perdure::file_slot head(disk, data + "/head.json");
    keeper one(disk, *store, head, data);
    return use(one);
  }
  perdure::prefix_store mine(*store, "snapshot_engine/");
  perdure::object_slot head(mine, "head.json");
  keeper one(disk, mine, head, data);
  return use(one);
}

template <class T>
std::string told(const result<T>& answer, const char* what) {
  return answer ? "" : std::string(what) + ": " + describe(answer.error()).c_str();
}
template <class T>
bool is(const result<T>& answer, enum code code) {
  return !answer && answer.error().code() == code;
}

// Runs it in a process of its own; what it wrote, and how it ended. A signal after so long, unless it is 0.
struct ended {
  std::string output;
  int status = 0;
};
ended in_a_process(const std::function<void(int)>& work, std::chrono::microseconds killed_after = {}) {
  int ends[2];
  if (::pipe(ends) != 0) return {"", -1};
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    work(ends[1]);
    std::_Exit(0);
  }
  ::close(ends[1]);
  if (killed_after.count() != 0) {
    ::usleep(static_cast<useconds_t>(killed_after.count()));
    ::kill(child, SIGKILL);
  }
  ended how;
  char piece[4096];
  for (ssize_t got; (got = ::read(ends[0], piece, sizeof(piece))) > 0;) how.output.append(piece, static_cast<std::size_t>(got));
  ::close(ends[0]);
  ::waitpid(child, &how.status, 0);
  return how;
}
void say(int to, const std::string& text) {
  if (::write(to, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::_Exit(9);
}

std::string text_of(const std::vector<hit>& all) {
  std::string text;
  for (const hit& one : all) text += std::to_string(one.key) + " " + std::to_string(one.distance) + " " + one.label + "\n";
  return text;
}
std::string results_of(const vector_index& mine) {
  std::string all;
  for (std::uint64_t query = 0; query < 20; ++query) all += text_of(mine.search(vector_of(query * 5 + 1), 5));
  return all;
}

// Search results before and after a restart are equal; the engine maps its base file and goes on.
std::string restart() {
  start_anew();
  std::string before = in_a_process([](int to) {
                         const std::string wrong = with_keeper([&](auto& one) -> std::string {
                           const auto nothing = one.load();
                           if (!nothing || *nothing) return "there is something already";
                           vector_index mine;
                           for (int round = 0; round < 3; ++round) {
                             grow(mine, 500);
                             const auto done = one.persist(mine);
                             if (!done) return told(done, "persist");
                             if (!mine.is_mapped() || done->generation != mine.generation()) return "it is not mapped";
                           }
                           say(to, results_of(mine));
                           return "";
                         });
                         if (!wrong.empty()) say(to, wrong);
                       }).output;
  return with_keeper([&](auto& one) -> std::string {
    const auto loaded = one.load();
    if (!loaded || !*loaded) return told(loaded, "load") + " after the restart";
    if (!(*loaded)->is_mapped()) return "the base file is not mapped";
    if (results_of(**loaded) != before) return "the search finds something else after the restart: " + before.substr(0, 200);
    return wrong_with(**loaded);
  });
}

// The same data twice gives the same head, byte for byte; of more data little is new; without its head there is nothing yet.
std::string same() {
  start_anew();
  return with_keeper([&](auto& one) -> std::string {
    const auto head = [&] {
      std::string text;
      const auto now = one.head().observe(perdure::growing_room(text, 1 << 20));
      return now ? std::string(now->value) : "?";
    };
    vector_index mine;
    grow(mine, 20'000);
    const auto first = one.persist(mine);
    if (!first) return told(first, "persist");
    const std::string text = head();
    const auto second = one.persist(mine);
    if (!second || !second->report.was_there || second->report.new_objects != 0 || head() != text)
      return "the same data was not recognised";
    vector_index again;
    grow(again, 20'000);
    const auto third = one.persist(again);
    if (!third || !third->report.was_there || head() != text) return "equal data gives another head";
    grow(mine, 10);
    const auto more = one.persist(mine);
    if (!more || more->report.new_bytes * 2 > more->report.size_bytes) return "what is the same was sent again";
    std::printf("%llu bytes, of which the second snapshot sent %llu\n", static_cast<unsigned long long>(more->report.size_bytes),
                static_cast<unsigned long long>(more->report.new_bytes));
    // An older one of somebody else, and a missing directory.
    if (!is(one.persist(again), code::conflict)) return "the head went back";
    if (!store_uri.empty()) return "";
    std::filesystem::rename(data + "/head.json", data + "/aside");
    const auto nothing = one.load();
    if (!nothing || *nothing) return "without its head there is something";
    std::filesystem::rename(data, data + ".aside");
    const bool refused = is(one.load(), code::invalid_storage_root) && is(one.persist(mine), code::invalid_storage_root);
    std::filesystem::rename(data + ".aside", data);
    return refused ? "" : "a missing data directory is taken for an empty one";
  });
}

// Whatever is altered or missing or foreign is refused with a typed failure, and the engine in memory answers as before.
std::string refused() {
  start_anew();
  vector_index mine;
  grow(mine, 3000);
  const std::string before = results_of(mine);
  unsigned tried = 0;
  std::string wrong = with_keeper([&](auto& one) -> std::string {
    if (const auto done = one.persist(mine); !done) return told(done, "persist");
    auto& store = one.objects().store();
    std::vector<std::string> keys;
    const auto listed = store.list("objects/", {}, 10'000, [&](const perdure::listed_object& object) {
      keys.emplace_back(object.key.data(), object.key.size());
      return perdure::visit::go_on;
    });
    if (!listed || keys.size() < 3) return "there are no objects";
    for (const std::string& key : keys) {
      std::string whole;
      if (!read_object(store, key, whole, 1 << 24)) return "an object cannot be read";
      for (int damage = 0; damage < 3; ++damage, ++tried) {
        std::string altered = damage == 0 ? whole.substr(0, whole.size() / 2) : whole;
        if (damage == 1) altered[altered.size() / 3] = static_cast<char>(altered[altered.size() / 3] ^ 4);
        if (damage == 2 ? !store.remove(key) : !store.put(key, altered, perdure::precondition::any)) return "no damage is done";
        if (const auto loaded = one.load(); !is(loaded, code::corrupt)) return "what was done to " + key + " was not found";
        if (results_of(mine) != before) return "the engine in memory was touched";
      }
      if (!store.put(key, whole, perdure::precondition::any)) return "it cannot be put back";
    }
    const auto now = one.load();
    if (!now || !*now) return told(now, "load of what was put back");
    if (!store_uri.empty()) return "";
    for (const char* const foreign : {"{\"version\":1,\"manifest\":\"abc\"}", "{\"perdure_head\":7}", ""}) {
      const auto put = perdure::atomic_write(disk, data + "/head.json", foreign);
      const enum code code = std::strstr(foreign, "7") != nullptr ? code::version_unsupported : code::corrupt;
      if (!put || !is(one.load(), code)) return std::string("a foreign head was believed: ") + foreign;
      ++tried;
    }
    return "";
  });
  std::printf("%u times refused\n", tried);
  return wrong;
}

// A process that persists all the time, and is killed, and looked at, and started again.
std::string killed(int seconds) {
  start_anew();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  std::mt19937 random(std::random_device{}());
  std::uint64_t acknowledged = 0;
  unsigned kills = 0;
  // A machine that has much else to do gets nowhere in that time: it is given more, until something is done.
  for (; std::chrono::steady_clock::now() < end || (acknowledged == 0 && kills < 100); ++kills) {
    const auto work = [](int to) {
      const std::string wrong = with_keeper([&](auto& one) -> std::string {
        auto loaded = one.load();
        if (!loaded) return told(loaded, "load");
        vector_index mine = *loaded ? std::move(**loaded) : vector_index();
        for (;;) {
          grow(mine, 150);
          const auto done = one.persist(mine);
          if (!done) return told(done, "persist");
          say(to, std::to_string(done->generation) + "\n");
        }
      });
      std::printf("%s\n", wrong.c_str());
      std::fflush(stdout);
      std::_Exit(3);
    };
    const ended how =
        in_a_process(work, std::chrono::microseconds(5'000 + random() % 250'000 * (acknowledged == 0 ? kills / 10 + 1 : 1)));
    if (!WIFSIGNALED(how.status)) return "it ended by itself";
    const std::size_t last = how.output.rfind('\n');
    if (last != std::string::npos) {
      const std::size_t begin = last == 0 ? std::string::npos : how.output.rfind('\n', last - 1);
      acknowledged = std::stoull(how.output.substr(begin == std::string::npos ? 0 : begin + 1));
    }
    const std::string wrong = with_keeper([&](auto& one) -> std::string {
      const auto loaded = one.load();
      if (!loaded) return told(loaded, "load");
      const std::uint64_t generation = *loaded ? (*loaded)->generation() : 0;
      vector_index next;
      while (next.generation() < acknowledged) grow(next, 150);
      grow(next, 150);
      if (generation < acknowledged || generation > next.generation())
        return "acknowledged was " + std::to_string(acknowledged) + ", and there is " + std::to_string(generation);
      acknowledged = generation;  // it was loaded, and is not lost from now on either
      return *loaded ? wrong_with(**loaded) : "";
    });
    if (!wrong.empty()) return wrong;
  }
  std::printf("%u kills, generation %llu\n", kills, static_cast<unsigned long long>(acknowledged));
  return acknowledged == 0 ? "nothing was done, so that nothing was shown" : "";
}

// Two processes persist at once: one of the two heads is there then, and it can be loaded; who was told of success is not lost.
std::string together(int times) {
  unsigned lost = 0;
  for (int round = 0; round < times; ++round) {
    start_anew();
    const auto work = [](std::uint64_t count) {
      return [count](int to) {
        const std::string wrong = with_keeper([&](auto& one) -> std::string {
          vector_index mine;
          grow(mine, count);
          const auto done = one.persist(mine);
          say(to, done ? "persisted" : is(done, code::conflict) ? "conflict" : told(done, "persist"));
          return "";
        });
        if (!wrong.empty()) say(to, wrong);
      };
    };
    int ends[2][2];
    pid_t children[2];
    for (int i = 0; i < 2; ++i) {
      if (::pipe(ends[i]) != 0) return "no pipe";
      std::fflush(stdout);
      children[i] = ::fork();
      if (children[i] == 0) {
        work(i == 0 ? 400 : 800)(ends[i][1]);
        std::_Exit(0);
      }
      ::close(ends[i][1]);
    }
    std::string said[2];
    for (int i = 0; i < 2; ++i) {
      char piece[512];
      for (ssize_t got; (got = ::read(ends[i][0], piece, sizeof(piece))) > 0;)
        said[i].append(piece, static_cast<std::size_t>(got));
      ::close(ends[i][0]);
      ::waitpid(children[i], nullptr, 0);
    }
    if (said[1] != "persisted") return "the later generation was told " + said[1];
    if (said[0] != "persisted" && said[0] != "conflict") return "the earlier generation was told " + said[0];
    lost += said[0] == "conflict" ? 1 : 0;
    const std::string wrong = with_keeper([&](auto& one) -> std::string {
      const auto loaded = one.load();
      if (!loaded || !*loaded) return told(loaded, "load") + " of the winner";
      if ((*loaded)->next_key() != 800) return "the head is not the later one";
      if (said[0] == "persisted") {  // it was first, and is kept behind it
        vector_index first;
        grow(first, 400);
        const auto earlier = one.load(first.generation());
        if (!earlier || !*earlier) return told(earlier, "load") + " of the first";
      }
      return wrong_with(**loaded);
    });
    if (!wrong.empty()) return wrong;
  }
  std::printf("%d pairs, %u times the earlier generation came second\n", times, lost);
  return "";
}

// A head at which somebody is killed who has put all objects: nobody has to send them again.
struct killed_at_the_head {
  using perdure_slot = killed_at_the_head;
  struct token {
    bool exists = false;
    friend bool operator==(const token&, const token&) = default;
  };
  result<perdure::slot_value<token>> load(perdure::slot_room) { return perdure::slot_value<token>{}; }
  result<perdure::slot_value<token>> observe(perdure::slot_room) { return perdure::slot_value<token>{}; }
  result<token> replace(const token&, perdure::bytes) { return failure(code::io, operation::replace); }
};

// Of ten snapshots three are kept; the others are gone, those that are kept are whole; what a killed process put is not sent
// again.
std::string pruned() {
  start_anew();
  return with_keeper([&](auto& one) -> std::string {
    vector_index mine;
    for (int round = 0; round < 10; ++round) {
      grow(mine, 300);
      if (const auto done = one.persist(mine, 10); !done) return told(done, "persist");
    }
    const auto gone = perdure::prune_snapshots(one.objects(), one.head(), {.keep = 3});
    if (!gone) return told(gone, "prune");
    if (gone->dropped != 7 || gone->collected.deleted == 0) return "nothing was pruned";
    const auto all = perdure::verify_snapshots(one.objects(), one.head(), [](const auto&, const auto&) {});
    if (!all || all->good != 3 || all->bad != 0) return "what is kept is not whole";
    std::printf("%llu objects deleted, %llu kept\n", static_cast<unsigned long long>(gone->collected.deleted),
                static_cast<unsigned long long>(gone->collected.met - gone->collected.deleted));
    grow(mine, 10'000);
    killed_at_the_head nowhere;
    if (perdure::persist_snapshot(mine, one.objects(), nowhere)) return "it was not killed";
    const auto resumed = one.persist(mine);
    if (!resumed) return told(resumed, "persist");
    return resumed->report.new_objects == 0 ? "" : "what was there was sent again";
  });
}

constexpr examples::shown all[] = {
    {"restart", examples::number::none, [](std::optional<int>) { return restart(); }},
    {"same", examples::number::none, [](std::optional<int>) { return same(); }},
    {"refused", examples::number::none, [](std::optional<int>) { return refused(); }},
    {"killed", examples::number::seconds, [](std::optional<int> seconds) { return killed(seconds.value_or(4)); }},
    {"together", examples::number::times, [](std::optional<int> times) { return together(times.value_or(10)); }},
    {"pruned", examples::number::none, [](std::optional<int>) { return pruned(); }},
};

}  // namespace

int main(int argc, char** argv) {
  const auto how = examples::call_of(argc, argv, examples::takes::a_store);
  store_uri = how.store;
  const int status = examples::show_all(how, all, usage);
  if (!how.asks && status != examples::called_wrongly) std::filesystem::remove_all(data);
  return status;
}
