// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_LAB_RUN_HPP
#define PERDURE_TESTING_DETAIL_LAB_RUN_HPP

// lab_run: the workload, run once, and the record of it.

#include <map>
#include <memory>
#include <string>

#include <perdure/testing/exploration.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

struct run_options {
  std::uint32_t kill = 0;    // 0: nobody is; 2n - 1: before the nth operation; 2n: within it
  sync_site skip_sync = {};  // this one silently does nothing
  bool tracing = false;
};

class lab_run {
 public:
  lab_run(const exploration& what, choice_source& source, const run_options& options) {
    disk_->cut_everywhere = what.cuts == cut_points::every_operation;
    if (what.setup) {
      run_limits none;
      world before(disk_, history_, source, none);
      what.setup(before);
      look_at_rules(before);
    }
    disk_->tracing = options.tracing;
    disk_->syncs.skipped = options.skip_sync;
    disk_->syncs.tells_texts = options.tracing;
    disk_->begin_recording(what.profile);
    if (options.kill != 0) disk_->kill_at = (options.kill - 1) / 2;
    disk_->kill_inside = options.kill % 2 == 0;
    run_limits left{what.faults, what.preemptions, options.kill, what.kills};
    world first(disk_, history_, source, left);
    if (what.workload) what.workload(first);
    // Or after the last one: it has ended, and the next one goes on.
    if (disk_->process == first_process && options.kill == 2 * disk_->ops + 1) disk_->kill();
    was_killed_ = disk_->process != first_process;
    disk_->kill_at = UINT32_MAX;
    if (was_killed_ && what.restart && disk_->hang.empty()) {
      world second(disk_, history_, source, left);
      what.restart(second);
      look_at_rules(second);
    }
    look_at_rules(first);
    disk_->note_cut();
  }
  lab_run(const lab_run&) = delete;
  lab_run& operator=(const lab_run&) = delete;

  [[nodiscard]] const class disk& disk() const noexcept { return *disk_; }
  [[nodiscard]] const class history& history() const noexcept { return history_; }
  [[nodiscard]] bool was_killed() const noexcept { return was_killed_; }

  // The rules that the workload added to the plans of its world, and how often each struck; and what is wrong with one.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& rules() const noexcept { return rules_; }
  [[nodiscard]] const std::string& objection() const noexcept { return objection_; }

  // Of all that was done: two runs with one digest are one.
  [[nodiscard]] std::uint32_t digest() const {
    std::uint64_t all = disk_->ops;
    for (const chain& one : disk_->log.chains()) {
      all = mixed(all, std::uint64_t{one.owner} << 32 | std::uint64_t{one.index} << 8 | static_cast<std::uint64_t>(one.kind));
      if (one.kind == chain_kind::entry) {
        const std::string& name = disk_->tree[one.owner].entries[one.index].name;
        all = mixed(all, hash_of(name.data(), name.size()));
      }
      for (const version& is : one.versions)
        all = mixed(all, mixed(std::uint64_t{is.op} << 32 | is.target, is.size ^ is.page.hash(page_size)));
    }
    if (disk_->remote.was_used()) all = mixed(all, disk_->remote.hash());
    return static_cast<std::uint32_t>(mixed(all) & 0xffff);
  }

 private:
  void look_at_rules(world& used) {
    for (const fault_plan& plan : {used.fs().plan(), used.store().plan()}) {
      if (!plan.ok()) objection_ = plan.complaint();
      for (const auto& [rule, strikes] : plan.strikes()) rules_[rule] += strikes;
    }
  }

  static constexpr std::uint32_t first_process = 1;

  std::shared_ptr<class disk> disk_ = std::make_shared<class disk>();
  class history history_;
  bool was_killed_ = false;
  std::map<std::string, std::uint64_t> rules_;
  std::string objection_;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_LAB_RUN_HPP
