// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/create_new.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

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
  CHECK(linking.script().trace() == "create write sync(data) close link remove sync_dir(" + dir.path() + ")");
  CHECK(create_new(linking, dir / "f", "y").error().code() == code::already_exists);
  tests::scripted_fs<posix_fs, false, false> poor(disk);
  const auto refused = create_new(poor, dir / "g", "x");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == code::unsupported);
  CHECK(tests::get(dir / "f") == "x");
  CHECK(tests::names_in(dir.path()) == std::set<std::string>{"f"});
}
