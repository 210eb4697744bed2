// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_EXPLORE_HPP
#define PERDURE_TESTING_EXPLORE_HPP

// explore(exploration): runs a workload, and checks every disk that a power cut may leave of it. From any test framework.
//
//   auto report = perdure::testing::explore({
//       .profile  = perdure::testing::profile::posix_minimum,
//       .workload = [](auto& world) {
//         world.step("v1", [&] { return perdure::atomic_write(world.fs(), "cfg", "v1"); });
//         world.step("v2", [&] { return perdure::atomic_write(world.fs(), "cfg", "v2"); });
//       },
//       .check = [](auto& after) {
//         return after.latest_is(perdure::testing::read_text(after.fs(), "cfg"), "absent");
//       }});
//   REQUIRE(report.ok());                // else report.text(): the trace, the disk, the replay token
//
// Effects: runs the workload once for each way that it can go, records it, and lets the power go at every moment that matters.
//   Each disk that the profile allows then is put before the check, as after a restart. With .restart, the process is killed
//   before each operation first; with .recover, the recovery is cut, too.
// Success: every state passed. The report says whether these were all (exhaustive), a sample, or those within budget.depth.
// Failure: of the first cut that fails, the disk with the fewest survivors. With .replay = "its token" that one alone runs again.
//
// Not promised: anything about what is not in the workload, or about a disk that breaks its profile. Of a page that is torn, that
// any set of its sectors may survive: the first, the first half and the last are tried, of one page at a time or of one of each
// of two files. Of bytes that nobody wrote, anything but zeros and one kind of garbage.

#include <map>
#include <string>

#include <perdure/testing/detail/cut_walk.hpp>
#include <perdure/testing/read_text.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

namespace detail {

class explorer {
 public:
  explicit explorer(const exploration& what, sync_site skip_sync = {})
      : what_(what), skip_sync_(std::move(skip_sync)), all_(what, found_, what.budget.states) {
    found_.profile = what.profile.name;
    all_.skip_sync = skip_sync_;
  }

  [[nodiscard]] report run() {
    if (!what_.workload || !what_.check) {
      found_.failure = "explore: it needs a .workload and a .check\n";
      return found_;
    }
    if (!what_.replay.empty()) {
      const replay_token token = replay_token::parse(what_.replay);
      found_.replayed = true;
      found_.exhaustive = false;
      if (token.digits.empty()) {
        found_.failure = "explore: .replay is not the replay line of a report: " + detail::quoted(what_.replay) + "\n";
      } else {
        tell(token.digits, token.digest);
      }
      return found_;
    }
    allow(4);
    each_run([&](cut_walk& walk, const lab_run&, std::size_t first_cut) { walk.every_state(first_cut); });
    if (all_.out_of_budget && !all_.failed) sample();
    found_.none_acknowledged = asked_latest_ && !acknowledged_;
    if (all_.failed && found_.failure.empty()) tell(all_.failure, digest_);
    for (const auto& [rule, strikes] : strikes_) {
      if (strikes == 0) found_.idle_rules.push_back(rule);
    }
    return found_;
  }

  // Every sync that there is in some run.
  [[nodiscard]] std::vector<sync_site> syncs() {
    std::vector<sync_site> all;
    tracing_ = true;
    each_run([&](cut_walk&, const lab_run& run, std::size_t) { merge(all, run.disk().syncs.all()); });
    return all;
  }
  // As run(), which comes by every recovery that is cut: and every sync that there is in some of those.
  [[nodiscard]] report run_noting(std::vector<sync_site>& of_recoveries) {
    all_.recovery_syncs = &of_recoveries;
    return run();
  }

 private:
  // Each way the workload can go: first without a kill, then with one before each operation that there was, within it, and at the
  // end.
  template <class Use>
  void each_run(Use&& use) {
    std::uint32_t ops_max = 0;
    for (std::uint32_t kill = 0; kill <= (what_.restart ? 2 * ops_max + 1 : 0) && !all_.failed && !all_.stopped(); ++kill) {
      choice_source source;
      all_.bound(source);
      bool is_first = true;
      do {
        const lab_run run(what_, source, {kill, skip_sync_, tracing_});
        if (!run.disk().hang.empty()) {
          fail(kill, source.answers(), run.digest());
          break;
        }
        if (kill == 0 && run.disk().ops > ops_max) ops_max = run.disk().ops;
        if (kill != 0 && !run.was_killed()) {
          all_.look_at_clock();
          continue;
        }
        ++all_.run;
        if (!check_rules(run)) break;
        tape before{kill};
        for (const std::uint32_t answer : source.answers()) before.push_back(answer);
        cut_walk walk(all_, run.disk(), run.history(), std::move(before), what_.budget.nested_cuts);
        // What could be cut before the two paths parted was cut on the path before.
        use(walk, run, is_first ? 0 : run.disk().cuts_at_choice[source.changed_at()]);
        is_first = false;
        asked_latest_ = asked_latest_ || run.history().asked();
        acknowledged_ = acknowledged_ || run.history().acknowledged_any();
        if (all_.failed) digest_ = run.digest();
        all_.look_at_clock();
      } while (!all_.failed && !all_.stopped() && source.next());
      all_.note_bound(source);
    }
    found_.runs = all_.run;
  }

