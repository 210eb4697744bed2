// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_RIGS_POWERCUT_MODEL_HPP
#define TESTS_RIGS_POWERCUT_MODEL_HPP

// model: every tree that the lab says a power cut may leave of a program, by how far the program was.

#include <map>
#include <set>
#include <string>

#include <perdure/testing/explore.hpp>

#include <tests/crash/litmus.hpp>
#include <tests/rigs/powercut/block_log.hpp>
#include <tests/rigs/powercut/tree.hpp>

namespace powercut {

class model {
 public:
  model(const profile& rules, const std::vector<tests::fs_step>& setup, const std::vector<tests::fs_step>& steps) {
    profile whole_pages = rules;
    // The rig never tears what a file system writes in one piece, so that the model needs no tearing to explain it.
    whole_pages.tear_unit_bytes = block_size;
    const auto report = explore({.profile = whole_pages,
                                 .setup =
                                     [&](world& world) {
                                       any_fs fs(world.fs());
                                       for (const tests::fs_step& step : setup) step(fs);
                                     },
                                 .workload =
                                     [&](world& world) {
                                       any_fs fs(world.fs());
                                       for (std::size_t i = 0; i < steps.size(); ++i)
                                         world.step(std::to_string(i), [&] { steps[i](fs); });
                                     },
                                 .check =
                                     [&](after_crash& after) {
                                       progress now;
                                       for (std::size_t i = 0; i < steps.size(); ++i) {
                                         const step_outcome is = after.outcome_of(std::to_string(i));
                                         now.acknowledged += is == step_outcome::acknowledged ? 1U : 0U;
                                         now.begun += is == step_outcome::not_begun ? 0U : 1U;
                                       }
                                       const tree left = tree_of(after.fs());
                                       const std::string text = text_of(left);
                                       if (all_.count(text) == 0) note_files(left);
                                       trees_[now].insert(text);
                                       all_.insert(text);
                                       return true;
                                     },
                                 .reductions = {.few_mixtures = false}});
    exhaustive_ = report.exhaustive;
  }

  [[nodiscard]] bool exhaustive() const noexcept { return exhaustive_; }
  [[nodiscard]] const std::set<std::string>& all() const noexcept { return all_; }
  // Of a step that has begun, and was not acknowledged, nothing may be there, some of it or all.
  [[nodiscard]] bool allows(const std::string& text, const progress& now) const {
    if (has(text, {now.acknowledged, now.acknowledged})) return true;
    return now.begun > now.acknowledged && (has(text, now) || has(text, {now.begun, now.begun}));
  }
  // A tree that it allows, without the name that was replaced. btrfs of Linux 6.18 leaves it: a name that was synced in the
  // transaction that runs, and is then replaced by a rename of a file that was not synced in it, from a directory that was not
  // either, leaves the log, and the new one does not enter it. Once the log is written for any other file, the name leads
  // nowhere; the moved file is where it was. The temporary file of an atomic_write is synced, in the directory of its target.
  [[nodiscard]] bool allows_but_for(const std::string& replaced, const tree& left, const progress& now) const {
    for (const seen_file& was : files_) {
      tree whole = left;
      whole[replaced] = was;
      if (allows(text_of(whole), now)) return true;
    }
    return false;
  }
  // What it allows then, for people.
  [[nodiscard]] std::string told(const progress& now, std::size_t max) const {
    std::string text;
    for (const progress& when : {progress{now.acknowledged, now.acknowledged}, now, progress{now.begun, now.begun}}) {
      const auto at = trees_.find(when);
      if (at == trees_.end() || (when == now && now.begun == now.acknowledged)) continue;
      for (const std::string& one : at->second) {
        if (max-- == 0) return text + "    ...\n";
        text += "    --\n" + one;
      }
      if (now.begun == now.acknowledged) break;
    }
    return text;
  }

 private:
  [[nodiscard]] bool has(const std::string& text, const progress& when) const {
    const auto at = trees_.find(when);
    return at != trees_.end() && at->second.count(text) != 0;
  }
  void note_files(const tree& left) {
    for (const auto& [path, is] : left) {
      bool known = is.kind != file_kind::file;
      for (const seen_file& other : files_) known = known || other == is;
      if (!known) files_.push_back(is);
    }
  }

  std::map<progress, std::set<std::string>> trees_;
  std::vector<seen_file> files_;  // every one that some tree holds
  std::set<std::string> all_;
  bool exhaustive_ = false;
};

}  // namespace powercut

#endif  // TESTS_RIGS_POWERCUT_MODEL_HPP
