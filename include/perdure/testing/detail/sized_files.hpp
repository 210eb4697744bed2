// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_SIZED_FILES_HPP
#define PERDURE_TESTING_DETAIL_SIZED_FILES_HPP

// sized_files: of each file that a disk may show, with each of its sizes, which pages are certain, and what each of the others
// may hold. Worked out once for a cut: every state that shows this file in this size takes it from here.

#include <map>
#include <utility>
#include <vector>

#include <perdure/testing/detail/disk_node.hpp>
#include <perdure/testing/detail/page_options.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

struct open_page {
  std::size_t index;
  chain_id id;  // no_chain where only bytes that nobody wrote are open
  std::vector<page_option> options;
  std::uint32_t whole;  // how many of them are not torn
  struct other {
    std::size_t index;
    disk_page ways[2];
  };
  std::vector<other> others = {};  // that hold nothing that was written, either, and go along with it

  void show(const page_option& option, disk_node& in) const {
    in.pages[index] = option.page;
    for (const other& one : others) in.pages[one.index] = one.ways[option.garbage ? 1 : 0];
  }
};

struct sized_file {
  std::uint64_t fixed = 0;  // the hash of the pages that are certain
  std::vector<std::pair<std::size_t, disk_page>> certain;
  std::vector<open_page> open;
  bool merged = false;  // some of them go along with another
};

[[nodiscard]] inline std::uint64_t hash_of_attributes(const disk_node& node) {
  std::uint64_t all = mixed(node.about.mode, std::uint64_t{node.about.user} << 32 | node.about.group);
  if (node.attributes_pending[2] != no_chain) all = mixed(all, static_cast<std::uint64_t>(node.about.modified_ns));
  for (const auto& [name, value] : node.xattrs)
    all = mixed(all, hash_of(name.data(), name.size()) ^ mixed(hash_of(value.data(), value.size())));
  return node.target.empty() ? all : mixed(all, hash_of(node.target.data(), node.target.size()));
}

class sized_files {
 public:
  explicit sized_files(const effect_log& log) noexcept : log_(log) {}

  void begin_cut(const power_cut& cut) {
    cut_ = &cut;
    known_.clear();
  }

  // `count`: which version of its size the node has now.
  [[nodiscard]] const sized_file& of(inode file, disk_node& node, std::uint32_t count, std::size_t mixed_max) {
    const auto [where, is_new] = known_.try_emplace({file, count});
    sized_file& sized = where->second;
    if (!is_new) return sized;
    const chain_id sizes = node.size_pending;
    const std::uint64_t settled = sizes == no_chain ? node.size : log_.chains()[sizes].versions[count].settled_at(cut_->op);
    const std::uint64_t whole = node.size / page_size + (node.size % page_size != 0 ? 1 : 0);
    const std::size_t written = node.pages_pending.size() > node.pages.size() ? node.pages_pending.size() : node.pages.size();
    const std::size_t some = written + (log_.rules().garbage ? unwritten_pages_max : 0);
    const std::size_t last = whole < some ? static_cast<std::size_t>(whole) : some;
    if (node.pages.size() < last && settled < node.size) node.pages.resize(last);
    for (std::size_t index = 0; index < last && index < node.pages.size(); ++index) add_page(sized, node, index, settled);
    if (sized.open.size() > mixed_max) merge_unwritten(sized);
    return sized;
  }

 private:
  static constexpr std::size_t unwritten_pages_max = 8;

  // Of many pages, all those that nobody wrote are zeros, or all garbage.
  static void merge_unwritten(sized_file& sized) {
    std::vector<open_page> all;
    all.swap(sized.open);
    std::size_t first = SIZE_MAX;
    for (open_page& one : all) {
      const bool unwritten = one.id == no_chain && one.options.size() == 2;
      if (!unwritten || first == SIZE_MAX) {
        if (unwritten) first = sized.open.size();
        sized.open.push_back(std::move(one));
        continue;
      }
      open_page& with = sized.open[first];
      for (std::size_t way = 0; way < 2; ++way) with.options[way].hash ^= one.options[way].hash;
      with.others.push_back({one.index, {one.options[0].page, one.options[1].page}});
      sized.merged = true;
    }
  }

  void add_page(sized_file& sized, const disk_node& node, std::size_t index, std::uint64_t settled) {
    const std::uint64_t start = std::uint64_t{index} * page_size;
    const auto within = [&](std::uint64_t at) {
      const std::uint64_t inside = at > start ? at - start : 0;
      return static_cast<std::size_t>(inside < page_size ? inside : page_size);
    };
    const chain_id id = node.page_pending(index);
    page_view view;
    view.visible = within(node.size);
    view.settled = within(settled);
    if (id != no_chain) {
      view.low = id < cut_->durable.size() ? cut_->durable[id] : 0;
      view.top = id < cut_->tops.size() ? cut_->tops[id] : 0;
    }
    page_options make(log_.rules(), view, id != no_chain && log_.chains()[id].entangled);
    // What a page without a chain of its own holds was there when the recording began, or was never written.
    std::vector<page_option> options = id != no_chain ? make.of(log_.chains()[id].versions) : make.of(node.pages[index]);
    if (options.size() == 1) {
      sized.fixed ^= mixed(options[0].hash, index + 1);
      if (id != no_chain) sized.certain.emplace_back(index, options[0].page);
      return;
    }
    if (options.size() == 2 && options[0].page.size() == 0 && options[1].page.size() == page_size) {
      // There may be very many of these.
      if (options[1].hash == garbage_.hash(page_size)) options[1].page = garbage_;
      garbage_ = options[1].page;
    }
    for (page_option& option : options) option.hash = mixed(option.hash, index + 1);
    std::uint32_t not_torn = 0;
    for (const page_option& option : options) not_torn += option.torn ? 0U : 1U;
    const bool closed = id != no_chain && view.low == view.top;
    sized.open.push_back({index, closed ? no_chain : id, std::move(options), not_torn});
  }

  const effect_log& log_;
  const power_cut* cut_ = nullptr;
  std::map<std::pair<inode, std::uint32_t>, sized_file> known_;
  disk_page garbage_;  // the last whole page of it
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_SIZED_FILES_HPP
