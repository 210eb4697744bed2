// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_LINT_JUDGE_HPP
#define PERDURE_TESTING_DETAIL_LINT_JUDGE_HPP

// lint_judge: the rules of durability_lint, on the tree of what it knows. The laws are those of fs.hpp.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <perdure/fs/temp_name.hpp>
#include <perdure/fs/write_options.hpp>
#include <perdure/testing/detail/fault_words.hpp>
#include <perdure/testing/detail/lint_tree.hpp>
#include <perdure/testing/lint_finding.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

class lint_judge {
 public:
  explicit lint_judge(lint_options options) : options_(std::move(options)) {}

  lint_tree tree;
  std::vector<lint_finding> findings;

  // The same once.
  void add(lint_finding one) {
    for (const lint_finding& other : findings) {
      if (other.kind == one.kind && other.cause == one.cause && other.path == one.path && one.cause != 0) return;
    }
    findings.push_back(std::move(one));
  }

  // ---- names

  void give(const lint_place& at, const lint_node_ref& node, const lint_call& call) {
    lint_entry& entry = at.dir->entries[at.name];
    entry = {node, true, {}, false, call, {}, true};
    node->looked = true;
    lint_tree::take(node, at.dir, at.name);
  }
  void taken(const lint_place& at, const lint_call& call) {
    lint_entry& entry = at.dir->entries[at.name];
    entry.changed = call;
    entry.failed = {};
    entry.ever = true;
  }
  void drop(const lint_place& at) {
    lint_entry& entry = at.dir->entries[at.name];
    if (entry.node != nullptr) --entry.node->names;
    entry.node = nullptr;
    entry.known = true;
    entry.made_here = {};
  }
  // This call may have given the name, or may not: a sync of the directory settles which.
  void doubt(const lint_place& at, const lint_call& call) { taken(at, call); }
  // `failed`: the sync, where it did.
  void synced_entries(lint_node& dir, std::uint64_t begun, const lint_call& failed) {
    for (auto& [name, entry] : dir.entries) {
      if (!entry.changed || entry.changed.number > begun || entry.failed) continue;
      if (failed) {
        entry.failed = failed;
      } else {
        survives(entry.changed.number);
        entry.changed = {};
      }
    }
  }
  void synced_everything(std::uint64_t begun, const lint_call& call, bool done) {
    for (const auto& root : {tree.relative_root(), tree.absolute_root()}) synced_below(*root, begun, call, done);
  }

  // ---- content

  void wrote(lint_node& node, std::uint64_t begin, std::uint64_t end, const lint_call& call, bool after_publishing) {
    node.unsynced.add(begin, end);
    node.lost.subtract(begin, end);
    if (!node.first_write) node.first_write = call;
    node.last_write = call.number;
    if (after_publishing) node.late_write = call;
  }
  void synced(lint_node& node, sync_what what, std::uint64_t begun, const lint_call& call) {
    if (what == sync_what::all && node.dressed.number <= begun) node.dressed = {};
    // A write that came meanwhile is not covered.
    if (node.last_write > begun) return;
    node.late_write = {};
    if (what == sync_what::order) {
      node.barrier = call.number;
      return;
    }
    survives(node.last_write);
    node.unsynced.clear();
    node.first_write = {};
  }
  void sync_failed(lint_node& node, const lint_call& call) {
    if (node.unsynced.empty()) return;
    node.lost.add(node.unsynced);
    node.failed_sync = call;
    node.unsynced.clear();
    node.first_write = {};
  }

  // ---- rules

  // Something is about to get a name, which is not a temporary one.
  void publish(const lint_node_ref& node, const lint_place& to, const lint_call& call) {
    if (is_temp(to.name)) return;
    publish(*node, tree.path_of(to), call);
    if (!node->published) node->published = call;
  }

