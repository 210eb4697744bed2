// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// What the reductions leave out makes no difference: the same programs, with all of them and with none.

#include <perdure/testing/explore.hpp>

#include <tests/support/catch.hpp>

#include <functional>
#include <set>
#include <string>

namespace proofs_of_reductions {

using namespace perdure;
using namespace perdure::testing;

namespace {

// What was seen by the checks of an exploration. Every one passes, so that each of them counts.
struct outlook {
  std::set<std::string> seen;
  std::uint64_t states = 0;
  bool complete = false;
};

struct program {
  std::function<void(crash_fs&)> works;
  std::function<void(crash_fs&)> recovers;
  std::function<std::string(crash_fs&)> looks;
};

outlook explored(const program& one, const profile& rules, bool reduced) {
  outlook found;
  const report said = explore({.profile = rules,
                               .setup = [](world& w) { (void)w.fs().make_dir("d"); },
                               .workload = [&](world& w) { one.works(w.fs()); },
                               .recover = [&](after_crash& after) { one.recovers(after.fs()); },
                               .check = [&](after_crash& after) -> verdict {
                                 found.seen.insert(one.looks(after.fs()));
                                 return true;
                               },
                               .budget = {.states = 20'000},
                               .reductions = {.same_disk = reduced, .unread = reduced, .nearest_first = reduced}});
  found.states = said.states;
  found.complete = said.ok() && said.exhaustive && !said.mixtures_left_out;
  return found;
}

std::string text_of(crash_fs& fs, const char* path) {
  const auto text = read_text(fs, path);
  return text ? *text : "!" + std::to_string(static_cast<int>(text.error().code()));
}
void write(crash_fs& fs, const char* path, const char* text, std::uint64_t at = 0) {
  auto file = fs.open(path, {.access = access::write, .creation = creation::create});
  if (file) (void)file->write_at(at, text);
}
bool is_long(crash_fs& fs, const char* path) {
  const auto about = fs.stat(path);
  return about && about->size_bytes > 2;
}

void same_with_and_without(const program& one) {
  const outlook brute = explored(one, profile::posix_minimum, false);
  const outlook reduced = explored(one, profile::posix_minimum, true);
  CHECK(brute.complete);
  CHECK(reduced.complete);
  CHECK(reduced.seen == brute.seen);
}

constexpr const char* paths[] = {"a", "b", "d/a"};

class chance {
 public:
  explicit chance(std::uint64_t seed) : state_(testing::detail::mixed(seed)) {}
  [[nodiscard]] std::uint32_t below(std::uint32_t count) {
    state_ = testing::detail::mixed(state_, 1);
    return static_cast<std::uint32_t>((state_ >> 32) % count);
  }
  [[nodiscard]] const char* path() { return paths[below(3)]; }

 private:
  std::uint64_t state_;
};

void one_operation(crash_fs& fs, chance& random, bool recovering) {
  const char* const path = random.path();
  const char* const other = random.path();
  const std::uint32_t length = 1 + random.below(3);
  const std::string text(length, static_cast<char>('A' + random.below(20)));
  const std::uint64_t at = random.below(4) == 0 ? 4094 + random.below(4) : random.below(3);
  const std::uint32_t synced = random.below(4);
  switch (random.below(recovering ? 10 : 7)) {
    case 0:
    case 1: {
      auto file = fs.open(path, {.access = access::write, .creation = creation::create});
      if (!file) return;
      (void)file->write_at(at, text);
      if (synced < 2) (void)file->sync(synced == 0 ? sync_what::data : sync_what::all);
      return;
    }
    case 2:
      (void)fs.rename(path, other);
      return;
    case 3:
      (void)fs.remove(path);
      return;
    case 4:
      (void)link(fs, path, other);
      return;
    case 5:
      (void)fs.sync_dir(synced == 0 ? "." : "d");
      return;
    case 6: {
      auto file = fs.open(path, {.access = access::write});
      if (file) (void)file->truncate(at % 4);
      return;
    }
    case 7:
      // What a recovery does depends on what it finds.
      if (is_long(fs, path)) return write(fs, other, "long");
      (void)fs.remove(other);
      return;
    case 8:
      write(fs, other, text_of(fs, path)[0] > 'J' ? "late" : "early");
      return;
    case 9:
      if (fs.stat(path)) return (void)fs.rename(path, other);
      write(fs, path, "anew");
      return;
  }
}

program random_program(std::uint64_t seed) {
  return {[seed](crash_fs& fs) {
            chance random(3 * seed);
            const std::uint32_t count = 2 + random.below(3);
            for (std::uint32_t i = 0; i < count; ++i) one_operation(fs, random, false);
          },
          [seed](crash_fs& fs) {
            chance random(3 * seed + 1);
            const std::uint32_t count = 1 + random.below(2);
            for (std::uint32_t i = 0; i < count; ++i) one_operation(fs, random, true);
          },
          [seed](crash_fs& fs) {
            chance random(3 * seed + 2);
            const std::uint32_t which = 1 + random.below(7);
            std::string all;
            for (std::uint32_t i = 0; i < 3; ++i) {
              if ((which >> i & 1) != 0) all += text_of(fs, paths[i]) + " ";
            }
            return all;
          }};
}

}  // namespace

TEST_CASE("reductions: of 900 small programs that recover, nothing that brute force sees is left out") {
  const profile* const rules[] = {&profile::posix_minimum, &profile::ext4, &profile::btrfs};
  std::uint64_t left_out = 0;
  std::uint64_t whole = 0;
  for (std::uint64_t seed = 1; seed <= 900; ++seed) {
    const program one = random_program(seed);
    const outlook brute = explored(one, *rules[seed % 3], false);
    if (!brute.complete) continue;
    const outlook reduced = explored(one, *rules[seed % 3], true);
    INFO("seed " << seed << ", " << rules[seed % 3]->name);
    CHECK(reduced.seen == brute.seen);
    CHECK(reduced.complete);
    ++whole;
    left_out += brute.states - reduced.states;
  }
  CHECK(whole > 600);
  CHECK(left_out > 1000);
}

TEST_CASE("reductions: two recoveries that did different things and leave the same disk read different things of it") {
  const program migrates{
      [](crash_fs& fs) {
        auto file = fs.open("j", {.access = access::write, .creation = creation::create});
        (void)file->write_at(0, "NNN");
        (void)file->sync(sync_what::all);
      },
      [](crash_fs& fs) {
        if (!is_long(fs, "j")) return write(fs, "fresh", "");
        (void)fs.remove("j");
        write(fs, "migrated", "");
      },
      [](crash_fs& fs) { return std::string(fs.stat("migrated") ? "migrated" : "") + (fs.stat("fresh") ? " and fresh" : ""); }};
  for (const profile* rules : {&profile::posix_minimum, &profile::ext4, &profile::btrfs, &profile::process_kill}) {
    INFO(rules->name);
    const outlook reduced = explored(migrates, *rules, true);
    CHECK(reduced.seen == explored(migrates, *rules, false).seen);
    CHECK(reduced.seen.count("migrated and fresh") == 1);
  }
}

TEST_CASE("reductions: a recovery that removes by size, and one that clones, leave out nothing that a check of one name sees") {
  for (const char* path : {"a", "b", "d/a", "d/b"}) {
    INFO("what is at " << path);
    const auto look = [path](crash_fs& fs) { return text_of(fs, path); };
    const program removes{[](crash_fs& fs) {
                            write(fs, "a", "NN", 1);
                            (void)make_link(fs, "../a", "b");
                            write(fs, "d/c", "GGG", 4092);
                          },
                          [](crash_fs& fs) {
                            if (is_long(fs, "a")) (void)fs.remove("a");
                            write(fs, "b", "HH", 4);
                            (void)make_link(fs, "../a", "d/b");
                          },
                          look};
    same_with_and_without(removes);
    const program clones{[](crash_fs& fs) {
                           write(fs, "d/b", "GG", 4);
                           write(fs, "a", "BBB", 2);
                           (void)fs.remove("d/b");
                         },
                         [](crash_fs& fs) {
                           if (!is_long(fs, "a")) (void)fs.make_dir("e");
                           auto from = fs.open("d/b", {});
                           auto into = fs.open("d/a", {.access = access::write, .creation = creation::create});
                           if (from && into) (void)clone_range(*into, 0, *from, 0, 3);
                           (void)make_link(fs, "../a", "d/b");
                         },
                         look};
    same_with_and_without(clones);
  }
}

}  // namespace proofs_of_reductions
