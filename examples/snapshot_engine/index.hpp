// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_SNAPSHOT_ENGINE_INDEX_HPP
#define EXAMPLES_SNAPSHOT_ENGINE_INDEX_HPP

// vector_index: vectors with labels, searched one by one. It never touches I/O. Most of it is a base, which may be a file that
// somebody has mapped; what came and went since is beside it, until a snapshot makes a new base of both.
//
// A snapshot of it is compacted: the envelope "keys N generation G" (the next key, and how many changes there were), the section
// "index" of rows of 40 bytes, ascending by key (key, eight floats, all little-endian), and the section "metadata" (for each row
// the size of its label, 4 bytes, and the label).

#include <perdure/engine/engine.hpp>
#include <perdure/fs/fs_types.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace snapshot_engine {

using perdure::code;
using perdure::failure;
using perdure::operation;
using perdure::result;

inline constexpr std::size_t dimension = 8;
using embedding = std::array<float, dimension>;

struct hit {
  std::uint64_t key;
  float distance;
  std::string label;
  friend bool operator==(const hit&, const hit&) = default;
};

class vector_index {
 public:
  using perdure_engine = vector_index;

  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
  [[nodiscard]] std::uint64_t next_key() const noexcept { return next_key_; }
  [[nodiscard]] std::size_t size() const noexcept { return labels_.size(); }

  std::uint64_t add(const embedding& of, std::string label) {
    added_[next_key_] = of;
    labels_[next_key_] = std::move(label);
    ++generation_;
    return next_key_++;
  }
  bool remove(std::uint64_t key) {
    if (labels_.erase(key) == 0) return false;
    if (added_.erase(key) == 0) removed_.insert(key);
    ++generation_;
    return true;
  }

  [[nodiscard]] std::vector<hit> search(const embedding& near, std::size_t most) const {
    std::vector<hit> all;
    each([&](std::uint64_t key, const embedding& of) {
      float distance = 0;
      for (std::size_t i = 0; i < dimension; ++i) distance += (of[i] - near[i]) * (of[i] - near[i]);
      all.push_back({key, distance, labels_.at(key)});
      return true;
    });
    std::sort(all.begin(), all.end(),
              [](const hit& a, const hit& b) { return a.distance != b.distance ? a.distance < b.distance : a.key < b.key; });
    if (all.size() > most) all.resize(most);
    return all;
  }

  [[nodiscard]] result<void> save(perdure::engine_sink& to) const {
    PERDURE_TRY(to.envelope("keys " + std::to_string(next_key_) + " generation " + std::to_string(generation_)));
    result<void> done;
    PERDURE_TRY(to.section("index"));
    each([&](std::uint64_t key, const embedding& of) { return (done = to.write(row_of(key, of))).has_value(); });
    PERDURE_TRY(done);
    PERDURE_TRY(to.section("metadata"));
    for (const auto& [key, label] : labels_) {
      if (label.size() > UINT32_MAX) return failure(code::too_large, operation::write).about("label");
      std::string size;
      append_number(size, static_cast<std::uint32_t>(label.size()));
      PERDURE_TRY(to.write(size));
      PERDURE_TRY(to.write(label));
    }
    return {};
  }

  [[nodiscard]] static result<vector_index> load(const perdure::engine_source& from) {
    vector_index made;
    PERDURE_TRY(made.take_envelope({reinterpret_cast<const char*>(from.envelope().data()), from.envelope().size()}));
    const auto rows = from.find("index");
    if (!rows) return rows.error();
    PERDURE_TRY(rows->read_all(made.owned_, size_bytes_max));
    const auto metadata = from.find("metadata");
    if (!metadata) return metadata.error();
    std::string labels;
    PERDURE_TRY(metadata->read_all(labels, size_bytes_max));
    PERDURE_TRY(made.take_rows(labels));
    return made;
  }

  // Takes a file for its base that holds the section "index" of a snapshot of it as it is now. False: it does not.
  bool rebase(perdure::mapping&& file) {
    std::string now;
    each([&](std::uint64_t key, const embedding& of) { return now += row_of(key, of), true; });
    if (!(file.view() == perdure::bytes(now))) return false;
    mapped_ = std::move(file);
    owned_.clear();
    added_.clear();
    removed_.clear();
    return true;
  }
  [[nodiscard]] bool is_mapped() const noexcept { return !mapped_.view().empty(); }