  [[nodiscard]] static bool never_there(const lint_place& at) {
    return at.dir == nullptr || (!at.name.empty() && !at.dir->entries[at.name].ever);
  }
  void acknowledge_nothing(const lint_place& at, const lint_call& call) {
    add({lint_kind::acknowledged_unknown, call.number, 0, call.text, tree.path_of(at),
         "nothing was ever there that could be acknowledged", "Acknowledge what was saved, by the path that it was saved under"});
  }
  void acknowledge(const lint_place& at, enum durability promised, const lint_call& call) {
    if (at.dir == nullptr) return;
    if (promised == durability::full) {
      if (!at.name.empty()) acknowledge_name(at, call);
      lint_node_ref above = at.dir;
      for (auto up = above->parent.lock(); up != nullptr; up = above->parent.lock()) {
        acknowledge_ancestor({up, above->name}, tree.path_of(at), call);
        above = up;
      }
    }
    const lint_node_ref node = at.name.empty() ? at.dir : at.dir->entries[at.name].node;
    if (node != nullptr)
      acknowledge_below(node, at.name.empty() ? lint_call() : at.dir->entries[at.name].changed, promised, call);
  }

  void at_the_end(std::vector<lint_finding>& all, std::vector<lint_finding>& temps) const {
    for (const auto& root : {tree.relative_root(), tree.absolute_root()}) look_for_leftovers(*root, all, temps, root);
  }

 private:
  [[nodiscard]] bool is_temp(const std::string& name) const {
    if (temp_name::parse(name)) return true;
    for (const std::string& pattern : options_.temps) {
      if (path_matches(pattern, name)) return true;
    }
    return false;
  }

  // It is durable now, and with it all that a barrier before it held back.
  void survives(std::uint64_t call) {
    if (call > survives_) survives_ = call;
  }
  [[nodiscard]] bool is_ordered(const lint_node& node) const { return node.barrier > node.last_write; }
  [[nodiscard]] bool is_durable(const lint_node& node) const {
    return node.unsynced.empty() || (is_ordered(node) && survives_ > node.barrier);
  }

  void synced_below(lint_node& dir, std::uint64_t begun, const lint_call& call, bool done) {
    synced_entries(dir, begun, done ? lint_call() : call);
    for (auto& [name, entry] : dir.entries) {
      if (entry.node == nullptr) continue;
      if (done) {
        synced(*entry.node, sync_what::all, begun, call);
      } else {
        sync_failed(*entry.node, call);
      }
      synced_below(*entry.node, begun, call, done);
    }
  }

  void publish(const lint_node& node, const std::string& path, const lint_call& call) {
    if (!node.lost.empty()) {
      add({lint_kind::believed_failed_sync, call.number, node.failed_sync.number, call.text, path,
           path + " is published, and of what it holds " + node.failed_sync.told() + " failed, after which no sync can tell",
           "Write everything again to a new file, and sync that"});
    } else if (!node.unsynced.empty() && !is_ordered(node) && node.refused < node.last_write) {
      add({lint_kind::published_unsynced, call.number, node.first_write.number, call.text, path,
           path + " is published, and " + node.first_write.told() +
               " was not synced before: a crash may keep the name and lose " + "the bytes",
           "Sync the file, and then give it its name"});
    }
    if (node.dressed && node.refused < node.dressed.number) {
      add({lint_kind::published_unsynced, call.number, node.dressed.number, call.text, path,
           path + " is published, and " + node.dressed.told() + " was not synced before: a crash may keep the name and lose " +
               "the attributes",
           "sync(sync_what::all), which saves them, and then give it its name"});
    }
    for (const auto& [name, entry] : node.entries) {
      if (entry.node == nullptr || is_temp(name)) continue;
      const std::string below = path + "/" + name;
      if (entry.changed) {
        add({lint_kind::published_unsynced, call.number, entry.changed.number, call.text, below,
             path + " is published, and in it " + entry.changed.told() +
                 " was not synced before: a crash may keep the directory " + "and lose the name",
             "sync_dir the directory, and then give it its name"});
      }
      publish(*entry.node, below, call);
    }
  }

