// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_LINT_LOG_HPP
#define PERDURE_TESTING_DETAIL_LINT_LOG_HPP

// lint_log: what durability_lint is told of each call after it was made, and what it makes of that. The calls themselves are made
// without its lock: whoever schedules them may let another thread go on inside of one.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <perdure/fs/fs_optional.hpp>
#include <perdure/fs/write_options.hpp>
#include <perdure/testing/detail/fault_words.hpp>
#include <perdure/testing/detail/lint_judge.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// It may have happened, or may not last.
[[nodiscard]] inline bool in_doubt(const result<void>& done) noexcept { return !done && done.error().doubt() != doubt::none; }

class lint_log {
 public:
  lint_log(lint_options options, std::function<bool(const std::string&)> is_there)
      : judge_(std::move(options)), is_there_(std::move(is_there)) {}

  [[nodiscard]] const lint_node_ref& start() const noexcept { return judge_.tree.relative_root(); }

  // Where a path leads, through the symbolic links that are there, asking `fs` once for each name that is new.
  template <Fs F>
  [[nodiscard]] lint_place find(F& fs, const lint_node_ref& from, const std::string& path, links last) {
    for (;;) {
      lint_tree::found found;
      {
        const std::lock_guard lock(mutex_);
        found = judge_.tree.walk(from, path, last);
      }
      if (found.look_first.empty()) return found.at;
      const auto seen = perdure::stat_link(fs, found.look_first);
      const bool no_links = !seen && seen.error().code() == code::unsupported;
      const bool is_there = seen || (no_links && fs.stat(found.look_first));
      std::string leads_to;
      if (seen && seen->kind == file_kind::link) {
        char target[4096];
        target[0] = '\0';
        const auto size = perdure::read_link(fs, found.look_first, target);
        if (size) leads_to.assign(target, *size);
      }
      const std::lock_guard lock(mutex_);
      judge_.tree.note(found.at, is_there, leads_to);
    }
  }

  // How many calls there have been: what a sync that begins now is to make durable.
  [[nodiscard]] std::uint64_t calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

  struct opened_file {
    lint_node_ref node;
    std::uint64_t handle;
  };
  [[nodiscard]] opened_file opened(const lint_place& at, creation creation) {
    const std::lock_guard lock(mutex_);
    const lint_entry* const before = entry_of(at);
    const bool created =
        creation == creation::create_new || (creation == creation::create && before != nullptr && before->node == nullptr);
    const lint_call call = made((created ? "create " : "open ") + judge_.tree.path_of(at));
    if (before == nullptr || at.name.empty()) return {std::make_shared<lint_node>(), handle(at, call)};
    if (created) {
      judge_.drop(at);
      judge_.give(at, std::make_shared<lint_node>(), call);
      at.dir->entries[at.name].made_here = call;
    }
    return {lint_tree::child(at.dir, at.name).node, handle(at, call)};
  }
  // A creation that failed may have happened.
  void not_opened(const lint_place& at, creation creation, const failure& why) {
    const std::lock_guard lock(mutex_);
    if (creation == creation::must_exist || why.doubt() == doubt::none || !is_name(at)) return;
    const lint_call call = made("create " + judge_.tree.path_of(at));
    if (at.dir->entries[at.name].node != nullptr) return;
    judge_.give(at, std::make_shared<lint_node>(), call);
    at.dir->entries[at.name].made_here = call;
  }
  // The directory that a place is, or names.
  [[nodiscard]] lint_node_ref directory(const lint_place& at) {
    const std::lock_guard lock(mutex_);
    if (at.dir == nullptr) return std::make_shared<lint_node>();
    return at.name.empty() ? at.dir : lint_tree::child(at.dir, at.name).node;
  }
  [[nodiscard]] std::uint64_t held(const lint_place& at) {
    const std::lock_guard lock(mutex_);
    return handle(at, made("hold directory " + judge_.tree.path_of(at)));
  }
  void let_go(std::uint64_t handle) {
    const std::lock_guard lock(mutex_);
    handles_.erase(handle);
  }

