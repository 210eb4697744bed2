// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_DISK_TREE_HPP
#define PERDURE_TESTING_DETAIL_DISK_TREE_HPP

// disk_tree: the nodes of a crash_fs and how a path finds one. It notes which chains it looked at: states that differ only in
// others are the same to whoever asked.

#include <string>
#include <vector>

#include <perdure/testing/detail/disk_node.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

inline constexpr inode root_inode = 1;

// Where a path leads: the directory that holds its last component, that component, and what it names, if anything.
struct disk_place {
  inode parent = 0;
  path_view name;  // empty where the path names a directory by "/", "." or ".."
  inode node = 0;
  bool as_directory = false;  // the path ends in '/', "." or "..": only a directory will do
};

class disk_tree {
 public:
  disk_tree() : nodes_(2) {
    nodes_[root_inode].kind = file_kind::directory;
    nodes_[root_inode].parent = root_inode;
    nodes_[root_inode].about.mode = 0777;
  }

  [[nodiscard]] disk_node& operator[](inode number) noexcept { return nodes_[number]; }
  [[nodiscard]] const disk_node& operator[](inode number) const noexcept { return nodes_[number]; }
  [[nodiscard]] inode count() const noexcept { return static_cast<inode>(nodes_.size()); }

  [[nodiscard]] inode make(file_kind kind, permissions mode, inode parent, std::int64_t now_ns) {
    disk_node& fresh = nodes_.emplace_back();
    fresh.kind = kind;
    fresh.parent = parent;
    fresh.about.mode = mode;
    fresh.about.modified_ns = kind == file_kind::file ? now_ns : time_unknown;
    return static_cast<inode>(nodes_.size() - 1);
  }

  // `room` keeps the name alive where the path went through a link.
  [[nodiscard]] result<disk_place> find(inode start, path_view path, links links, enum operation operation,
                                        std::string& room) const {
    if (path.empty() || std::memchr(path.data(), '\0', path.size()) != nullptr)
      return no(code::invalid_argument, operation, path);
    if (path.size() > path_size_max) return no(code::too_large, operation, path);
    path_view rest = path;
    disk_place at;
    at.node = rest[0] == '/' ? root_inode : start;
    int links_left = links_max;
    while (true) {
      std::size_t skip = 0;
      while (skip < rest.size() && rest[skip] == '/') ++skip;
      rest = rest.from(skip);
      if (rest.empty()) break;
      std::size_t end = 0;
      while (end < rest.size() && rest[end] != '/') ++end;
      const path_view name = rest.first(end);
      rest = rest.from(end);
      if (at.node == 0) return no(code::not_found, operation, path);
      const disk_node& here = nodes_[at.node];
      if (here.dangling) return no(code::io, operation, path);
      if (here.kind != file_kind::directory) return no(code::not_a_directory, operation, path);
      if (name.size() > name_size_max) return no(code::too_large, operation, path);
      if (name == path_view(".") || name == path_view("..")) {
        if (here.removed) return no(code::not_found, operation, path);
        if (name.size() == 2) at.node = here.parent;
        at.name = path_view();
        at.as_directory = true;
        continue;
      }
      const inode next = look_up(here, name);
      const bool slash_after = !rest.empty();
      std::size_t beyond = 0;
      while (beyond < rest.size() && rest[beyond] == '/') ++beyond;
      const bool is_last = beyond == rest.size();
      if (next != 0 && nodes_[next].kind == file_kind::link &&
          (!is_last || (slash_after && !perdure::detail::takes_the_name(operation)) || links == links::follow)) {
        if (links_left-- == 0) return no(code::invalid_argument, operation, path);
        std::string longer = nodes_[next].target;
        longer.append(rest.data(), rest.size());
        room = std::move(longer);
        rest = path_view(room);
        if (rest[0] == '/') at.node = root_inode;
        at.name = path_view();
        at.as_directory = false;
        continue;
      }
      at.parent = at.node;
      at.name = name;
      at.node = next;
      at.as_directory = slash_after;
    }
    if (at.node != 0 && nodes_[at.node].dangling && operation != operation::remove) return no(code::io, operation, path);
    if (at.node != 0 && at.as_directory && nodes_[at.node].kind != file_kind::directory)
      return no(code::not_a_directory, operation, path);
    return at;
  }

