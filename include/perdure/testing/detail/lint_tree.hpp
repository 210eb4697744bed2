// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_LINT_TREE_HPP
#define PERDURE_TESTING_DETAIL_LINT_TREE_HPP

// lint_tree: the files and names that durability_lint has heard of, and what of each is not known to be durable. What was there
// before is taken for durable.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <perdure/fs/fs_types.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// A call that was made; none where its number is 0.
struct lint_call {
  std::uint64_t number = 0;
  std::string text;
  [[nodiscard]] explicit operator bool() const noexcept { return number != 0; }
  [[nodiscard]] std::string told() const { return "operation " + std::to_string(number) + " (" + text + ")"; }
};

// Bytes of a file.
class lint_ranges {
 public:
  [[nodiscard]] bool empty() const noexcept { return ends_.empty(); }
  void clear() noexcept { ends_.clear(); }
  void add(std::uint64_t begin, std::uint64_t end) {
    if (begin >= end) return;
    auto at = ends_.upper_bound(begin);
    if (at != ends_.begin() && std::prev(at)->second >= begin) --at;
    while (at != ends_.end() && at->first <= end) {
      begin = at->first < begin ? at->first : begin;
      end = at->second > end ? at->second : end;
      at = ends_.erase(at);
    }
    ends_[begin] = end;
  }
  void add(const lint_ranges& other) {
    for (const auto& [begin, end] : other.ends_) add(begin, end);
  }
  void subtract(std::uint64_t begin, std::uint64_t end) {
    const lint_ranges had = *this;
    ends_.clear();
    for (const auto& [from, to] : had.ends_) {
      add(from, to < begin ? to : begin);
      add(from > end ? from : end, to);
    }
  }

 private:
  std::map<std::uint64_t, std::uint64_t> ends_;  // by where they begin
};

struct lint_node;

struct lint_entry {
  std::shared_ptr<lint_node> node;  // none: the name was taken away, or was never looked for
  bool known = false;
  lint_call made_here;
  bool removal_failed = false;
  lint_call changed;  // by this, and not synced since
  lint_call failed;   // the sync after which nobody can tell
  bool ever = false;  // something was there at some time
};

struct lint_node {
  bool looked = false;   // is it a symbolic link?
  std::string leads_to;  // where it is
  std::weak_ptr<lint_node> parent;
  std::string name;
  int names = 0;

  std::map<std::string, lint_entry> entries;

  lint_ranges unsynced;
  lint_call first_write;         // the oldest of those that are unsynced
  std::uint64_t last_write = 0;  // and the newest
  std::uint64_t barrier = 0;     // the last sync(order)
  std::uint64_t refused = 0;     // the last sync that was `unsupported`
  lint_call dressed;             // attributes were set, and not synced since
  lint_ranges lost;              // what was unsynced when a sync failed
  lint_call failed_sync;
  lint_call published;
  lint_call late_write;  // after that, and not synced since
};

using lint_node_ref = std::shared_ptr<lint_node>;

// A name in a directory, or, with an empty name, the directory itself. Without a directory: nothing that could be found.
struct lint_place {
  lint_node_ref dir;
  std::string name;
};

class lint_tree {
 public:
  [[nodiscard]] const lint_node_ref& relative_root() const noexcept { return relative_; }
  [[nodiscard]] const lint_node_ref& absolute_root() const noexcept { return absolute_; }

  struct found {
    lint_place at;
    std::string look_first;  // this path has to be looked up before the walk can go on, and note() told; at is then what it names
  };

  // Components are separated by '/'.
  [[nodiscard]] found walk(const lint_node_ref& start, const std::string& path, links last) const {
    std::deque<std::string> rest = components(path);
    const bool from_root = !path.empty() && path[0] == '/';
    lint_node_ref at = from_root ? absolute_ : start;
    std::string spelled = from_root ? "/" : "";
    for (int links_left = 40; !rest.empty();) {
      const std::string name = rest.front();
      rest.pop_front();
      if (name == "..") {
        const auto up = at->parent.lock();
        at = up != nullptr ? up : at == absolute_ ? at : child(at, name).node;
        spelled = joined(spelled, name);
        continue;
      }
      if (rest.empty() && last == links::refuse) return {{at, name}, ""};
      const std::string next = joined(spelled, name);
      lint_entry& entry = at->entries[name];
      if (!entry.known || (entry.node != nullptr && !entry.node->looked)) return {{at, name}, next};
      if (entry.node == nullptr) return {rest.empty() ? lint_place{at, name} : lint_place{}, ""};
      if (!entry.node->leads_to.empty()) {
        if (--links_left == 0) return {};
        const std::string& target = entry.node->leads_to;
        const auto first = components(target);
        rest.insert(rest.begin(), first.begin(), first.end());
        if (target[0] == '/') at = absolute_, spelled = "/";
        continue;
      }
      if (rest.empty()) return {{at, name}, ""};
      at = entry.node;
      spelled = next;
    }
    return {{at, ""}, ""};
  }

  // What was found under a path that had to be looked up: nothing, a symbolic link, or something else.
  void note(const lint_place& place, bool is_there, const std::string& leads_to) const {
    lint_entry& entry = place.dir->entries[place.name];
    const bool unheard_of = !entry.known;
    entry.known = true;
    if (entry.node == nullptr && unheard_of && is_there) (void)child(place.dir, place.name);
    if (entry.node == nullptr) return;
    entry.node->looked = true;
    entry.node->leads_to = leads_to;
  }

  // The entry of a name that is there, whether it was heard of before or not.
  static lint_entry& child(const lint_node_ref& dir, const std::string& name) {
    lint_entry& entry = dir->entries[name];
    entry.ever = true;
    if (entry.node == nullptr) {
      entry.node = std::make_shared<lint_node>();
      entry.node->looked = name == "..";
      take(entry.node, dir, name);
    }
    entry.known = true;
    return entry;
  }
  // It is called by this name from now on, too.
  static void take(const lint_node_ref& node, const lint_node_ref& dir, const std::string& name) {
    node->parent = dir;
    node->name = name;
    ++node->names;
  }

  [[nodiscard]] std::string path_of(const lint_node_ref& node) const {
    if (node == relative_) return ".";
    if (node == absolute_) return "/";
    const auto up = node->parent.lock();
    return up == nullptr ? node->name : path_of(lint_place{up, node->name});
  }
  [[nodiscard]] std::string path_of(const lint_place& place) const {
    if (place.dir == nullptr) return "?";
    const std::string dir = path_of(place.dir);
    return place.name.empty() ? dir : joined(dir == "." ? "" : dir, place.name);
  }

 private:
  [[nodiscard]] static std::deque<std::string> components(const std::string& path) {
    std::deque<std::string> all;
    for (std::size_t begin = 0; begin < path.size();) {
      const std::size_t end = path.find('/', begin) == std::string::npos ? path.size() : path.find('/', begin);
      if (end != begin && path.compare(begin, end - begin, ".") != 0) all.push_back(path.substr(begin, end - begin));
      begin = end + 1;
    }
    return all;
  }
  [[nodiscard]] static std::string joined(const std::string& dir, const std::string& name) {
    return dir.empty() ? name : dir.back() == '/' ? dir + name : dir + "/" + name;
  }

  lint_node_ref relative_ = std::make_shared<lint_node>();
  lint_node_ref absolute_ = std::make_shared<lint_node>();
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_LINT_TREE_HPP
