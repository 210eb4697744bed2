// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_BUGS_RIGHT_HPP
#define TESTS_BUGS_RIGHT_HPP

// right: a protocol that is as it should be, of which the lab must not say anything else.
//
//   PROTOCOL(marker_file, "a marker file: the highest number wins", stands::renames_of_fat) { return {...}; }
//
// is a test that it passes exhaustively on posix_minimum and on every profile that allows less, and that each of its syncs is
// needed: the check would see it if one were missing. README.md has a line about each.

#include <perdure/testing/audit_syncs.hpp>

#include <tests/bugs/exhibit.hpp>

namespace tests {

enum class stands : std::uint8_t {
  atomic_renames,  // what fs.hpp promises
  any_rename,      // and alice_harsh, where a rename may leave neither file
};

class right {
 public:
  right(const char* what, stands how, exploration (*program)());

  [[nodiscard]] std::string row() const {
    const auto report = explore(program_());
    exploration failing = program_();
    failing.faults = 1;
    const std::string also = how_ == stands::any_rename ? "and alice_harsh" : "";
    return std::string("| ") + what_ + " | " + also + " | " + std::to_string(audit_syncs(program_()).syncs.size()) + " | " +
           std::to_string(report.states) + " | " + std::to_string(explore(failing).states) + " |";
  }
  void prove() const {
    for (const profile* rules : provable) passes(*rules, 0);
    exploration harsh = program_();
    harsh.profile = profile::alice_harsh;
    CHECK(explore(harsh).ok() == (how_ == stands::any_rename));
    passes(profile::posix_minimum, 1);
    const auto audit = audit_syncs(program_());
    INFO(audit.text());
    CHECK(audit.ok());
  }

 private:
  void passes(const profile& rules, std::uint32_t faults) const {
    exploration what = program_();
    what.profile = rules;
    what.faults = faults;
    const auto report = explore(what);
    INFO(report.text());
    CHECK(report.ok());
    CHECK(report.exhaustive);
    CHECK_FALSE(report.mixtures_left_out);
  }

  const char* what_;
  stands how_;
  exploration (*program_)();
};

inline std::vector<const right*>& protocols() {
  static std::vector<const right*> all;
  return all;
}
inline right::right(const char* what, stands how, exploration (*program)()) : what_(what), how_(how), program_(program) {
  protocols().push_back(this);
}

}  // namespace tests

#define PROTOCOL(name, what, how)                            \
  static tests::exploration name();                          \
  static const tests::right right_##name(what, how, name);   \
  TEST_CASE("bugs: none in " what) { right_##name.prove(); } \
  static tests::exploration name()

#endif  // TESTS_BUGS_RIGHT_HPP
