// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_AUDIT_SYNCS_HPP
#define PERDURE_TESTING_AUDIT_SYNCS_HPP

// audit_syncs(exploration): is there a sync to spare? Each sync silently does nothing, in turn, and the whole is explored again.
//
//   const auto audit = perdure::testing::audit_syncs({.workload = ..., .check = ...});
//   REQUIRE(audit.ok());                 // else audit.text(): which syncs fail no check when they are left out
//
// Success: with all syncs every state passes, and without any one of them some state fails: none is missing and none is idle.
//   A sync is told from others by how many there were before it: one line may be idle the first time and vital the third.
// Not promised: that two idle syncs can both be left out, for each may be covered by the other; anything about the syncs of
//   .recover; and a check that looks for less than the program needs makes syncs idle that are not. Judge on posix_minimum: other
//   profiles give for nothing what a portable program has to ask for.

#include <string>
#include <vector>

#include <perdure/testing/explore.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

struct audited_sync {
  std::string text;         // the call
  bool after_kill = false;  // by .restart
  bool needed = false;
  std::string complaint;  // what the check said when it was left out
  std::string replay;
};

class sync_audit {
 public:
  class report report;  // with all of them
  std::vector<audited_sync> syncs;

  [[nodiscard]] std::size_t idle() const noexcept {
    std::size_t count = 0;
    for (const audited_sync& one : syncs) count += one.needed ? 0 : 1;
    return count;
  }
  [[nodiscard]] bool ok() const noexcept { return report.ok() && idle() == 0; }
  [[nodiscard]] std::string text() const {
    if (!report.ok()) return report.text();
    std::string all =
        std::to_string(syncs.size()) + " syncs, " + std::to_string(idle()) + " of them idle; " + report.text() + "\n";
    for (const audited_sync& one : syncs) {
      all += std::string(one.needed ? "  needed  " : "  IDLE    ") + one.text + (one.after_kill ? ", after the kill" : "");
      all += (one.needed ? ": without it, " + one.complaint : "") + "\n";
    }
    return all;
  }
};

[[nodiscard]] inline sync_audit audit_syncs(exploration what) {
  sync_audit audit;
  what.replay.clear();
  audit.report = explore(what);
  if (!audit.report.ok()) return audit;
  what.reductions.nearest_first = false;
  for (const detail::sync_site& one : detail::explorer(what).syncs()) {
    const class report without = detail::explorer(what, one.number).run();
    audit.syncs.push_back(
        {one.text, one.number >= detail::first_site_after_kill, !without.ok(), without.complaint, without.replay});
  }
  return audit;
}

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_AUDIT_SYNCS_HPP