 private:
  static constexpr std::uint64_t size_bytes_max = std::uint64_t{1} << 32;
  static constexpr std::size_t row_bytes = 8 + 4 * dimension;
  template <class T>
  static void append_number(std::string& to, T number) {
    for (std::size_t i = 0; i < sizeof(T); ++i) to += static_cast<char>(number >> (8 * i) & 0xff);
  }
  template <class T>
  [[nodiscard]] static T number_at(const std::byte* at) {
    T number = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) number = static_cast<T>(number << 8 | static_cast<T>(at[i]));
    return number;
  }
  [[nodiscard]] static failure damaged(const char* what) {
    return failure(code::corrupt, operation::read).about(perdure::bytes(what));
  }
  [[nodiscard]] static std::string row_of(std::uint64_t key, const embedding& of) {
    std::string row;
    append_number(row, key);
    for (const float one : of) append_number(row, std::bit_cast<std::uint32_t>(one));
    return row;
  }
  [[nodiscard]] perdure::bytes base() const { return is_mapped() ? mapped_.view() : perdure::bytes(owned_); }

  // In ascending order of keys, for what was added came behind all that is in the base. Until `use` says false.
  template <class Use>
  void each(Use&& use) const {
    const perdure::bytes rows = base();
    for (std::size_t at = 0; at < rows.size(); at += row_bytes) {
      const std::byte* const row = rows.data() + at;
      const std::uint64_t key = number_at<std::uint64_t>(row);
      if (removed_.contains(key)) continue;
      if (!use(key, embedding_at(row))) return;
    }
    for (const auto& [key, of] : added_) {
      if (!use(key, of)) return;
    }
  }
  [[nodiscard]] static embedding embedding_at(const std::byte* row) {
    embedding of;
    for (std::size_t i = 0; i < dimension; ++i) of[i] = std::bit_cast<float>(number_at<std::uint32_t>(row + 8 + 4 * i));
    return of;
  }

  [[nodiscard]] result<void> take_envelope(const std::string& text) {
    unsigned long long keys = 0;
    unsigned long long generation = 0;
    if (std::sscanf(text.c_str(), "keys %llu generation %llu", &keys, &generation) != 2) return damaged("envelope");
    next_key_ = keys;
    generation_ = generation;
    // One spelling each: what it would be saved as is what it is.
    const bool same = text == "keys " + std::to_string(next_key_) + " generation " + std::to_string(generation_);
    return same ? result<void>() : damaged("envelope");
  }
  [[nodiscard]] result<void> take_rows(const std::string& labels) {
    if (owned_.size() % row_bytes != 0) return damaged("index");
    perdure::bytes left = labels;
    std::uint64_t least = 0;
    for (std::size_t at = 0; at < owned_.size(); at += row_bytes) {
      const auto* const row = reinterpret_cast<const std::byte*>(owned_.data()) + at;
      const std::uint64_t key = number_at<std::uint64_t>(row);
      if (key < least || key >= next_key_) return damaged("key");
      least = key + 1;
      for (const float one : embedding_at(row)) {
        if (!std::isfinite(one)) return damaged("index");
      }
      if (left.size() < 4) return damaged("metadata");
      const std::size_t size = number_at<std::uint32_t>(left.data());
      left = left.from(4);
      if (left.size() < size) return damaged("metadata");
      labels_[key] = std::string(reinterpret_cast<const char*>(left.data()), size);
      left = left.from(size);
    }
    return left.empty() ? result<void>() : damaged("metadata");
  }

  std::uint64_t next_key_ = 0;
  std::uint64_t generation_ = 0;
  perdure::mapping mapped_;
  std::string owned_;  // the base, where none is mapped
  std::map<std::uint64_t, embedding> added_;
  std::set<std::uint64_t> removed_;
  std::map<std::uint64_t, std::string> labels_;
};
static_assert(perdure::Engine<vector_index>);

}  // namespace snapshot_engine

#endif  // EXAMPLES_SNAPSHOT_ENGINE_INDEX_HPP
