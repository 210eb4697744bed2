// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_BUGS_EXHIBIT_HPP
#define TESTS_BUGS_EXHIBIT_HPP

// exhibit: a bug that a real project had, as it wrote it, and what it does after a crash; with the one thing that was wrong put
// right.
//
//   EXHIBIT(4, "LevelDB #189", "CURRENT may name a manifest that was never synced", by(profile::ext4)) {
//     return {.setup = ..., .workload = ... if (fixed) PERDURE_TRY(sync(fs, "MANIFEST-1")) ..., .check = ...};
//   }
//
// is a test that the lab finds it with that profile or fault, that the report replays, and that the fixed program passes
// exhaustively on every profile. README.md is held to what was found.

#include <tests/bugs/by_hand.hpp>
#include <tests/support/catch.hpp>

namespace tests {

// posix_minimum and what allows less than it.
inline const profile* const provable[] = {&profile::posix_minimum, &profile::ext4,       &profile::ext4_strict,
                                          &profile::btrfs,         &profile::xfs,        &profile::apfs,
                                          &profile::ntfs,          &profile::sequential, &profile::process_kill};

// What is meant to find it: a profile, and the call that goes wrong, if one has to. What is put right passes with any such fault.
struct finder {
  const profile* rules = nullptr;
  std::string fault = {};
};
inline finder by(const profile& rules) { return {&rules}; }
inline finder by(const profile& rules, const std::string& fault) { return {&rules, fault}; }

class exhibit {
 public:
  using program_of = exploration (*)(bool fixed);
  exhibit(int number, const char* project, const char* law, finder found_by, program_of program);

  [[nodiscard]] int number() const noexcept { return number_; }
  // The line of README.md about it.
  [[nodiscard]] std::string row() const {
    std::string on;
    for (const profile* rules : provable) {
      exploration bug = on_profile(*rules, false);
      if (!explore(bug).ok()) on += (on.empty() ? "" : " ") + std::string(rules->name);
    }
    if (on.empty()) on = "none of these";
    std::string by = found_by_.rules->name;
    if (!found_by_.fault.empty()) by += ", `" + found_by_.fault + "`";
    const auto found = explore(on_profile(*found_by_.rules, false));
    const auto passed = explore(on_profile(profile::posix_minimum, true));
    return "| " + std::to_string(number_) + " | " + project_ + " | " + law_ + " | " + by + " | " + on + " | " + found.complaint +
           " | " + std::to_string(found.states) + " | " + std::to_string(passed.states) + " |";
  }

  void prove() const {
    is_found();
    passes(*found_by_.rules);
    for (const profile* rules : provable) passes(*rules);
  }

 private:
  [[nodiscard]] exploration on_profile(const profile& rules, bool fixed) const {
    exploration what = program_(fixed);
    what.profile = rules;
    if (fixed || found_by_.fault.empty()) return what;
    what.faults = 0;
    what.workload = [work = what.workload, rule = found_by_.fault](world& world) {
      world.fs().plan().add(rule);
      work(world);
    };
    return what;
  }
  void is_found() const {
    exploration bug = on_profile(*found_by_.rules, false);
    const auto found = explore(bug);
    INFO(found.text());
    CHECK_FALSE(found.ok());
    CHECK(found.text().find("the check: ") != std::string::npos);
    // Nobody has to name the call that goes wrong.
    if (!found_by_.fault.empty() && program_(false).faults != 0) CHECK_FALSE(explore(program_(false)).ok());
    bug.replay = found.replay;
    CHECK(explore(bug).text() == found.text());
    // Where a profile allows it, the one that promises least does, too.
    CHECK((explore(on_profile(profile::posix_minimum, false)).ok() || !explore(on_profile(profile::alice_harsh, false)).ok()));
  }
  void passes(const profile& rules) const {
    const auto report = explore(on_profile(rules, true));
    INFO("put right, on " << rules.name << "\n" << report.text());
    CHECK(report.ok());
    CHECK(report.exhaustive);
    CHECK_FALSE(report.mixtures_left_out);
  }

  int number_;
  std::string project_;
  std::string law_;
  finder found_by_;
  program_of program_;
};

inline std::vector<const exhibit*>& museum() {
  static std::vector<const exhibit*> all;
  return all;
}
inline exhibit::exhibit(int number, const char* project, const char* law, finder found_by, program_of program)
    : number_(number), project_(project), law_(law), found_by_(std::move(found_by)), program_(program) {
  museum().push_back(this);
}

}  // namespace tests

#define EXHIBIT(number, project, law, ...)                                                       \
  static tests::exploration bug_##number(bool fixed);                                            \
  static const tests::exhibit exhibit_##number(number, project, law, __VA_ARGS__, bug_##number); \
  TEST_CASE("bugs " #number ": " project ": " law) { exhibit_##number.prove(); }                 \
  static tests::exploration bug_##number([[maybe_unused]] bool fixed)

#endif  // TESTS_BUGS_EXHIBIT_HPP
