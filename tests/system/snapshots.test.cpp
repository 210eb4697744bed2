// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// What persisting and loading a snapshot hold in memory: not what the engine has.

#include <perdure/engine/load_snapshot.hpp>
#include <perdure/engine/persist_snapshot.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/slot_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/temp_dir.hpp>
#include <tests/system/held_memory.hpp>

using namespace perdure;

namespace {

// So many pieces of 64 KiB, all alike, so that a store holds one: an engine that has them on no heap.
struct pieces {
  using perdure_engine = pieces;
  static constexpr std::size_t piece_size = std::size_t{64} << 10;
  static inline std::byte one[piece_size] = {};

  std::size_t count = 0;

  [[nodiscard]] std::uint64_t generation() const { return count; }
  [[nodiscard]] result<void> save(engine_sink& to) const {
    for (const char* const name : {"body", "more"}) {
      PERDURE_TRY(to.section(name));
      for (std::size_t i = 0; i < count; ++i) PERDURE_TRY(to.write(one));
    }
    return {};
  }
  static result<pieces> load(const engine_source& from) {
    static std::byte piece[piece_size];
    const auto body = from.find("body");
    if (!body) return body.error();
    pieces loaded;
    for (; loaded.count * piece_size < body->size_bytes(); ++loaded.count) {
      const auto got = body->read_at(loaded.count * piece_size, piece);
      if (!got) return got.error();
    }
    return loaded;
  }
};

}  // namespace

TEST_CASE("persist_snapshot: what saving and loading hold does not grow with the engine, nor does that of the base file") {
  content_options small;
  small.chunks = {cut_by::size, 16384, 16384, 16384};
  small.window_bytes = std::size_t{256} << 10;
  const tests::temp_dir dir;
  const std::string path = dir / "base.bin";
  posix_fs disk;
  const base_file<posix_fs> base(disk, path, "body");
  mem_store store;
  content_store<mem_store> objects(store, small);
  testing::slot_memory slot;
  testing::poorest_slot head(slot);
  const std::size_t limit = std::size_t{2560} << 10;
  for (const std::size_t count : {std::size_t{8}, std::size_t{64}}) {  // half a MiB and 4 MiB, twice
    INFO(count);
    for (const std::size_t workers : {std::size_t{1}, std::size_t{3}}) {
      const persist_options how{.keep = 2, .work = {.workers = workers}};
      bool done = false;
      const std::size_t held =
          tests::held_by([&] { done = persist_snapshot(pieces{count}, objects, head, base, how).has_value(); });
      CHECK(done);
      CHECK(held < limit);
      CHECK((PERDURE_TESTS_SANITIZED || held > small.window_bytes));
    }
    CHECK(disk.stat(path)->size_bytes == count * pieces::piece_size);
    for (const bool is_there : {true, false}) {
      if (!is_there) REQUIRE(disk.remove(path));
      std::size_t loaded_count = 0;
      const std::size_t held = tests::held_by([&] {
        auto loaded = load_snapshot<pieces>(objects, head, base);
        if (loaded && loaded->exists()) loaded_count = loaded->engine().count;
      });
      CHECK(loaded_count == count);
      CHECK(held < limit);
      CHECK(disk.stat(path)->size_bytes == count * pieces::piece_size);
    }
  }
}
