// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_DISK_SYNCS_HPP
#define PERDURE_TESTING_DETAIL_DISK_SYNCS_HPP

// disk_syncs: what a sync makes durable: what was asked for, and what a profile saves beside it, which is names. And what a sync
// that failed takes for durable, and is not.

#include <perdure/testing/detail/disk_tree.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

inline void settle_name(effect_log& log, chain_id id, inode file) {
  const chain& one = log.at(id);
  if (one.kind != chain_kind::entry) return;
  for (std::uint32_t count = one.top(); count > 0; --count) {
    if (one.versions[count].target != file && one.versions[count - 1].target != file) continue;
    log.settle({id, count});
    return;
  }
}

// Each name of the file, those that it had among them, and those of the directories above.
inline void settle_own_names(effect_log& log, inode file, inode directories_max) {
  for (inode left = directories_max; left > 0 && file != root_inode; --left) {
    inode parent = root_inode;
    for (chain_id id = 0; id < log.chains().size(); ++id) {
      settle_name(log, id, file);
      const chain& one = log.at(id);
      if (one.kind == chain_kind::entry && one.versions.back().target == file) parent = one.owner;
    }
    file = parent;
  }
}

// In a journal, an effect brings everything before it: it suffices to find the last of this file's own.
inline void settle_journal_of(effect_log& log, const disk_tree& tree, inode file) {
  log.settle(tree[file].size_pending);
  for (const chain_id id : tree[file].attributes_pending) log.settle(id);
  for (chain_id id = 0; id < log.chains().size(); ++id) settle_name(log, id, file);
}

class disk_syncs {
 public:
  // As the operation of this number.
  disk_syncs(effect_log& log, const disk_tree& tree, std::uint32_t op) noexcept : log_(log), tree_(tree), op_(op) {}

  void file(inode file, sync_what what) {
    const disk_node& node = tree_[file];
    if (what == sync_what::order) {
      log_.hold_back_for(node.size_pending);
      for (const chain_id id : node.pages_pending) log_.hold_back_for(id);
      return;
    }
    log_.settle(node.size_pending);
    for (const chain_id id : node.pages_pending) log_.settle(id);
    log_.settle(node.presence_pending);
    mark_settled(node);
    for (const chain_id id : node.attributes_pending) {
      if (what == sync_what::all) log_.settle(id);
    }
    // That it has grown may have been written back, and been durable, long before: it brings no later name along.
    if (what == sync_what::all || log_.rules().data_sync_saves_names) names_of(file);
  }
  void entries(inode directory) {
    for (const disk_entry& entry : tree_[directory].entries) {
      log_.settle(entry.pending);
      if (entry.target != 0) log_.settle(tree_[entry.target].presence_pending);
    }
    names_of(directory);
  }
  void everything() {
    for (chain_id id = 0; id < log_.chains().size(); ++id) log_.settle(id);
    for (inode i = root_inode; i < tree_.count(); ++i) mark_settled(tree_[i]);
  }
  // A sync of the file failed, and the system takes its pages for written: they are read as they are, and written by no later
  // sync, unless they are changed again. Its size is not a page.
  void lose(inode file) {
    for (const chain_id id : tree_[file].pages_pending) log_.lose(id);
  }
  void lose_entries(inode directory) {
    std::vector<chain_id> names;
    for (const disk_entry& entry : tree_[directory].entries) names.push_back(entry.pending);
    log_.lose_names(names);
  }
  void lose_everything() {
    std::vector<chain_id> names;
    for (chain_id id = 0; id < log_.chains().size(); ++id) {
      if (log_.at(id).kind == chain_kind::entry) names.push_back(id);
      if (log_.at(id).kind == chain_kind::page) log_.lose(id);
    }
    log_.lose_names(names);
  }

 private:
  // From now on all its bytes are known, written or zero. Not where some of them were never written back: the room that they were
  // to have on the disk may show anything.
  void mark_settled(const disk_node& node) {
    if (node.size_pending == no_chain) return;
    for (const chain_id id : node.pages_pending) {
      if (log_.is_lost(id)) return;
    }
    version& now = log_.at(node.size_pending).versions.back();
    if (now.settled_since == UINT32_MAX) now.settled_since = op_;
  }
  void names_of(inode file) {
    switch (log_.rules().sync_reach) {
      case sync_reach::content:
        return;
      case sync_reach::all_metadata:
        return everything();
      case sync_reach::journal:
        return settle_journal_of(log_, tree_, file);
      case sync_reach::own_names:
        return settle_own_names(log_, file, tree_.count());
    }
  }

  effect_log& log_;
  const disk_tree& tree_;
  std::uint32_t op_;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_DISK_SYNCS_HPP
