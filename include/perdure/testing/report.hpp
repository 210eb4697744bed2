// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_REPORT_HPP
#define PERDURE_TESTING_REPORT_HPP

// report: what explore() found. ok(), or text() tells how it failed: what was done, where the power went, what of it survived,
// the disk, what the check said of it, and the line that replays it.

#include <cstdint>
#include <string>
#include <vector>

#include <perdure/testing/detail/disk_text.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

class report {
 public:
  std::uint64_t states = 0;        // distinct ones that were checked
  std::uint64_t visited = 0;       // with those that had been seen before
  std::uint64_t at_least = 0;      // how many there are, where not all were visited
  std::uint64_t cuts = 0;          // moments at which the power went
  std::uint64_t runs = 0;          // of the workload
  bool exhaustive = true;          // but for mixtures that were left out; else a sample, or bounded by depth
  bool mixtures_left_out = false;  // of more than 8 unsynced pages of one file
  bool none_acknowledged = false;  // no step, in any run, and a check asked for the latest: what passed says little
  bool replayed = false;           // one state alone was looked at again
  std::uint32_t depth = 0;         // of a run that had more choices than budget.depth: that. Else 0
  std::string profile;
  std::string failure;                  // empty: every state passed
  std::string complaint;                // what the check said
  std::string replay;                   // the token
  std::vector<std::string> idle_rules;  // of world.fs().plan() and world.store().plan(): they struck in no run

  [[nodiscard]] bool ok() const noexcept { return failure.empty(); }
  [[nodiscard]] std::string text() const {
    if (!ok()) return failure;
    std::string all = bounds();
    if (none_acknowledged) all += "\nno step was acknowledged in any run: what was there before is all that latest_is asked for";
    for (const std::string& rule : idle_rules) all += "\nnever struck, in no run: " + rule;
    return all;
  }

  // How far it went: "exhaustive: 41,212 states", or "sampled: 200,000 of at least 3,100,000 states", or "bounded: 512 states
  // within the first 8 choices of a run".
  [[nodiscard]] std::string bounds() const {
    const std::string where = " (" + detail::with_commas(cuts) + " cuts of " + detail::with_commas(runs) +
                              (runs == 1 ? " run, " : " runs, ") + profile + ")";
    if (replayed) return "replayed: 1 state, and it passes (" + profile + ")";
    const std::string within = depth == 0   ? ""
                               : depth == 1 ? " within the first choice of a run"
                                            : " within the first " + detail::with_commas(depth) + " choices of a run";
    const std::string all = detail::with_commas(states);
    if (at_least != 0) return "sampled: " + all + " of at least " + detail::with_commas(at_least) + " states" + within + where;
    const std::string how = exhaustive ? "exhaustive" : "bounded";
    return how + (mixtures_left_out ? " but for mixtures of many pages: " : ": ") + all + (states == 1 ? " state" : " states") +
           within + where;
  }
};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_REPORT_HPP
