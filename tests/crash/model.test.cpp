// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// The model against itself and against its definition: small programs of every kind of operation, drawn by a fixed seed.

#include <perdure/fs/atomic_write.hpp>
#include <perdure/testing/explore.hpp>

#include <tests/crash/programs.hpp>
#include <tests/support/catch.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace proofs_of_model {

using namespace perdure;
using namespace perdure::testing;
using namespace tests;

namespace {

// Some of it, and not always the same.
std::string something(crash_fs& fs, std::uint32_t how) {
  std::string all;
  if (how % 4 == 3) {
    char piece[4] = {};
    auto file = fs.open("a", {});
    if (file) (void)file->read_at(4096, piece);
    return std::string(piece, 3);
  }
  const auto text = read_text(fs, how % 2 == 0 ? "a" : "d/b");
  if (text) all += shortened(*text);
  if (how % 3 == 0 && text && text->size() > 5) return all;
  if (how % 3 == 1) all += std::to_string(static_cast<bool>(fs.stat("b")));
  if (how % 5 == 0) all += shortened(read_text(fs, "d/a").value_or(std::string("none")));
  if (how % 7 == 0) (void)fs.remove("a"), all += std::to_string(static_cast<bool>(fs.stat("a")));
  return all;
}

const profile* const all_profiles[] = {&profile::alice_harsh, &profile::posix_minimum, &profile::ext4, &profile::ext4_strict,
                                       &profile::btrfs,       &profile::xfs,           &profile::apfs, &profile::ntfs,
                                       &profile::sequential,  &profile::process_kill};

struct seen {
  std::set<std::string> all;
  class report report;
};
// `lost_sync`: which sync of a file fails, and leaves its pages in the cache for ever, if any.
template <class Look>
seen explored(const profile& profile, const std::vector<instruction>& all, exploration_reductions reductions, Look&& look,
              std::uint64_t lost_sync) {
  seen found;
  found.report = explore({.profile = profile,
                          .setup = set_up,
                          .workload =
                              [&](world& world) {
                                if (lost_sync != 0)
                                  world.fs().plan().add(
                                      {.operation = operation::sync, .nth = lost_sync, .fails = code::sync_lost, .clean = true});
                                run(world.fs(), all);
                              },
                          .check =
                              [&](after_crash& after) {
                                found.all.insert(look(after.fs()));
                                return true;
                              },
                          .budget = {.states = 200'000},
                          .reductions = reductions});
  return found;
}
const exploration_reductions none{.same_disk = false, .unread = false, .nearest_first = false};

}  // namespace

TEST_CASE("explore: no reduction loses anything that a check can see") {
  std::uint64_t explored_all = 0;
  std::uint64_t explored_less = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto all = program(seed, 4 + static_cast<std::uint32_t>(seed % 9));
    const auto look = [&](crash_fs& fs) { return something(fs, static_cast<std::uint32_t>(seed)); };
    const profile& rules = *all_profiles[seed / 4 % 10];
    const std::uint64_t lost_sync = seed % 3;
    const seen brute = explored(rules, all, none, look, lost_sync);
    if (!brute.report.exhaustive) continue;
    explored_all += brute.report.states;
    for (const bool same_disk : {false, true}) {
      for (const bool unread : {false, true}) {
        INFO(seed << " " << rules.name << " " << same_disk << unread);
        const seen less = explored(rules, all, {.same_disk = same_disk, .unread = unread}, look, lost_sync);
        CHECK(less.all == brute.all);
        CHECK(less.report.states <= brute.report.states);
        if (same_disk && unread) explored_less += less.report.states;
      }
    }
  }
  CHECK(explored_all > 2 * explored_less);
  CHECK(explored_less > 500);
}

TEST_CASE("profile: what a profile allows, posix_minimum allows, and alice_harsh allows all of that") {
  std::size_t fewer = 0;
  for (std::uint64_t seed = 1000; seed < 1150; ++seed) {
    const auto all = program(seed, 3 + static_cast<std::uint32_t>(seed % 8));
    const std::uint64_t lost_sync = seed % 3;
    const seen most = explored(profile::alice_harsh, all, {}, everything, lost_sync);
    const seen many = explored(profile::posix_minimum, all, {}, everything, lost_sync);
    if (!most.report.exhaustive || !many.report.exhaustive) continue;
    const auto missing = [](const seen& from, const seen& in) {
      std::string lost;
      for (const std::string& one : from.all) lost += in.all.count(one) == 0 ? one + "\n" : "";
      return lost;
    };
    INFO(seed);
    CHECK(missing(many, most).empty());
    for (const profile* one : all_profiles) {
      if (one == &profile::alice_harsh || one == &profile::posix_minimum) continue;
      INFO(one->name);
      const seen few = explored(*one, all, {}, everything, lost_sync);
      CHECK(missing(few, many) == "");
      fewer += few.all.size() < many.all.size() ? 1 : 0;
    }
  }
  CHECK(fewer > 100);
}