  // `handle`: the call that opened it. `failed`: the sync of this handle that failed.
  void wrote(const lint_node_ref& node, std::uint64_t begin, std::uint64_t end, const std::string& what, std::uint64_t handle,
             const lint_call& failed, const result<void>& done) {
    const std::lock_guard lock(mutex_);
    const lint_call call = made(what + " of " + judge_.tree.path_of(node));
    if (failed) {
      judge_.add({lint_kind::written_after_failed_sync, call.number, failed.number, call.text, judge_.tree.path_of(node),
                  "it goes on with a handle of which " + failed.told() + " failed",
                  "Close it, and write everything again to a new file"});
    }
    if (!done && !in_doubt(done)) return;
    judge_.wrote(*node, begin, end, call, handle < node->published.number);
  }
  void dressed(const lint_node_ref& node, const result<void>& done) {
    const std::lock_guard lock(mutex_);
    const lint_call call = made("set attributes of " + judge_.tree.path_of(node));
    if (done || in_doubt(done)) node->dressed = call;
  }
  // `begun`: what calls() was when it began. Sets `failed` when the handle is spent.
  void synced(const lint_node_ref& node, sync_what what, std::uint64_t begun, lint_call& failed, const result<void>& done) {
    const std::lock_guard lock(mutex_);
    const char* const names[] = {"sync(order)", "sync(data)", "sync(all)"};
    const std::string path = judge_.tree.path_of(node);
    const lint_call call = made(std::string(names[static_cast<int>(what)]) + " of " + path);
    if (failed) {
      judge_.add({lint_kind::sync_repeated, call.number, failed.number, call.text, path,
                  failed.told() + " failed, and what a sync answers after that means nothing",
                  "Close it, and write everything again to a new file"});
      return;
    }
    if (in_doubt(done)) {
      failed = call;
      judge_.sync_failed(*node, call);
    } else if (done) {
      judge_.synced(*node, what, begun, call);
    } else if (done.error().code() == code::unsupported) {
      node->refused = call.number;
    }
  }
  void closed(const lint_node_ref& node, const result<void>& done) {
    const std::lock_guard lock(mutex_);
    const lint_call call = made("close " + judge_.tree.path_of(node));
    if (in_doubt(done)) judge_.sync_failed(*node, call);
  }

  void renamed(const lint_place& from, const lint_place& to, const result<void>& done) {
    const std::lock_guard lock(mutex_);
    const lint_call call = made("rename " + judge_.tree.path_of(from) + " -> " + judge_.tree.path_of(to));
    if ((!done && !in_doubt(done)) || !is_name(from) || !is_name(to)) return;
    const lint_entry source = lint_tree::child(from.dir, from.name);
    if (source.node == to.dir->entries[to.name].node) return;
    judge_.publish(source.node, to, call);
    if (!done) return judge_.doubt(to, call);
    judge_.drop(to);
    judge_.give(to, source.node, call);
    to.dir->entries[to.name].made_here = source.made_here;
    judge_.drop(from);
    judge_.taken(from, call);
  }
  void linked(const lint_place& from, const lint_place& to, const result<void>& done) {
    const std::lock_guard lock(mutex_);
    const lint_call call = made("link " + judge_.tree.path_of(from) + " -> " + judge_.tree.path_of(to));
    if ((!done && !in_doubt(done)) || !is_name(from) || !is_name(to)) return;
    const lint_node_ref node = lint_tree::child(from.dir, from.name).node;
    judge_.publish(node, to, call);
    if (!done) return judge_.doubt(to, call);
    judge_.give(to, node, call);
    to.dir->entries[to.name].made_here = call;
  }
  // A directory or a symbolic link.
  void made_name(const lint_place& at, const char* what, const std::string& leads_to, const result<void>& done) {
    const std::lock_guard lock(mutex_);
    const lint_call call = made(what + judge_.tree.path_of(at));
    if (!is_name(at)) return;
    if (!done) return in_doubt(done) ? judge_.doubt(at, call) : void();
    judge_.drop(at);
    judge_.give(at, std::make_shared<lint_node>(), call);
    lint_entry& entry = at.dir->entries[at.name];
    entry.node->leads_to = leads_to;
    entry.made_here = call;
  }
  void removed(const lint_place& at, const char* what, const result<void>& done) {
    const std::lock_guard lock(mutex_);
    const lint_call call = made(what + judge_.tree.path_of(at));
    if (!is_name(at)) return;
    const bool was_gone = !done && done.error().code() == code::not_found;
    if (done || was_gone) {
      judge_.drop(at);
      if (done) judge_.taken(at, call);
    } else {
      at.dir->entries[at.name].removal_failed = true;
    }
  }
  void synced_dir(const lint_place& at, std::uint64_t begun, const result<void>& done) {
    const std::lock_guard lock(mutex_);
    const lint_call call = made("sync_dir " + judge_.tree.path_of(at));
    if (at.dir == nullptr || (!done && !in_doubt(done))) return;
    const lint_node_ref dir = at.name.empty() ? at.dir : lint_tree::child(at.dir, at.name).node;
    judge_.synced_entries(*dir, begun, done ? lint_call() : call);
  }
  void synced_all(std::uint64_t begun, const result<void>& done) {
    const std::lock_guard lock(mutex_);
    const lint_call call = made("sync_all");
    if (done || in_doubt(done)) judge_.synced_everything(begun, call, static_cast<bool>(done));
  }