  // The same files, with nothing pending.
  [[nodiscard]] disk_tree settled() const {
    disk_tree copy = *this;
    copy.bits_.clear();
    copy.bits_given_ = 0;
    copy.forget_behind_ends();
    for (disk_node& node : copy.nodes_) {
      node.size_pending = node.presence_pending = no_chain;
      for (chain_id& id : node.attributes_pending) id = no_chain;
      node.pages_pending.clear();
      node.far_pages_bit = disk_node::no_bit;
      for (disk_entry& entry : node.entries) entry.pending = no_chain;
    }
    return copy;
  }

  // What a page holds behind the end of its file is of no state, and comes back in none when the file grows again.
  void forget_behind_ends() {
    for (disk_node& node : nodes_) {
      const std::uint64_t whole = node.size / page_size;
      if (whole >= node.pages.size()) continue;
      const auto last = static_cast<std::size_t>(whole);
      node.pages[last].cut(static_cast<std::size_t>(node.size % page_size));
      for (std::size_t page = last + 1; page < node.pages.size(); ++page) node.pages[page].cut(0);
    }
  }

  [[nodiscard]] bool is_empty(inode directory) const noexcept {
    bool empty = true;
    for (const disk_entry& one : nodes_[directory].entries) {
      looked_at(one.pending);
      empty = empty && one.target == 0;
    }
    return empty;
  }
  [[nodiscard]] bool is_within(inode node, inode directory) const noexcept {
    for (inode left = count(); left > 0 && node != 0; --left) {
      if (node == directory) return true;
      if (node == root_inode) return false;
      node = nodes_[node].parent;
    }
    return false;
  }

  [[nodiscard]] static failure no(enum code code, enum operation operation, path_view path) noexcept {
    return failure(code, operation).about({path.data(), path.size()});
  }

  void looked_at(chain_id id) const noexcept { reads_ |= id == no_chain ? 0 : bit_of(id); }
  // Those of every process that ran on it.
  void free_locks() noexcept {
    for (inode i = root_inode; i < count(); ++i) (*this)[i].exclusive_lock = 0, (*this)[i].shared_locks.clear();
  }
  void free_locks_of(std::uint32_t process) {
    for (inode i = root_inode; i < count(); ++i) {
      disk_node& node = (*this)[i];
      if (node.exclusive_lock == process) node.exclusive_lock = 0;
      std::erase(node.shared_locks, process);
    }
  }
  void looked_at_bits(std::uint64_t reads) const noexcept { reads_ |= reads; }
  // What they would be if all of it was read.
  [[nodiscard]] std::uint64_t all_reads() const noexcept {
    return bits_given_ >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits_given_) - 1;
  }
  [[nodiscard]] std::uint64_t take_reads() const noexcept { return std::exchange(reads_, 0); }
  // 64 bits for any number of chains: one that shares its bit counts as read when the other was. The pages of a large file share
  // one, for who reads one of them reads them all.
  [[nodiscard]] std::uint64_t bit_of(chain_id id) const noexcept { return std::uint64_t{1} << bits_[id]; }
  void begin_chain(chain_kind kind, inode owner, std::uint32_t index) {
    if (kind != chain_kind::page || index < near_pages) return bits_.push_back(next_bit());
    std::uint8_t& shared = nodes_[owner].far_pages_bit;
    if (shared == disk_node::no_bit) shared = next_bit();
    bits_.push_back(shared);
  }

 private:
  static constexpr std::size_t path_size_max = 4095;
  static constexpr std::size_t name_size_max = 255;
  static constexpr int links_max = 40;
  static constexpr std::uint32_t near_pages = 4;

  [[nodiscard]] std::uint8_t next_bit() noexcept { return static_cast<std::uint8_t>(bits_given_++ % 64); }

  [[nodiscard]] inode look_up(const disk_node& directory, path_view name) const noexcept {
    const disk_entry* const found = directory.find(name);
    if (found == nullptr) return 0;
    looked_at(found->pending);
    if (found->target != 0) looked_at(nodes_[found->target].presence_pending);
    return found->target;
  }

  std::vector<disk_node> nodes_;
  std::vector<std::uint8_t> bits_;  // of each chain
  std::uint32_t bits_given_ = 0;
  mutable std::uint64_t reads_ = 0;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_DISK_TREE_HPP
