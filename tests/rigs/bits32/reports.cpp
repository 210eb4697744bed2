// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Prints reports of the crash lab, of every kind of exploration that there is. Two builds that print the same go through the same
// states in the same order, and understand each other's tapes.

#include <perdure/fs/atomic_write.hpp>
#include <perdure/testing/audit_syncs.hpp>
#include <tests/crash/programs.hpp>

#include <cstdio>

using namespace tests;

namespace {

void print(const char* what, const report& one) {
  std::printf("== %s\n%s\n%s\n", what, one.bounds().c_str(), one.text().c_str());
}
// And what its token makes of it.
void both(const char* what, exploration all) {
  const report found = explore(all);
  print(what, found);
  if (found.ok()) return;
  all.replay = found.replay;
  print("again", explore(all));
}

result<void> save(crash_fs& fs, const std::string& text, bool syncs) {
  auto file = fs.open("cfg.tmp", {.access = access::write, .creation = creation::create});
  if (!file) return file.error();
  PERDURE_TRY(file->write_at(0, text));
  if (syncs) PERDURE_TRY(file->sync(sync_what::data));
  PERDURE_TRY(fs.rename("cfg.tmp", "cfg"));
  return fs.sync_dir(".");
}
exploration saves(bool syncs, std::size_t size = 10) {
  return {.workload =
              [=](world& world) {
                for (const char letter : {'a', 'b'}) {
                  const std::string value(size, letter);
                  world.step(value, [&] { return save(world.fs(), value, syncs); });
                }
              },
          .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "cfg"), "absent"); }};
}

void random_programs() {
  const profile* const profiles[] = {&profile::posix_minimum, &profile::alice_harsh, &profile::ext4,
                                     &profile::btrfs,         &profile::xfs,         &profile::sequential};
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto lines = program(seed, 3 + static_cast<std::uint32_t>(seed % 6));
    both("program", {.profile = *profiles[seed % 6],
                     .setup = set_up,
                     .workload = [&](world& world) { world.step("1", [&] { run(world.fs(), lines); }); },
                     .check =
                         [](after_crash& after) {
                           const std::string seen = everything(after.fs());
                           return perdure::testing::detail::hash_of(seen.data(), seen.size()) % 11 != 0;
                         },
                     .budget = {.states = 300},
                     .faults = seed % 4 == 0 ? 1U : 0U});
  }
}

void threads() {
  both("threads", {.workload =
                       [](world& world) {
                         const auto add = [&] {
                           const auto text = read_text(world.fs(), "n");
                           (void)atomic_write(world.fs(), "n", text ? *text + "1" : "1");
                         };
                         world.together(add, add);
                         const auto all = read_text(world.fs(), "n");
                         world.step(all && all->size() == 2 ? "both" : "one is lost", [] {});
                       },
                   .check = [](after_crash& after) { return !after.acknowledged("one is lost"); },
                   .preemptions = 1});
}
void objects() {
  both("objects", {.setup = [](world& world) { (void)world.store().put("other", "1", precondition::any); },
                   .workload =
                       [](world& world) {
                         world.step("v1", [&]() -> result<void> {
                           const auto put = world.store().put("head", "v1", precondition::absent);
                           if (put || put.error().code() == code::timed_out) return {};  // which is wrong
                           return put.error();
                         });
                         world.step("v2", [&]() -> result<void> {
                           const auto put = world.store().put("head", "v2", precondition::any);
                           return put ? result<void>() : put.error();
                         });
                       },
                   .check = [](after_crash& after) { return after.latest_is(read_text(after.store(), "head"), "absent"); },
                   .faults = 1});
}

}  // namespace

int main() {
  both("right", saves(true));
  both("wrong", saves(false));
  exploration pages = saves(true, 40'000);
  pages.reductions = {.unread = false, .few_mixtures = false};
  pages.budget.states = 500;
  both("sampled", pages);
  exploration faulty = saves(true);
  faulty.faults = 1;
  faulty.restart = [](world& world) { world.step("next", [&] { return save(world.fs(), "next", true); }); };
  faulty.recover = [](after_crash& after) { (void)after.fs().remove("cfg.tmp"); };
  both("faults, kills and a recovery", faulty);
  faulty.budget.depth = 3;
  both("bounded", faulty);
  exploration recovers = saves(true);
  recovers.recover = [](after_crash& after) {
    const auto value = read_text(after.fs(), "cfg");
    if (!value) return;
    (void)after.fs().remove("cfg");
    (void)after.fs().sync_dir(".");
    (void)atomic_write(after.fs(), "cfg", *value);
  };
  both("a recovery that destroys what it needs", recovers);
  std::printf("== audit\n%s", audit_syncs(saves(true)).text().c_str());
  random_programs();
  threads();
  objects();
}
