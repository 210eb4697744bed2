// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_RIGS_POWERCUT_TREE_HPP
#define TESTS_RIGS_POWERCUT_TREE_HPP

// tree: all that can be seen on a file system: names, kinds, modes and contents, by the same code in the lab and on a disk.

#include <map>
#include <string>
#include <vector>

#include <perdure/fs/fs.hpp>
#include <perdure/fs/fs_optional.hpp>
#include <perdure/testing/read_text.hpp>

namespace powercut {

using namespace perdure;
using namespace perdure::testing;

struct seen_file {
  file_kind kind = file_kind::unknown;
  permissions mode = 0;
  std::string content;
  friend bool operator==(const seen_file&, const seen_file&) = default;
};
using tree = std::map<std::string, seen_file>;

// What the rig itself, or mkfs, put there.
inline constexpr const char* noise_name = ".noise";
[[nodiscard]] inline bool is_ours(const std::string& path) { return path == noise_name || path == "lost+found"; }

template <Fs F>
void look_into(F& fs, const std::string& directory, tree& all) {
  std::vector<std::string> names;
  const auto listed = fs.for_each_entry(directory.empty() ? "." : directory, [&](const dir_entry& entry) {
    names.emplace_back(entry.name.data(), entry.name.size());
    return visit::go_on;
  });
  if (!listed) all[directory].kind = file_kind::unknown;
  for (const std::string& name : names) {
    const std::string path = directory.empty() ? name : directory + "/" + name;
    if (is_ours(path)) continue;
    seen_file& is = all[path];
    const auto info = stat_link(fs, path);
    if (!info) continue;
    is.kind = info->kind;
    if (is.kind == file_kind::directory) look_into(fs, path, all);
    if (is.kind != file_kind::file) continue;
    const auto text = read_text(fs, path);
    auto open = fs.open(path, {});
    if (!text || !open) {
      is.kind = file_kind::unknown;
      continue;
    }
    is.content = *text;
    is.mode = get_attributes(*open).value_or(attributes{}).mode;
  }
}
template <Fs F>
[[nodiscard]] tree tree_of(F& fs) {
  tree all;
  look_into(fs, "", all);
  return all;
}

// "aaaaaaaa\0\0" is told as a*8 and two zeros: contents are few letters, many times.
[[nodiscard]] inline std::string runs_of(const std::string& content) {
  std::string all;
  for (std::size_t at = 0; at < content.size();) {
    std::size_t run = 1;
    while (at + run < content.size() && content[at + run] == content[at]) ++run;
    const std::string letter = content[at] == '\0' ? "\\0" : std::string(1, content[at]);
    all += run > 3 ? "[" + letter + "*" + std::to_string(run) + "]" : "";
    for (std::size_t i = 0; run <= 3 && i < run; ++i) all += letter;
    at += run;
  }
  return all;
}
[[nodiscard]] inline std::string text_of(const tree& all) {
  std::string text;
  for (const auto& [path, is] : all) {
    text += path;
    if (is.kind == file_kind::file) {
      char mode[16];
      std::snprintf(mode, sizeof mode, " %o ", is.mode);
      text += mode + ("\"" + runs_of(is.content) + "\"");
    } else {
      text += is.kind == file_kind::directory ? "/" : is.kind == file_kind::link ? " -> " : " UNREADABLE";
    }
    text += "\n";
  }
  return text;
}

}  // namespace powercut

#endif  // TESTS_RIGS_POWERCUT_TREE_HPP
