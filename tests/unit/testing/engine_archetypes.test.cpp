// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/restore_checkpoint.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/testing/engine_archetypes.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;
using testing::engine_text;
using testing::poorest_engine;

TEST_CASE("engine_archetypes: the poorest legal engine comes back as what points to it") {
  engine_text text;
  engine_sink sink(text);
  REQUIRE(poorest_engine("abc").save(sink));
  REQUIRE(sink.finish());
  CHECK((text.saved_envelope.empty() && text.saved.size() == 3 && text.saved[1].second == "abc"));
  auto loaded = poorest_engine::load(engine_source(text));
  REQUIRE(loaded);
  CHECK(engine_in<poorest_engine>(*loaded).text == "abc");
  text.saved.pop_back();
  CHECK(poorest_engine::load(engine_source(text)).error().code() == code::corrupt);
}
TEST_CASE("archetypes: of the poorest checkpoint source there are checkpoints, by one worker or several, that are restored") {
  mem_fs fs;
  testing::poorest_checkpoint_source<mem_fs>::file_sizes files;
  for (int i = 0; i < 20; ++i) {
    files.emplace_back(std::to_string(i), 5 + (i < 10 ? 1 : 2));
    REQUIRE(atomic_write(fs, files.back().first, "file " + files.back().first));
  }
  STATIC_REQUIRE(CheckpointSource<testing::poorest_checkpoint_source<mem_fs>>);
  testing::poorest_checkpoint_source<mem_fs> source(fs, files);
  for (const std::size_t workers : {std::size_t{1}, std::size_t{2}}) {
    const std::string target = std::string("c") + std::to_string(workers);
    const auto made = create_checkpoint(source, fs, target, {.workers = workers});
    REQUIRE(made);
    CHECK(made->files == 22);
    REQUIRE(restore_checkpoint(fs, target, fs, target + "r", {.workers = workers}));
    for (std::size_t i = 0; i < files.size(); ++i) {
      std::string text;
      REQUIRE(read_file(fs, target + "r/" + source.name_of(i), text, 10));
      CHECK(text == "file " + std::to_string(i));
    }
    REQUIRE(fs.remove(files.back().first));
    const auto failed = create_checkpoint(source, fs, "x", {.workers = workers});
    CHECK(failed.error().code() == code::not_found);
    CHECK(fs.stat("x").error().code() == code::not_found);
    REQUIRE(atomic_write(fs, files.back().first, "file 19"));
  }
}
