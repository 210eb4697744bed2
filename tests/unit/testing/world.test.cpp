// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/world.hpp>

#include <perdure/fs/write_options.hpp>

#include <tests/support/catch.hpp>

#include <memory>
#include <string>
#include <system_error>

using namespace perdure;
using namespace perdure::testing;

namespace {
struct lab {
  std::shared_ptr<testing::detail::disk> disk = std::make_shared<testing::detail::disk>();
  testing::detail::history history;
  choice_source source;
  testing::detail::run_limits faults;
  lab() { disk->begin_recording(profile::posix_minimum); }
  after_crash at(std::size_t events) {
    after_crash after(disk, history);
    after.begin_cut(events);
    return after;
  }
};
result<std::string> text(const char* value) { return std::string(value); }
const auto unchanged = [] { return result<void>(failure(code::io, operation::write)); };
const auto unknown = [] { return result<int>(failure(code::io, operation::write).with(doubt::durable)); };
}  // namespace

TEST_CASE("verdict: a bool, a text, a result") {
  CHECK(verdict(true));
  CHECK_FALSE(verdict(false));
  CHECK(verdict(""));
  CHECK(verdict("no").complaint() == "no");
  CHECK(verdict(result<void>()));
  CHECK(verdict(result<int>(failure(code::corrupt, operation::read))).complaint().find("read") != std::string::npos);
}

TEST_CASE("world: a step knows what became of it") {
  lab one;
  world here(one.disk, one.history, one.source, one.faults);
  CHECK(here.step("a", [] {}) == step_outcome::acknowledged);
  CHECK(here.step("b", [] { return true; }) == step_outcome::acknowledged);
  CHECK(here.step("c", [] { return false; }) == step_outcome::unknown);
  CHECK(here.step("d", [] { return result<int>(1); }) == step_outcome::acknowledged);
  CHECK(here.step("d", [] { return std::error_code(); }) == step_outcome::acknowledged);
  CHECK(here.step("d", [] { return std::make_error_code(std::errc::io_error); }) == step_outcome::unknown);
  CHECK(here.step("e", unchanged) == step_outcome::unchanged);
  CHECK(here.step("f", unknown) == step_outcome::unknown);
  const auto report_of = [](durability promised) {
    return [=] { return result<write_report>(write_report{.durability = promised}); };
  };
  CHECK(here.step("g", report_of(durability::full)) == step_outcome::acknowledged);
  CHECK(here.step("h", report_of(durability::ordered)) == step_outcome::unknown);
  CHECK(here.step("i", report_of(durability::none)) == step_outcome::unknown);
}

TEST_CASE("latest_is: the last step that was acknowledged, or one after it that may have happened, and nothing else") {
  lab one;
  world here(one.disk, one.history, one.source, one.faults);
  here.step("a", [] {});      // events 0 and 1
  here.step("b", unknown);    // 2 and 3
  here.step("c", unchanged);  // 4 and 5
  here.step("d", [] {});      // 6 and 7
  const auto allowed = [&](std::size_t events) {
    const auto after = one.at(events);
    std::string all;
    for (const char* value : {"0", "a", "b", "c", "d", "e"}) all += after.latest_is(text(value), "0") ? value : "";
    return all;
  };
  CHECK(allowed(0) == "0");
  CHECK(allowed(1) == "0a");
  CHECK(allowed(2) == "a");
  CHECK(allowed(3) == "ab");
  CHECK(allowed(4) == "ab");
  CHECK(allowed(5) == "abc");
  CHECK(allowed(6) == "ab");
  CHECK(allowed(7) == "abd");
  CHECK(allowed(8) == "d");
  const auto early = one.at(1);
  CHECK(early.latest_is(failure(code::not_found, operation::open), "absent"));
  CHECK_FALSE(early.latest_is(failure(code::io, operation::open), "absent"));
  CHECK_FALSE(early.latest_is(failure(code::not_found, operation::open), "0"));
  CHECK(early.outcome_of("a") == step_outcome::unknown);
  CHECK(early.outcome_of("b") == step_outcome::not_begun);
  CHECK(one.at(8).acknowledged("d"));
  CHECK(one.at(8).outcome_of("c") == step_outcome::unchanged);
}

TEST_CASE("world: of processes side by side one is killed, with its locks and handles, and the others go on") {
  lab one;
  testing::detail::run_limits left{0, 0, 0, 1};
  choice_source source(tape{0, 0, 1});  // who is first; it goes on before its first operation, and is killed before its second
  world here(one.disk, one.history, source, left);
  enum code told = code::not_found;
  bool locked = false;
  here.processes(
      [&](process& mine) {
        mine.step("a", [&]() -> result<void> {
          auto file = mine.fs().open("lock", {.access = access::write, .creation = creation::create});
          if (!file || !try_lock(*file, lock_mode::exclusive)) return file.error();
          const auto made = mine.fs().make_dir("d");
          told = made ? code::not_found : made.error().code();
          return made;
        });
        CHECK(mine.step("never", [] {}) == step_outcome::not_begun);
      },
      [&](process& other) {
        auto file = other.fs().open("lock", {.access = access::write});
        locked = file && try_lock(*file, lock_mode::exclusive);
        CHECK(other.step("b", [&] { return other.fs().make_dir("e"); }) == step_outcome::acknowledged);
      });
  CHECK(told == code::io);
  CHECK(locked);
  CHECK(here.fs().stat("e"));
  CHECK_FALSE(here.fs().stat("d"));
  CHECK(left.kills == 0);
  // What the dead one was about ended with it: what "b" installed later puts an end to it.
  CHECK(one.history.steps() == 2);
  const auto after = one.at(3);
  CHECK(after.outcome_of("a") == step_outcome::unknown);
}

TEST_CASE("world: what a killed process was about is unknown, and what it had not begun did not happen") {
  lab one;
  world here(one.disk, one.history, one.source, one.faults);
  here.step("a", [] {});
  CHECK(here.step("b", [&] { one.disk->kill(); }) == step_outcome::unknown);
  CHECK(here.step("c", [] {}) == step_outcome::not_begun);
  world next(one.disk, one.history, one.source, one.faults);
  const auto after = one.at(3);
  CHECK(after.latest_is(text("b"), "0"));
  CHECK(after.latest_is(text("a"), "0"));
  CHECK_FALSE(after.latest_is(text("c"), "0"));
  CHECK(next.step("d", [] {}) == step_outcome::acknowledged);
  CHECK_FALSE(one.at(5).latest_is(text("b"), "0"));
}