  void acknowledge_name(const lint_place& at, const lint_call& call) {
    const lint_entry& entry = at.dir->entries[at.name];
    const std::string path = tree.path_of(at);
    if (!entry.changed) return;
    if (entry.failed) {
      add({lint_kind::believed_failed_sync, call.number, entry.failed.number, call.text, path,
           path + " is acknowledged, and " + entry.failed.told() + " failed, after which no sync can tell",
           "Give it its name again, by a rename of a new file, and sync the directory"});
    } else {
      add({lint_kind::acknowledged_name, call.number, entry.changed.number, call.text, path,
           path + " is acknowledged, and " + entry.changed.told() + " was not synced: a crash may undo it",
           "sync_dir(\"" + tree.path_of(at.dir) + "\") before success is told"});
    }
  }
  void acknowledge_ancestor(const lint_place& at, const std::string& path, const lint_call& call) {
    const lint_entry& entry = at.dir->entries[at.name];
    if (!entry.changed) return;
    const std::string directory = tree.path_of(at);
    add({entry.failed ? lint_kind::believed_failed_sync : lint_kind::acknowledged_ancestor, call.number,
         entry.failed ? entry.failed.number : entry.changed.number, call.text, directory,
         path + " is acknowledged, and " + entry.changed.told() + ", by which " + directory + " is there, " +
             (entry.failed ? "may be lost, for " + entry.failed.told() + " failed" : "was not synced"),
         "sync_dir(\"" + tree.path_of(at.dir) + "\") before success is told"});
  }
  void acknowledge_below(const lint_node_ref& at, const lint_call& named, enum durability promised, const lint_call& call) {
    const lint_node& node = *at;
    const std::string path = tree.path_of(at);
    // What a barrier holds back is as durable as the name that came after it, of which is told already.
    const bool with_name = is_ordered(node) && named.number > node.barrier;
    if (!node.lost.empty()) {
      add({lint_kind::believed_failed_sync, call.number, node.failed_sync.number, call.text, path,
           path + " is acknowledged, and of what it holds " + node.failed_sync.told() + " failed, after which no sync can tell",
           "Write everything again to a new file, and sync that"});
    } else if (promised == durability::full ? !is_durable(node) && !with_name : !node.unsynced.empty() && !is_ordered(node)) {
      add({lint_kind::acknowledged_unsynced, call.number, node.first_write.number, call.text, path,
           path + " is acknowledged, and " + node.first_write.told() + " was not synced: a crash may lose it",
           "Sync the file before success is told"});
    }
    if (node.dressed && promised == durability::full) {
      add({lint_kind::acknowledged_unsynced, call.number, node.dressed.number, call.text, path,
           path + " is acknowledged, and " + node.dressed.told() + " was not synced: a crash may lose it",
           "sync(sync_what::all), which saves attributes, before success is told"});
    }
    for (const auto& [name, entry] : node.entries) {
      if (is_temp(name)) continue;
      if (promised == durability::full) acknowledge_name({at, name}, call);
      if (entry.node != nullptr) acknowledge_below(entry.node, entry.changed, promised, call);
    }
  }

  void look_for_leftovers(const lint_node& dir, std::vector<lint_finding>& all, std::vector<lint_finding>& temps,
                          const lint_node_ref& self) const {
    for (const auto& [name, entry] : dir.entries) {
      if (entry.node == nullptr) continue;
      const std::string path = tree.path_of(lint_place{self, name});
      const lint_node& node = *entry.node;
      if (is_temp(name) && entry.made_here && !entry.removal_failed) {
        temps.push_back({lint_kind::temp_left, entry.made_here.number, 0, entry.made_here.text, path,
                         path + " is a temporary file, and still there at the end", "Rename it, or remove it on every way out"});
      }
      if (node.late_write && !node.unsynced.empty()) {
        all.push_back({lint_kind::written_after_publishing, node.late_write.number, node.published.number, node.late_write.text,
                       path,
                       path + " was published by " + node.published.told() + ", and what was written to it then was not synced",
                       "Write everything before it gets its name, or sync again"});
      }
      look_for_leftovers(node, all, temps, entry.node);
    }
  }

  lint_options options_;
  std::uint64_t survives_ = 0;  // the newest call that is known to be durable
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_LINT_JUDGE_HPP
