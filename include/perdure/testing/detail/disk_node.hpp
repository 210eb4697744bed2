// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_DISK_NODE_HPP
#define PERDURE_TESTING_DETAIL_DISK_NODE_HPP

// disk_node: a file, directory or link as one moment shows it, and which chains of the effect_log say what else it may be.

#include <string>
#include <vector>

#include <perdure/testing/detail/effect_log.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// A name that a directory has, had, or may have.
struct disk_entry {
  std::string name;
  std::uint64_t name_hash = 0;
  inode target = 0;  // 0: not there
  chain_id pending = no_chain;
};

struct disk_node {
  file_kind kind = file_kind::file;
  bool removed = false;                     // a directory without a name: nothing can be created in it any more
  bool dangling = false;                    // it was lost, its name was not
  std::uint32_t exclusive_lock = 0;         // which process holds it; 0: none
  std::vector<std::uint32_t> shared_locks;  // one for each handle that holds one: of which process
  inode parent = 0;                         // of a directory
  attributes about;
  std::map<std::string, std::string> xattrs;
  std::string target;  // of a link

  std::uint64_t size = 0;
  std::vector<disk_page> pages;
  chain_id size_pending = no_chain;
  chain_id presence_pending = no_chain;
  chain_id attributes_pending[attribute_kinds] = {no_chain, no_chain, no_chain, no_chain};
  std::vector<chain_id> pages_pending;
  static constexpr std::uint8_t no_bit = 255;
  std::uint8_t far_pages_bit = no_bit;  // which bit says that one of the later pages was read

  std::vector<disk_entry> entries;    // in the order in which they were first made
  std::vector<std::uint32_t> sorted;  // the same, by name

  [[nodiscard]] chain_id page_pending(std::size_t page) const noexcept {
    return page < pages_pending.size() ? pages_pending[page] : no_chain;
  }

  [[nodiscard]] const disk_entry* find(path_view name) const noexcept {
    const std::size_t at = place_of(name);
    return at < sorted.size() && path_view(entries[sorted[at]].name) == name ? &entries[sorted[at]] : nullptr;
  }
  [[nodiscard]] disk_entry& entry(path_view name) {
    const std::size_t at = place_of(name);
    if (at < sorted.size() && path_view(entries[sorted[at]].name) == name) return entries[sorted[at]];
    sorted.insert(sorted.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::uint32_t>(entries.size()));
    disk_entry& fresh = entries.emplace_back();
    fresh.name.assign(name.data(), name.size());
    fresh.name_hash = hash_of(name.data(), name.size());
    return fresh;
  }

 private:
  [[nodiscard]] std::size_t place_of(path_view name) const noexcept {
    std::size_t from = 0;
    std::size_t to = sorted.size();
    while (from < to) {
      const std::size_t middle = (from + to) / 2;
      const std::string& other = entries[sorted[middle]].name;
      const std::size_t common = other.size() < name.size() ? other.size() : name.size();
      const int order = common == 0 ? 0 : std::memcmp(other.data(), name.data(), common);
      if (order < 0 || (order == 0 && other.size() < name.size())) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_DISK_NODE_HPP
