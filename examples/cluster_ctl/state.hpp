// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_CLUSTER_CTL_STATE_HPP
#define EXAMPLES_CLUSTER_CTL_STATE_HPP

// The state of a cluster, as lines of text, and graphs:
//
//   cluster 1                                         the format
//   applied 12                                        how often `apply` has been here
//   graph roads sha256:<hex>/<operation> roads-12     its name, its edges in the catalog, its root
//
// A graph's payload is its edges, sorted and each once. Under its root lie nodes (one in each line) and degrees ("node number").

#include <perdure/cluster/cluster_names.hpp>

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>

namespace cluster_ctl {

using perdure::bytes;
using perdure::code;
using perdure::failure;
using perdure::operation;
using perdure::payload_id;
using perdure::result;

inline std::string text_of(bytes of) { return {reinterpret_cast<const char*>(of.data()), of.size()}; }
inline std::string text_of(const payload_id& id) {
  std::byte buffer[payload_id::text_size_max];
  return text_of(to_text(id, buffer));
}

struct kept_graph {
  payload_id edges;
  std::string root;
};

struct state {
  unsigned long long applied = 0;
  std::map<std::string, kept_graph> graphs;

  [[nodiscard]] std::string text() const {
    std::string all = "cluster 1\napplied " + std::to_string(applied) + "\n";
    for (const auto& [name, graph] : graphs) all += "graph " + name + " " + text_of(graph.edges) + " " + graph.root + "\n";
    return all;
  }
  // Nothing is the first state; what text() does not write is corrupt.
  [[nodiscard]] static result<state> parse(const std::string& text) {
    state all;
    if (text.empty()) return all;
    const failure damaged(code::corrupt, operation::load);
    std::istringstream lines(text);
    std::string word;
    int format = 0;
    if (!(lines >> word >> format) || word != "cluster") return damaged;
    if (format > 1) return failure(code::version_unsupported, operation::load);
    if (!(lines >> word >> all.applied)) return damaged;
    for (std::string name, id, root; lines >> word >> name >> id >> root;) {
      const auto edges = perdure::parse_payload_id(id);
      if (!edges || !perdure::check_root_name(root)) return damaged;
      all.graphs[name] = {*edges, root};
    }
    return all.text() == text ? result<state>(all) : damaged;
  }
};

inline result<void> names_of(bytes text, perdure::cluster_name_visitor visitor) {
  const auto all = state::parse(text_of(text));
  if (!all) return all.error();
  for (const auto& [name, graph] : all->graphs) {
    PERDURE_TRY(visitor({.payload = graph.edges}));
    PERDURE_TRY(visitor({.root = graph.root}));
  }
  return {};
}

// An edge in each line; false where one is none.
inline bool parse_edges(const std::string& text, std::set<std::pair<std::string, std::string>>& edges) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string from, to, more;
    if (!(words >> from) || from[0] == '#') continue;
    if (!(words >> to) || words >> more) return false;
    edges.emplace(from, to);
  }
  return true;
}
struct graph_objects {
  std::string edges, nodes, degrees;
};
inline bool build_graph(const std::string& text, graph_objects& made) {
  std::set<std::pair<std::string, std::string>> edges;
  if (!parse_edges(text, edges)) return false;
  std::map<std::string, int> degree;
  for (const auto& [from, to] : edges) {
    made.edges += from + " " + to + "\n";
    ++degree[from];
    ++degree[to];
  }
  for (const auto& [node, number] : degree) {
    made.nodes += node + "\n";
    made.degrees += node + " " + std::to_string(number) + "\n";
  }
  return true;
}

}  // namespace cluster_ctl

#endif  // EXAMPLES_CLUSTER_CTL_STATE_HPP
