// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_DISK_TEXT_HPP
#define PERDURE_TESTING_DETAIL_DISK_TEXT_HPP

// A disk and its bytes, for people: short, whatever is on it.

#include <string>

#include <perdure/testing/detail/disk_tree.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

[[nodiscard]] inline std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

// "text" x 3 where a byte comes often, \xee where it is none to print; the end is left out where it is long.
[[nodiscard]] inline std::string quoted(const std::string& bytes) {
  constexpr std::size_t run_min = 8;
  constexpr std::size_t shown_max = 60;
  const auto spelled = [](char byte) -> std::string {
    const auto value = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\') return std::string("\\") + byte;
    if (byte == '\n') return "\\n";
    if (value >= 0x20 && value < 0x7f) return std::string(1, byte);
    const char* const hex = "0123456789abcdef";
    return std::string("\\x") + hex[value >> 4] + hex[value & 15];
  };
  std::string all;
  std::string open;
  const auto close = [&] {
    if (!open.empty()) all += (all.empty() ? "\"" : " \"") + open + "\"";
    open.clear();
  };
  for (std::size_t at = 0; at < bytes.size();) {
    if (all.size() + open.size() > shown_max) {
      close();
      return all + " and " + with_commas(bytes.size() - at) + " more bytes";
    }
    std::size_t run = 1;
    while (at + run < bytes.size() && bytes[at + run] == bytes[at]) ++run;
    if (run >= run_min) {
      close();
      all += (all.empty() ? "\"" : " \"") + spelled(bytes[at]) + "\" x " + with_commas(run);
      at += run;
    } else {
      open += spelled(bytes[at++]);
    }
  }
  close();
  return all.empty() ? "\"\"" : all;
}

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
      all += indent + entry.name + (is_directory ? "/" : "  " + told(tree_[entry.target])) + "\n";
      if (is_directory) all += of(entry.target, indent + "  ");
    }
    return all.empty() ? indent + "(nothing)\n" : all;
  }

 private:
  static constexpr std::size_t shown_bytes_max = 1 << 16;

  [[nodiscard]] static std::string told(const disk_node& node) {
    if (node.dangling) return "(an entry without a file: reading it fails)";
    if (node.kind == file_kind::link) return "-> " + node.target;
    std::string content(node.size < shown_bytes_max ? static_cast<std::size_t>(node.size) : shown_bytes_max, '\0');
    for (std::size_t at = 0; at < content.size(); at += page_size) {
      const std::size_t count = content.size() - at < page_size ? content.size() - at : page_size;
      if (at / page_size < node.pages.size())
        node.pages[at / page_size].read(0, reinterpret_cast<std::byte*>(&content[at]), count);
    }
    return with_commas(node.size) + (node.size == 1 ? " byte  " : " bytes  ") + quoted(content);
  }

  const disk_tree& tree_;
  std::vector<bool> shown_;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_DISK_TEXT_HPP
