// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_LSM_CHECKPOINT_JUDGE_HPP
#define EXAMPLES_LSM_CHECKPOINT_JUDGE_HPP

// What a tree has to hold. Record n has a key of its own, and of every third the value is a long one.

#include <perdure/core/describe.hpp>

#include <examples/lsm_checkpoint/tree.hpp>

namespace lsm_checkpoint {

inline std::string key_of(std::uint64_t number) { return "key " + std::to_string(number); }
inline std::string value_of(std::uint64_t number) {
  return "value " + std::to_string(number) + (number % 3 == 0 ? std::string(70, '.') : "");
}
template <class T>
std::uint64_t write_next(T& tree) {
  // One writer at a time: the number is known before.
  const std::uint64_t number = tree.visible_watermark();
  return tree.write(key_of(number), value_of(number));
}

// Every record below the watermark is in its files. Returns what is wrong.
template <class T>
std::string wrong_below(T& tree, std::uint64_t watermark) {
  const auto all = tree.everything();
  if (!all) return std::string("it cannot be read: ") + perdure::describe(all.error()).c_str();
  for (std::uint64_t number = 1; number < watermark; ++number) {
    const std::string* const value = find(*all, key_of(number), UINT64_MAX);
    if (value == nullptr) return "record " + std::to_string(number) + " is missing";
    if (*value != value_of(number)) return "record " + std::to_string(number) + " is another one";
  }
  return "";
}
// So that it opens by itself, wherever its cold files were.
template <class Hot, class Cold>
std::string wrong_with_checkpoint(Hot& hot, const std::string& root, Cold& cold, std::uint64_t watermark) {
  tree<Hot, Cold> alone(hot, root, cold, root + ".cold");
  if (const auto opened = alone.open(); !opened)
    return std::string("it does not open: ") + perdure::describe(opened.error()).c_str();
  return wrong_below(alone, watermark);
}

}  // namespace lsm_checkpoint

#endif  // EXAMPLES_LSM_CHECKPOINT_JUDGE_HPP
