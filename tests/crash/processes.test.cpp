// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Several processes on one disk, of which one is killed while the others go on.

#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/file_lock.hpp>
#include <perdure/fs/temp_sweep.hpp>

#include <tests/crash/proof.hpp>

namespace proofs_of_processes {

using namespace tests;

namespace {

enum class guard { file_lock, lock_file, nothing };

// Adds a letter to what is in "all".
template <Fs F>
result<void> add(F& fs, const std::string& letter) {
  const auto had = read_text(fs, "all");
  if (!had && had.error().code() != code::not_found) return had.error();
  const auto done = atomic_write(fs, "all", (had ? *had : std::string()) + letter, {.at_least = durability::full});
  return done ? result<void>() : done.error();
}
result<void> add_under(guard how, crash_fs& fs, const std::string& letter) {
  if (how == guard::file_lock) {
    for (;;) {
      const auto lock = file_lock<crash_fs>::try_take(fs, "lock");
      if (lock) return add(fs, letter);
      if (lock.error().code() != code::busy) return failure(lock.error().code(), lock.error().operation());
    }
  }
  // Who finds the file waits until it is gone.
  while (how == guard::lock_file) {
    const auto file = fs.open("lock", {.access = access::write, .creation = creation::create_new});
    if (file) break;
    if (file.error().code() != code::already_exists) return failure(file.error().code(), file.error().operation());
  }
  const auto done = add(fs, letter);
  if (how == guard::lock_file) PERDURE_TRY(fs.remove("lock"));
  return done;
}

exploration adding(guard how, std::uint32_t preemptions = 1) {
  return {.workload =
              [=](world& world) {
                world.processes([=](process& one) { one.step("a", [&] { return add_under(how, one.fs(), "a"); }); },
                                [=](process& one) { one.step("b", [&] { return add_under(how, one.fs(), "b"); }); });
              },
          .check = [](after_crash& after) -> verdict {
            const auto all = read_text(after.fs(), "all");
            for (const char* letter : {"a", "b"}) {
              if (after.acknowledged(letter) && (!all || all->find(letter) == std::string::npos))
                return std::string(letter) + " was acknowledged, and is not there";
            }
            return !all || all->size() <= 2;
          },
          .preemptions = preemptions};
}

}  // namespace

TEST_CASE("processes: atomic_write under a file_lock loses nothing, whichever is killed and whenever the power goes") {
  // The order of their calls is the same on every profile: one of them will do.
  const auto report = explore(adding(guard::file_lock));
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
  exploration unkilled = adding(guard::file_lock);
  unkilled.kills = 0;
  CHECK(explore(unkilled).runs < report.runs);
}

TEST_CASE("processes: a lock file that its owner removes is never free again once that is killed, which is found") {
  const auto report = explore(adding(guard::lock_file));
  INFO(report.text());
  CHECK_FALSE(report.ok());
  CHECK(report.text().find("this process is killed") != std::string::npos);
  CHECK(report.text().find("livelock") != std::string::npos);
  exploration again = adding(guard::lock_file);
  again.replay = report.replay;
  CHECK(explore(again).text() == report.text());
  again.replay = {};
  again.kills = 0;
  CHECK(explore(again).ok());
  CHECK(refuted(adding(guard::nothing)).find("was acknowledged, and is not there") != std::string::npos);
}

TEST_CASE("processes: a sweep leaves the living writer's file alone, and takes that of one who was killed") {
  const auto sweeping = [](bool by_writer) {
    return exploration{.workload =
                           [=](world& world) {
                             const auto sweep = [&](crash_fs& fs) {
                               if (by_writer) return static_cast<void>(temp_sweep(fs, ".", world.clock()));
                               (void)fs.for_each_entry(".", [&](const dir_entry& entry) {
                                 if (temp_name::parse(entry.name)) (void)fs.remove(entry.name);
                                 return visit::go_on;
                               });
                             };
                             world.processes(
                                 [](process& one) { one.step("new", [&] { return atomic_write(one.fs(), "f", "new"); }); },
                                 [=](process& one) { sweep(one.fs()); });
                             sweep(world.fs());
                             if (!only_temps_beside(world.fs(), ".", {"f"})) return;
                             const auto left = world.fs().for_each_entry(".", [&](const dir_entry& entry) {
                               if (entry.name != path_view("f")) world.step("left", [] {});
                               return visit::go_on;
                             });
                             if (left) world.step("swept", [] {});
                           },
                       .check = [](after_crash& after) -> verdict {
                         if (after.acknowledged("left")) return "a file of one who is dead was left";
                         if (after.outcome_of("new") == step_outcome::unchanged) return "the file of one who lives was taken";
                         const auto text = read_text(after.fs(), "f");
                         return !after.acknowledged("new") || (text && *text == "new");
                       }};
  };
  const auto report = explore(sweeping(true));
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
  CHECK(refuted(sweeping(false)) == "the file of one who lives was taken");
}

}  // namespace proofs_of_processes
