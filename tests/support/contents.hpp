// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_CONTENTS_HPP
#define PERDURE_TESTS_SUPPORT_CONTENTS_HPP

// Contents that are small and have several levels all the same, and what there is of them in a store.

#include <perdure/store/content_store.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tests {

constexpr perdure::content_options small_contents() {
  perdure::content_options options;
  options.chunks = {perdure::cut_by::content, 16, 64, 256};
  options.nodes = {2, 4, 8};
  options.inline_max_bytes = 32;
  options.window_bytes = 1000;
  return options;
}

inline std::string noise(std::size_t size, std::uint32_t seed = 1) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  return text;
}

template <perdure::Store S>
std::vector<std::string> keys_below(S& store, const char* prefix) {
  std::vector<std::string> all;
  (void)store.list(prefix, {}, 100000, [&](const perdure::listed_object& one) {
    all.emplace_back(one.key.data(), one.key.size());
    return perdure::visit::go_on;
  });
  return all;
}

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_CONTENTS_HPP