  // A misspelt rule would be a test that passes, and one that never strikes shows nothing.
  [[nodiscard]] bool check_rules(const lab_run& run) {
    for (const auto& [rule, strikes] : run.rules()) strikes_[rule] += strikes;
    if (run.objection().empty()) return true;
    all_.failed = true;
    found_.failure = "explore: a rule of the workload makes no sense: " + run.objection() + "\n";
    return false;
  }

  // Before any cut: it hangs.
  void fail(std::uint32_t kill, const tape& answers, std::uint32_t digest) {
    all_.failed = true;
    all_.failure.assign(1, kill);
    all_.failure.insert(all_.failure.end(), answers.begin(), answers.end());
    digest_ = digest;
  }

  // From now on, so many quarters of the seconds.
  void allow(std::uint64_t quarters) {
    all_.out_of_budget = false;
    if (what_.budget.seconds != 0)
      all_.end = std::chrono::steady_clock::now() + std::chrono::milliseconds(250 * quarters * what_.budget.seconds);
  }

  // The budget did not suffice. A quarter of the states more goes to all cuts alike, or to as many as there is time for.
  void sample() {
    found_.exhaustive = false;
    all_.states_max = UINT64_MAX;
    allow(1);
    all_.run = 0;
    std::uint64_t cuts = 0;
    each_run([&](cut_walk&, const lab_run& run, std::size_t first_cut) { cuts += run.disk().cuts.size() - first_cut; });
    found_.cuts = 0;
    all_.run = 0;
    const std::uint64_t share = what_.budget.states / 4 / (cuts + 1) + 1;
    allow(2);
    each_run([&](cut_walk& walk, const lab_run&, std::size_t first_cut) { walk.some_states(first_cut, share); });
    if (found_.at_least < found_.states) found_.at_least = found_.states;
  }

  // Runs the state of this tape again, and writes down what is to be seen.
  void tell(const tape& digits, std::uint32_t digest_expected) {
    search again(what_, found_, UINT64_MAX);
    again.forced = &digits;
    again.skip_sync = skip_sync_;
    const std::uint32_t kill = digits.empty() ? 0 : digits[0];
    choice_source source(tape(digits.begin() + (digits.empty() ? 0 : 1), digits.end()));
    again.bound(source);
    const lab_run run(what_, source, {kill, skip_sync_, true});
    again.forced_at = 1 + source.answers().size();
    if (!run.disk().hang.empty()) {
      again.failed = true;
      again.text = trace_tail(run.disk().trace);
      found_.complaint = run.disk().hang;
    } else {
      cut_walk walk(again, run.disk(), run.history(), {}, what_.budget.nested_cuts);
      walk.forced_state();
    }
    const replay_token token{digits, run.digest()};
    found_.replay = token.text();
    const bool differs = source.differs() || again.differs || (digest_expected != 0 && digest_expected != token.digest);
    if (differs && all_.failed) {
      found_.failure =
          "the workload did something else when it was run again: it has to take time, chance and names from the world\n";
    } else if (differs) {
      // What it shows is not what failed then.
      found_.failure =
          "the workload does other things than when this replay line was made: it was changed, or the line is of another test. "
          "Take .replay out, and all of it runs\n";
      return;
    } else if (!again.failed && all_.failed) {
      found_.failure = "a state failed the check, and passed it when it was looked at again: the check does not repeat itself\n";
    }
    if (!again.failed && found_.failure.empty()) return;
    const bool hangs = !run.disk().hang.empty();
    found_.failure += found_.profile +
                      (hangs ? run.disk().hangs ? ": the workload hangs\n" : ": a thread does what it must not\n"
                             : ": what a power cut may leave fails the check\n") +
                      again.text + (hangs ? "" : "the check: ") + found_.complaint + (hangs ? "" : "\n") +
                      "replay: " + found_.replay + "\n";
  }

  const exploration& what_;
  sync_site skip_sync_;
  bool tracing_ = false;
  std::uint32_t digest_ = 0;   // of the run that failed
  bool asked_latest_ = false;  // a check asked for the latest step
  bool acknowledged_ = false;  // and some step was
  report found_;
  search all_;
  std::map<std::string, std::uint64_t> strikes_;  // of each rule
};

}  // namespace detail

[[nodiscard]] inline report explore(const exploration& what) { return detail::explorer(what).run(); }

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_EXPLORE_HPP
