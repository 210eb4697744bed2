// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_CLUSTERS_HPP
#define PERDURE_TESTS_SUPPORT_CLUSTERS_HPP

// A cluster whose state is lines of text: "note ...", "payload sha256:.../7", "root social-7"; and a command that changes it.

#include <perdure/cluster/cluster_store.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace tests {

using namespace perdure;

inline std::vector<std::string> lines_of(bytes state) {
  std::vector<std::string> all(1);
  for (const std::byte one : state)
    static_cast<char>(one) == '\n' ? all.push_back({}) : all.back().push_back(static_cast<char>(one));
  all.pop_back();
  return all;
}
inline result<void> names_of(bytes state, cluster_name_visitor visitor) {
  for (const std::string& line : lines_of(state)) {
    if (line.compare(0, 8, "payload ") == 0) {
      const auto id = parse_payload_id(line.substr(8));
      if (!id) return failure(code::corrupt, operation::load);
      PERDURE_TRY(visitor({.payload = *id}));
    } else if (line.compare(0, 5, "root ") == 0) {
      PERDURE_TRY(visitor({.root = std::string_view(line).substr(5)}));
    } else if (line.compare(0, 5, "note ") != 0) {
      return failure(code::corrupt, operation::load);
    }
  }
  return {};
}
inline std::string text_of(const payload_id& id) {
  std::byte buffer[payload_id::text_size_max];
  const bytes text = to_text(id, buffer);
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}

// To be told: a note, payloads by their text, and one root with one object.
struct wanted {
  std::string note;
  std::vector<std::string> payloads = {};
  std::string root = {};
};

template <Store S>
lock_claim claim_of(S& store, std::string_view name = "test") {
  return {.id = lock_id::of(store.nonce()), .name = name};
}

// Between begin and end: makes the state that is wanted.
template <Store S, Clock C>
result<ledger_reply> commit(cluster_store<S, C>& cluster, const wanted& want) {
  std::string state = "note " + want.note + "\n";
  for (const std::string& payload : want.payloads) {
    const auto id = cluster.id_of(payload);
    if (!id) return id.error();
    state += "payload " + text_of(*id) + "\n";
  }
  std::string root;
  if (!want.root.empty()) {
    const auto made = cluster.new_root(want.root);
    if (!made) return made.error();
    root.assign(made->data(), made->size());
    state += "root " + root + "\n";
  }
  return cluster.commit(state, [&]() -> result<void> {
    for (const std::string& payload : want.payloads) PERDURE_TRY(cluster.put(payload));
    if (root.empty()) return {};
    auto objects = cluster.root(root);
    PERDURE_TRY(objects.put("a", want.note, precondition::any));
    return {};
  });
}

template <Store S>
std::vector<std::string> keys_in(S& store, const std::string& prefix) {
  std::vector<std::string> all;
  (void)store.list(prefix, {}, 1000, [&](const listed_object& one) {
    all.emplace_back(one.key.data(), one.key.size());
    return visit::go_on;
  });
  return all;
}

// What a state names is there, and is what it should be.
template <Store S>
std::string incomplete(S& store, bytes state) {
  std::string wrong;
  catalog<S> payloads(store);
  const auto lines = lines_of(state);
  const auto all = names_of(state, [&](const cluster_name& one) -> result<void> {
    std::string found;
    if (one.root.empty()) {
      const auto got = payloads.get(one.payload, found, 1000);
      if (!got) wrong = "payload " + text_of(one.payload) + " is not there";
      return {};
    }
    prefix_store<S> root(store, perdure::detail::prefix_of_root(one.root));
    const auto got = read_object(root, "a", found, 1000);
    if (!got || "note " + found != lines[0]) wrong = "root " + std::string(one.root.data(), one.root.size()) + " is not whole";
    return {};
  });
  return all ? wrong : "it cannot be read";
}

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_CLUSTERS_HPP
