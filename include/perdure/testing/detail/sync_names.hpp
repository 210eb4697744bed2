// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_SYNC_NAMES_HPP
#define PERDURE_TESTING_DETAIL_SYNC_NAMES_HPP

// sync_names: what a profile saves beside what was asked for, when a file or a directory is synced: its names, as far as it goes.

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

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_SYNC_NAMES_HPP
