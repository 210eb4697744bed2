// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_DISK_TEXT_HPP
#define PERDURE_TESTING_DETAIL_DISK_TEXT_HPP

// A disk and its bytes, for people: short, whatever is on it.

#include <string>

#include <perdure/testing/detail/disk_quoted.hpp>
#include <perdure/testing/detail/disk_tree.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// One line for each name, in their order, directories with what is in them.
class disk_text {
 public:
  explicit disk_text(const disk_tree& tree) : tree_(tree), shown_(tree.count()) {}

  [[nodiscard]] std::string of(inode directory, const std::string& indent) {
    const disk_node& node = tree_[directory];
    std::string all;
    if (shown_[directory]) return indent + "(shown above)\n";
    shown_[directory] = true;
    for (const std::uint32_t index : node.sorted) {
      const disk_entry& entry = node.entries[index];
      if (entry.target == 0) continue;
      const bool is_directory = tree_[entry.target].kind == file_kind::directory;
      all += indent + one_line(entry.name) + (is_directory ? "/" : "  " + told(tree_[entry.target])) + "\n";
      if (is_directory) all += of(entry.target, indent + "  ");
    }
    return all.empty() ? indent + "(nothing)\n" : all;
  }

 private:
  static constexpr std::size_t shown_bytes_max = 1 << 16;

  [[nodiscard]] static std::string told(const disk_node& node) {
    if (node.dangling) return "(an entry without a file: reading it fails)";
    if (node.kind == file_kind::link) return "-> " + one_line(node.target);
    std::string content(node.size < shown_bytes_max ? static_cast<std::size_t>(node.size) : shown_bytes_max, '\0');
    for (std::size_t at = 0; at < content.size(); at += page_size) {
      const std::size_t count = content.size() - at < page_size ? content.size() - at : page_size;
      if (at / page_size < node.pages.size())
        node.pages[at / page_size].read(0, reinterpret_cast<std::byte*>(&content[at]), count);
    }
    return with_commas(node.size) + (node.size == 1 ? " byte  " : " bytes  ") + detail::quoted(content);
  }

  const disk_tree& tree_;
  std::vector<bool> shown_;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_DISK_TEXT_HPP
