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
//   One of .recover is told by its call, and how many the same recovery had made of that call: a recovery does one thing on one
//   disk, and another thing on the next. It is judged by cutting the recovery, and so not at all with budget.nested_cuts = 0.
//   What a program does after its recovery is not seen, and may be what needs it: where it is idle the text says "idle?", and
//   ok() stays true. Do in .recover what is done next, and it is seen.
// Not promised: that two idle syncs can both be left out, for each may be covered by the other; and a check that looks for less
//   than the program needs makes syncs idle that are not. Judge on posix_minimum: other profiles give for nothing what a portable
//   program has to ask for.

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
  bool in_recovery = false;  // by .recover, after a power cut
};

class sync_audit {
 public:
  class report report;  // with all of them
  std::vector<audited_sync> syncs;

  [[nodiscard]] std::size_t idle() const noexcept { return idle_of(false); }
  [[nodiscard]] std::size_t idle_in_recovery() const noexcept { return idle_of(true); }
  [[nodiscard]] bool ok() const noexcept { return report.ok() && idle() == 0; }
  [[nodiscard]] std::string text() const {
    if (!report.ok()) return report.text();
    std::string all =
        std::to_string(syncs.size()) + " syncs, " + std::to_string(idle()) + " of them idle; " + report.text() + "\n";
    for (const audited_sync& one : syncs) {
      all += std::string(one.needed        ? "  needed  "
                         : one.in_recovery ? "  idle?   "
                                           : "  IDLE    ") +
             one.text +
             (one.after_kill    ? ", after the kill"
              : one.in_recovery ? ", in the recovery"
                                : "");
      all += (one.needed ? ": without it, " + one.complaint : "") + "\n";
    }
    return all;
  }

 private:
  [[nodiscard]] std::size_t idle_of(bool recovery) const noexcept {
    std::size_t count = 0;
    for (const audited_sync& one : syncs) count += one.in_recovery == recovery && !one.needed ? 1 : 0;
    return count;
  }
};

[[nodiscard]] inline sync_audit audit_syncs(exploration what) {
  sync_audit audit;
  what.replay.clear();
  std::vector<detail::sync_site> of_recoveries;
  audit.report = detail::explorer(what).run_noting(of_recoveries);
  if (!audit.report.ok()) return audit;
  what.reductions.nearest_first = false;
  std::vector<detail::sync_site> sites = detail::explorer(what).syncs();
  detail::merge(sites, of_recoveries);
  for (const detail::sync_site& one : sites) {
    const class report without = detail::explorer(what, one).run();
    const bool recovers = one.number >= detail::sync_site::first_of_recovery;
    const bool after_kill = !recovers && one.number >= detail::sync_site::first_after_kill;
    audit.syncs.push_back({one.text, after_kill, !without.ok(), without.complaint, without.replay, recovers});
  }
  return audit;
}

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_AUDIT_SYNCS_HPP
