// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_SNAPSHOT_ENGINE_KEEPER_HPP
#define EXAMPLES_SNAPSHOT_ENGINE_KEEPER_HPP

// keeper: what a vector_index is kept by. Its objects are in any Store, its head in any Slot, and its base file, which it maps,
// in a data directory of any Fs.

#include <examples/snapshot_engine/index.hpp>

#include <perdure/engine/load_snapshot.hpp>
#include <perdure/engine/persist_snapshot.hpp>
#include <perdure/engine/prune_snapshots.hpp>
#include <perdure/engine/verify_snapshots.hpp>

#include <optional>

namespace snapshot_engine {

struct kept {
  std::string base_path;
  std::uint64_t generation = 0;
  perdure::persisted_snapshot report;
};

template <perdure::Fs F, perdure::Store S, perdure::Slot H>
class keeper {
 public:
  keeper(F& fs, S& store, H& head, const std::string& data, const perdure::content_options& options = {})
      : fs_(fs), objects_(store, options), head_(head), base_path_(data + "/base.bin") {}

  // The index goes on with the base file that this makes.
  [[nodiscard]] result<kept> persist(vector_index& mine, std::size_t keep = 3) {
    const auto done = perdure::persist_snapshot(mine, objects_, head_, base(), {.keep = keep, .owner = "snapshot_engine"});
    if (!done) return done.error();
    (void)map_base(mine);
    return kept{base_path_, done->snapshot.generation, *done};
  }

  // Nothing, where nothing was ever persisted.
  [[nodiscard]] result<std::optional<vector_index>> load(std::uint64_t generation = perdure::newest_generation) {
    auto loaded = perdure::load_snapshot<vector_index>(objects_, head_, base(), {.generation = generation});
    if (!loaded) return loaded.error();
    if (!loaded->exists()) return std::optional<vector_index>();
    (void)map_base(loaded->engine());
    return std::optional<vector_index>(std::move(loaded->engine()));
  }

  [[nodiscard]] auto& objects() { return objects_; }
  [[nodiscard]] H& head() { return head_; }
  [[nodiscard]] const std::string& base_path() const { return base_path_; }

 private:
  [[nodiscard]] perdure::base_file<F> base() { return {fs_, base_path_, "index"}; }
  // Where it cannot be mapped, the index stays in memory. Somebody else may have put another one there meanwhile: rebase() looks.
  bool map_base(vector_index& mine) {
    const auto file = fs_.open(base_path_, {});
    if (!file) return false;
    auto mapped = perdure::map(*file);
    return mapped && mine.rebase(std::move(*mapped));
  }

  F& fs_;
  perdure::content_store<S> objects_;
  H& head_;
  std::string base_path_;
};

// A vector that follows from its number, so that any that is wrong is seen.
inline embedding vector_of(std::uint64_t number) {
  embedding of;
  for (std::size_t i = 0; i < dimension; ++i) of[i] = static_cast<float>((number * 7919 + i * 104729) % 1000) / 10;
  return of;
}
// Of an index to which vector_of(0) up to its last key were added, and from which every tenth was removed.
inline std::string wrong_with(const vector_index& mine) {
  for (std::uint64_t key = 0; key < mine.next_key(); ++key) {
    const auto found = mine.search(vector_of(key), mine.size());
    const bool is_there = std::any_of(found.begin(), found.end(), [&](const hit& one) {
      return one.key == key && one.distance == 0 && one.label == "label " + std::to_string(key);
    });
    if (is_there == (key % 10 == 9)) return "key " + std::to_string(key) + (is_there ? " is there again" : " is lost");
    if (key > 50 && key % 97 != 0) key += 13;  // of many, some
  }
  return "";
}
inline void grow(vector_index& mine, std::uint64_t count) {
  for (; count > 0; --count) {
    const std::uint64_t key = mine.add(vector_of(mine.next_key()), "label " + std::to_string(mine.next_key()));
    if (key % 10 == 9) mine.remove(key);
  }
}

}  // namespace snapshot_engine

#endif  // EXAMPLES_SNAPSHOT_ENGINE_KEEPER_HPP