TEST_CASE("profile: after a sync that failed the cache shows what no later sync writes, until it is written again") {
  const auto with = [](const profile& profile, bool writes_again, bool everything) {
    std::set<std::string> left;
    const auto report = explore({.profile = profile,
                                 .setup = [](world& world) { (void)atomic_write(world.fs(), "a", std::string(8192, 'o')); },
                                 .workload =
                                     [=](world& world) {
                                       world.fs().plan().add("sync ** nth 1 sync_lost clean");
                                       const std::string all(8192, 'n');
                                       const auto in = [&](auto&& use) {
                                         auto file = world.fs().open("a", {.access = access::write});
                                         return file && use(*file);
                                       };
                                       (void)in([&](auto& file) { return file.write_at(0, all) && file.sync(sync_what::data); });
                                       if (read_text(world.fs(), "a").value_or("") != all) return;
                                       const bool synced = in([&](auto& file) {
                                         if (writes_again && !file.write_at(0, "n")) return false;
                                         return everything ? static_cast<bool>(sync_all(world.fs(), "."))
                                                           : static_cast<bool>(file.sync(sync_what::all));
                                       });
                                       if (synced) world.step("synced", [] {});
                                     },
                                 .check =
                                     [&](after_crash& after) {
                                       const std::string text = read_text(after.fs(), "a").value_or("none");
                                       if (after.acknowledged("synced"))
                                         left.insert({text[0], text[4095], text[4096], text[8191]});
                                       return true;
                                     }});
    CHECK(report.exhaustive);
    return left;
  };
  for (const bool everything : {false, true}) {
    for (const profile* one : {&profile::posix_minimum, &profile::ext4, &profile::xfs}) {
      const auto left = with(*one, false, everything);
      CHECK(left.count("oooo") + left.count("nnnn") + left.count("oonn") + left.count("nnoo") == 4);
      // The page that was touched is written whole, the other one is not.
      CHECK(with(*one, true, everything) == std::set<std::string>{"nnnn", "nnoo", "nnno", "nnon"});
    }
    CHECK(with(profile::process_kill, false, everything) == std::set<std::string>{"nnnn"});
  }
}

TEST_CASE("explore: a page that nobody reads still says what the one beside it may be") {
  std::set<std::string> found;
  const auto report = explore({.profile = profile::sequential,
                               .setup = [](world& world) { (void)atomic_write(world.fs(), "a", std::string(8192, 'o')); },
                               .workload =
                                   [](world& world) {
                                     auto file = world.fs().open("a", {.access = access::write});
                                     if (file) (void)file->write_at(0, std::string(8192, 'n'));
                                   },
                               .check =
                                   [&](after_crash& after) {
                                     char last = 0;
                                     auto file = after.fs().open("a", {});
                                     if (file) (void)file->read_at(8191, mutable_bytes(&last, 1));
                                     found.insert(std::string(1, last));
                                     return true;
                                   }});
  CHECK(report.exhaustive);
  CHECK(found == std::set<std::string>{"n", "o"});
}

TEST_CASE("explore: the same reports with every compiler and word size") {
  std::uint64_t all = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto lines = program(seed, 3 + static_cast<std::uint32_t>(seed % 6));
    const auto report = explore({.profile = *all_profiles[seed % 10],
                                 .setup = set_up,
                                 .workload = [&](world& world) { world.step("1", [&] { run(world.fs(), lines); }); },
                                 .check =
                                     [&](after_crash& after) {
                                       const std::string seen = everything(after.fs());
                                       return testing::detail::hash_of(seen.data(), seen.size()) % 11 != 0;
                                     },
                                 .budget = {.states = 300}});
    const std::string text = report.text();
    all = testing::detail::mixed(all, testing::detail::hash_of(text.data(), text.size()));
  }
  // Whoever changes the model changes this, too: on all of them.
  CHECK(all == 0x125f91ffb27f5657U);
}

}  // namespace proofs_of_model
