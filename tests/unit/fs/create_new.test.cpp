// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/create_new.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/models.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

#include <unistd.h>
#include <thread>
#include <vector>

using namespace perdure;

TEST_CASE("create_new: a file that was not there is made whole, and one that is there stays") {
  const tests::temp_dir dir;
  REQUIRE(create_new(dir / "f", "first"));
  const auto again = create_new(dir / "f", "second");
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == code::already_exists);
  CHECK(again.error().outcome() == outcome::unchanged);
  CHECK(tests::get(dir / "f") == "first");
  CHECK(tests::names_in(dir.path()) == std::set<std::string>{"f"});
}

TEST_CASE("create_new: of racing creators, in threads and processes, exactly one wins") {
  const tests::temp_dir dir;
  const auto win_some = [&](const std::string& who) {
    int won = 0;
    for (int i = 0; i < 30; ++i) {
      const auto done = create_new(dir / std::to_string(i), who, {.durability = durability::none});
      if (!done && done.error().code() != code::already_exists) return 100;
      won += done ? 1 : 0;
    }
    return won;
  };
  std::vector<pid_t> processes;
  for (int p = 0; p < 2; ++p) processes.push_back(tests::start_child([&] { return win_some("process"); }));
  std::vector<int> won(2);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 2; ++t) threads.emplace_back([&, t] { won[t] = win_some("thread"); });
  for (auto& thread : threads) thread.join();
  int total = won[0] + won[1];
  for (const pid_t process : processes) total += tests::end_of(process);
  CHECK(total == 30);
  CHECK(tests::names_in(dir.path()).size() == 30);
}

TEST_CASE("create_new: where a rename cannot decline, a link decides; where neither is there, it is unsupported") {
  const tests::temp_dir dir;
  posix_fs disk;
  tests::scripted_fs<posix_fs, false, true> linking(disk);
  REQUIRE(create_new(linking, dir / "f", "x"));
  CHECK(linking.script().trace() == "create write sync(order) close link remove sync_dir(" + dir.path() + ")");
  CHECK(create_new(linking, dir / "f", "y").error().code() == code::already_exists);
  tests::scripted_fs<posix_fs, false, false> poor(disk);
  const auto refused = create_new(poor, dir / "g", "x");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == code::unsupported);
  CHECK(tests::get(dir / "f") == "x");
  CHECK(tests::names_in(dir.path()) == std::set<std::string>{"f"});
}

TEST_CASE("create_new: on every model the first stays, or it is unsupported and leaves nothing") {
  tests::for_each_model([](auto& fs, const std::string& dir, const tests::model& model) {
    INFO(model.name);
    const auto first = create_new(fs, dir + "/f", "first");
    if (!model.links) {
      CHECK(first.error().code() == code::unsupported);
      CHECK(first.error().outcome() == outcome::unchanged);
      CHECK(tests::names_of(fs, dir).empty());
      return;
    }
    REQUIRE(first);
    CHECK(first->durability == model.best);
    const auto second = create_new(fs, dir + "/f", "second");
    CHECK(second.error().code() == code::already_exists);
    CHECK(second.error().outcome() == outcome::unchanged);
    CHECK(tests::get_from(fs, dir + "/f") == "first");
    REQUIRE(fs.make_dir(dir + "/d"));
    CHECK(create_new(fs, dir + "/d", "x").error().code() == code::already_exists);
    if (model.symlinks) {
      REQUIRE(make_link(fs, "nowhere", dir + "/l"));
      CHECK(create_new(fs, dir + "/l", "x").error().code() == code::already_exists);
      CHECK(stat_link(fs, dir + "/l")->kind == file_kind::link);
      CHECK_FALSE(fs.stat(dir + "/nowhere"));
      REQUIRE(fs.remove(dir + "/l"));
    }
    CHECK(tests::names_of(fs, dir) == std::set<std::string>{"d", "f"});
  });
}

TEST_CASE("create_new: a link to nothing is a name that is taken, for a link that decides, too") {
  const tests::temp_dir dir;
  REQUIRE(::symlink("nowhere", (dir / "l").c_str()) == 0);
  CHECK(create_new(dir / "l", "x").error().code() == code::already_exists);
  posix_fs disk;
  tests::scripted_fs<posix_fs, false, true> linking(disk);
  CHECK(create_new(linking, dir / "l", "x").error().code() == code::already_exists);
  CHECK(tests::names_in(dir.path()) == std::set<std::string>{"l"});
}

TEST_CASE("create_new: where links decide, racing creators have one winner, too, and its content is whole") {
  const tests::temp_dir dir;
  constexpr std::size_t racers = 3;
  constexpr int rounds = 20;
  const auto text_of = [](std::size_t racer) { return std::string(10'000, static_cast<char>('a' + racer)); };
  std::vector<int> won(racers * rounds);
  std::vector<std::thread> threads;
  for (std::size_t racer = 0; racer < racers; ++racer) {
    threads.emplace_back([&, racer] {
      posix_fs disk;
      for (std::size_t round = 0; round < rounds; ++round) {
        tests::scripted_fs<posix_fs, false, true> fs(disk);
        const auto done = create_new(fs, dir / std::to_string(round), text_of(racer), {.durability = durability::none});
        won[round * racers + racer] = done ? 1 : done.error().code() == code::already_exists ? 0 : 100;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t round = 0; round < rounds; ++round) {
    int winners = 0;
    std::size_t winner = 0;
    for (std::size_t racer = 0; racer < racers; ++racer) {
      winners += won[round * racers + racer];
      if (won[round * racers + racer] == 1) winner = racer;
    }
    REQUIRE(winners == 1);
    CHECK(tests::get(dir / std::to_string(round)) == text_of(winner));
  }
  CHECK(tests::names_in(dir.path()).size() == rounds);
}

TEST_CASE("create_new: its options are those of atomic_write, but for what it is called for") {
  const tests::temp_dir dir;
  REQUIRE(create_new(dir / "a/b/f", "x", {.existing = existing::replace, .parents = parents::make}));
  CHECK(create_new(dir / "a/b/f", "y", {.existing = existing::replace}).error().code() == code::already_exists);
  CHECK(create_new(dir / "a/b/f", "x", {.content = content::skip_unchanged}).error().code() == code::already_exists);
  CHECK(create_new("", "x").error().code() == code::invalid_argument);
  CHECK(tests::get(dir / "a/b/f") == "x");
}
