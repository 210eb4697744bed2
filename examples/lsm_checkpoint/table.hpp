// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_LSM_CHECKPOINT_TABLE_HPP
#define EXAMPLES_LSM_CHECKPOINT_TABLE_HPP

// A sorted run of records, and its bytes: in a table, with the long values in a blob file beside it.

#include <perdure/core/bytes.hpp>

#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace lsm_checkpoint {

// By key, and of one key the newest first.
struct record_order {
  using key = std::pair<std::string, std::uint64_t>;
  bool operator()(const key& a, const key& b) const { return a.first != b.first ? a.first < b.first : a.second > b.second; }
};
using records = std::map<std::pair<std::string, std::uint64_t>, std::string, record_order>;

// Of each key the newest record, and what each of these snapshots sees: the newest one with a number below it.
inline records needed(const records& all, const std::multiset<std::uint64_t>& snapshots) {
  records kept;
  const std::string* key = nullptr;
  std::uint64_t newer = UINT64_MAX;  // the number of the record of this key before it
  for (const auto& [name, value] : all) {
    const bool first = key == nullptr || *key != name.first;
    // A snapshot between them sees this one.
    const auto between = snapshots.upper_bound(name.second);
    if (first || (between != snapshots.end() && *between <= newer)) kept.emplace(name, value);
    key = &name.first;
    newer = name.second;
  }
  return kept;
}
inline const std::string* find(const records& all, const std::string& key, std::uint64_t below) {
  const auto found = all.lower_bound({key, below - 1});
  return found != all.end() && found->first.first == key ? &found->second : nullptr;
}

struct record_head {
  std::uint64_t number;
  std::uint64_t blob;  // the blob file's number, or 0: the value follows the key
  std::uint64_t offset;
  std::uint32_t key_bytes;
  std::uint32_t value_bytes;
};
static_assert(sizeof(record_head) == 32);

inline constexpr std::size_t inline_bytes_max = 64;

inline void encode(const records& all, std::uint64_t blob_number, std::string& table, std::string& blob) {
  for (const auto& [name, value] : all) {
    const bool is_long = value.size() > inline_bytes_max;
    const record_head head{name.second, is_long ? blob_number : 0, is_long ? blob.size() : 0,
                           static_cast<std::uint32_t>(name.first.size()), static_cast<std::uint32_t>(value.size())};
    table.append(reinterpret_cast<const char*>(&head), sizeof(head));
    table += name.first;
    (is_long ? blob : table) += value;
  }
}
// `blob_of` reads a blob file, all of it.
inline bool decode(const std::string& table, const std::function<std::optional<std::string>(std::uint64_t)>& blob_of,
                   records& into) {
  std::map<std::uint64_t, std::string> blobs;
  for (std::size_t at = 0; at < table.size();) {
    record_head head;
    if (table.size() - at < sizeof(head)) return false;
    std::memcpy(&head, table.data() + at, sizeof(head));
    at += sizeof(head);
    const std::size_t stored = std::size_t{head.key_bytes} + (head.blob == 0 ? head.value_bytes : 0);
    if (table.size() - at < stored) return false;
    const std::string key = table.substr(at, head.key_bytes);
    std::string value = table.substr(at + head.key_bytes, stored - head.key_bytes);
    if (head.blob != 0) {
      if (!blobs.contains(head.blob)) {
        auto blob = blob_of(head.blob);
        if (!blob) return false;
        blobs[head.blob] = std::move(*blob);
      }
      const std::string& blob = blobs[head.blob];
      if (blob.size() < head.offset || blob.size() - head.offset < head.value_bytes) return false;
      value = blob.substr(head.offset, head.value_bytes);
    }
    into.emplace(std::make_pair(key, head.number), std::move(value));
    at += stored;
  }
  return true;
}

}  // namespace lsm_checkpoint

#endif  // EXAMPLES_LSM_CHECKPOINT_TABLE_HPP