  // Through a link as its last component the file behind it is meant, too: `behind`.
  // `is_absent`: there is nothing by now.
  void acknowledged(const lint_place& at, const lint_place& behind, bool is_absent, enum durability promised) {
    const std::lock_guard lock(mutex_);
    const lint_call call = made("acknowledge " + judge_.tree.path_of(at));
    if (promised == durability::none) return;
    if (is_absent && judge_.never_there(at)) return judge_.acknowledge_nothing(at, call);
    judge_.acknowledge(at, promised, call);
    if (behind.dir != at.dir || behind.name != at.name) judge_.acknowledge(behind, promised, call);
  }
  void acknowledged_all(enum durability promised) {
    const std::lock_guard lock(mutex_);
    const lint_call call = made("acknowledge everything");
    if (promised == durability::none) return;
    for (const auto& root : {judge_.tree.relative_root(), judge_.tree.absolute_root()})
      judge_.acknowledge({root, ""}, promised, call);
  }

  [[nodiscard]] std::vector<lint_finding> findings_so_far() {
    const std::lock_guard lock(mutex_);
    return judge_.findings;
  }
  [[nodiscard]] std::vector<lint_finding> findings() {
    std::vector<lint_finding> temps;
    std::vector<lint_finding> all;
    {
      const std::lock_guard lock(mutex_);
      all = judge_.findings;
      judge_.at_the_end(all, temps);
      for (const auto& [number, opened] : handles_) {
        all.push_back({lint_kind::handle_leaked, number, 0, opened.text, opened.path, opened.path + " is still open at the end",
                       "Close it, or let its handle go out of scope"});
      }
    }
    for (lint_finding& temp : temps) {
      if (is_there_(temp.path)) all.push_back(std::move(temp));
    }
    return all;
  }

 private:
  struct open_handle {
    std::string text;
    std::string path;
  };

  [[nodiscard]] lint_call made(std::string text) { return {++calls_, std::move(text)}; }
  [[nodiscard]] static bool is_name(const lint_place& at) noexcept { return at.dir != nullptr && !at.name.empty(); }
  [[nodiscard]] static const lint_entry* entry_of(const lint_place& at) {
    return at.dir == nullptr ? nullptr : &at.dir->entries[at.name];
  }
  [[nodiscard]] std::uint64_t handle(const lint_place& at, const lint_call& call) {
    handles_[call.number] = {call.text, judge_.tree.path_of(at)};
    return call.number;
  }

  std::mutex mutex_;
  lint_judge judge_;
  std::function<bool(const std::string&)> is_there_;
  std::uint64_t calls_ = 0;
  std::map<std::uint64_t, open_handle> handles_;  // by the call that opened them
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_LINT_LOG_HPP
