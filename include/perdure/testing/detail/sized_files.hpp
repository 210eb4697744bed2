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
};

struct sized_file {
  std::uint64_t fixed = 0;  // the hash of the pages that are certain
  std::vector<std::pair<std::size_t, disk_page>> certain;
  std::vector<open_page> open;
};

class sized_files {
 public:
  explicit sized_files(const effect_log& log) noexcept : log_(log) {}

  void begin_cut(const power_cut& cut) {
    cut_ = &cut;
    known_.clear();
  }

  // `count`: which version of its size the node has now.
  [[nodiscard]] const sized_file& of(inode file, disk_node& node, std::uint32_t count) {
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
    return sized;
  }

 private:
  static constexpr std::size_t unwritten_pages_max = 8;

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
    std::uint32_t not_torn = 0;
    for (const page_option& option : options) not_torn += option.torn ? 0U : 1U;
    const bool closed = id != no_chain && view.low == view.top;
    sized.open.push_back({index, closed ? no_chain : id, std::move(options), not_torn});
  }

  const effect_log& log_;
  const power_cut* cut_ = nullptr;
  std::map<std::pair<inode, std::uint32_t>, sized_file> known_;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_SIZED_FILES_HPP
