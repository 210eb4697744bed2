// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_ROLLUP_STORE_JUDGE_HPP
#define EXAMPLES_ROLLUP_STORE_JUDGE_HPP

// What has to hold of a store that nobody changes at the moment.

#include <examples/rollup_store/store.hpp>

namespace rollup_store {

// Each follows from its stamp, so that any that is wrong is seen. Many have one time: they are told apart by their stamps.
inline event event_of(std::uint64_t stamp) {
  event one;
  one.ingested = stamp;
  one.at_ns = static_cast<std::int64_t>(stamp % 5) * period_ns + static_cast<std::int64_t>(stamp % 3);
  one.value = static_cast<std::int64_t>(stamp * 2'654'435'761 % 1000);
  return one;
}

inline std::string text_of(const state& value) {
  std::string text;
  (void)state_codec().encode(value, [&](perdure::bytes piece) -> result<void> {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return {};
  });
  return text;
}

// Empty, or what is wrong.
template <class S>
std::string wrong_with(S& store, const std::set<std::uint64_t>& acknowledged) {
  const auto now = store.now();
  const auto events = store.all();
  if (!events) return "it cannot be read: " + std::string(describe(events.error()).c_str());
  std::set<std::uint64_t> found;
  std::map<std::int64_t, std::uint64_t> count;
  std::map<std::int64_t, std::int64_t> sealed_sum, rollup_sum;
  for (const event& one : *events) {
    const event right = event_of(one.ingested);
    if (one.at_ns != right.at_ns || one.value != right.value) return "an event is not what it was";
    if (!found.insert(one.ingested).second) return "an event is there twice: " + std::to_string(one.ingested);
    ++count[one.period()];
    if (one.sequence <= now->watermark) sealed_sum[one.period()] += one.value;
  }
  for (const std::uint64_t stamp : acknowledged) {
    if (!found.contains(stamp)) return "an acknowledged event is lost: " + std::to_string(stamp);
  }
  for (const rollup& one : now->rollups) rollup_sum[one.period] += one.sum;
  for (const auto& [number, sum] : sealed_sum) {
    if (rollup_sum[number] != sum) return "the rollups of a period are not the sum of its events";
  }
  for (const auto& [number, one] : now->periods) {
    if (one.now == phase::closed && one.count != count[number]) return "an event slipped into a closed period";
  }
  return "";
}

// And of its files: the state is that of memory, and there are those that it names and no others.
template <class S, perdure::Fs F>
std::string wrong_with_files(S& store, F& fs, const std::string& root) {
  const auto now = store.now();
  std::string text;
  const auto read = perdure::read_file(fs, root + "/manifest/state", text, 1 << 28);
  if (!read && read.error().code() != code::not_found) return describe(read.error()).c_str();
  if (text != (now->version != 0 ? text_of(*now) : "")) return "memory is not what the disk is";
  std::size_t files = 0;
  std::string stranger;
  const auto listed = fs.for_each_entry(root + "/segments", [&](const perdure::dir_entry& entry) {
    if (perdure::temp_name::parse(entry.name)) return perdure::visit::go_on;  // nobody can tell yet whether its writer lives
    const std::string name(entry.name.data(), entry.name.size());
    ++files;
    if (!now->names(std::strtoull(name.c_str(), nullptr, 10))) stranger = name;
    return perdure::visit::go_on;
  });
  if (!listed) return describe(listed.error()).c_str();
  if (!stranger.empty()) return "a file that nobody names: " + stranger;
  return files == now->segments.size() + now->garbage.size() ? "" : "a file is missing";
}

}  // namespace rollup_store

#endif  // EXAMPLES_ROLLUP_STORE_JUDGE_HPP
