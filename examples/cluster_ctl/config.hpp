// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_CLUSTER_CTL_CONFIG_HPP
#define EXAMPLES_CLUSTER_CTL_CONFIG_HPP

// cluster.yaml, which people write, and this program only reads. Of YAML it is this much, and all else is refused with its line:
//
//   # a comment; an empty line
//   storage: file:///srv/cluster      where everything is stored; without it, in the directory of this file
//   approval: required                apply wants an approval of its plan; without it: none
//   graphs:
//     roads: roads.txt                a graph, and its file, relative to this one: an edge "from to" in each line
//     social: imported                what `import social FILE` has put
//
// At most 64 KiB, and 1,000 graphs. A name of a graph has up to 60 small letters, digits and '_'.

#include <perdure/core/describe.hpp>
#include <perdure/fs/read_file.hpp>

#include <cstddef>
#include <map>
#include <string>

namespace cluster_ctl {

struct config {
  std::string storage;
  bool wants_approval = false;
  std::map<std::string, std::string> graphs;  // each with its file; empty where it is imported
};

inline bool is_graph_name(const std::string& name) {
  bool is_one = !name.empty() && name.size() <= 60;
  for (const char c : name) is_one = is_one && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
  return is_one;
}

// What is wrong, with its line; empty where nothing is.
inline std::string parse_config(const std::string& text, config& into) {
  bool in_graphs = false;
  int number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    std::string line = text.substr(at, end - at);
    at = end == std::string::npos ? text.size() : end + 1;
    const std::string where = "cluster.yaml, line " + std::to_string(++number) + ": ";
    const std::size_t comment = line[0] == '#' ? 0 : line.find(" #");
    if (comment != std::string::npos) line.resize(comment);
    line.resize(line.find_last_not_of(" \r") + 1);
    if (line.empty()) continue;
    const std::size_t indent = line.find_first_not_of(' ');
    const std::size_t colon = line.find(": ", indent);
    const bool is_bare = colon == std::string::npos && line.back() == ':';
    if (!is_bare && colon == std::string::npos) return where + "a key, ':' and a value are missing";
    const std::string key = line.substr(indent, (is_bare ? line.size() - 1 : colon) - indent);
    const std::size_t begin = is_bare ? std::string::npos : line.find_first_not_of(' ', colon + 1);
    const std::string value = begin == std::string::npos ? "" : line.substr(begin);
    if (value.find_first_of("\"'{}[]&*|>\t") != std::string::npos) return where + "only plain values are understood";
    if (indent != 0) {
      if (!in_graphs || indent != 2) return where + "it belongs to nothing";
      if (!is_graph_name(key)) return where + "a graph has small letters, digits and '_'";
      if (value.empty()) return where + "a graph has a file, or is 'imported'";
      if (into.graphs.size() == 1000) return where + "there are more than 1,000 graphs";
      if (!into.graphs.emplace(key, value == "imported" ? "" : value).second) return where + "this graph is there twice";
      continue;
    }
    in_graphs = key == "graphs";
    if (key == "storage" && !value.empty()) {
      into.storage = value;
    } else if (key == "approval" && (value == "required" || value == "none")) {
      into.wants_approval = value == "required";
    } else if (!in_graphs || !is_bare) {
      return where + "it is none of storage, approval: required or none, and graphs:";
    }
  }
  return "";
}

inline std::string read_config(const std::string& path, config& into) {
  std::string text;
  const auto read = perdure::read_file(path, text, 65536);
  if (!read) return std::string(describe(read.error()));
  return parse_config(text, into);
}

}  // namespace cluster_ctl

#endif  // EXAMPLES_CLUSTER_CTL_CONFIG_HPP
