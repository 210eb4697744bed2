// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/restore_checkpoint.hpp>
#include <perdure/fs/mem_fs.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/checkpoints.hpp>

#include <string>

using namespace perdure;
using tests::put_file;

namespace {

using source_type = tests::listed_source<mem_fs, mem_fs>;

template <class F>
std::string text_of(F& fs, const std::string& path) {
  std::string text = "missing";
  return read_file(fs, path, text, 1 << 20) ? text : "missing";
}

TEST_CASE("restore_checkpoint: it is the engine again, on this Fs or another, and the checkpoint stays as it was") {
  mem_fs fs;
  mem_fs elsewhere;
  auto source = source_type::usual(fs, fs);
  REQUIRE(create_checkpoint(source, fs, "c"));
  for (mem_fs* const to : {&fs, &elsewhere}) {
    const auto restored = restore_checkpoint(fs, "c", *to, "again");
    REQUIRE(restored);
    CHECK(restored->version == 7);
    CHECK(restored->watermark == 42);
    CHECK(restored->files == 6);
    CHECK(restored->linked == (to == &fs ? 3U : 0U));  // the log and the metadata are copies
    CHECK(text_of(*to, "again/tables/1.table") == "the first table");
    CHECK(text_of(*to, "again/log") == "one two");
    CHECK(text_of(*to, "again/current") == "v7");
    CHECK_FALSE(to->stat("again/checkpoint.perdure"));
    // What the engine did not call immutable it may change in place.
    for (const char* name : {"again/log", "again/v7", "again/current"}) put_file(*to, name, "one two and more");
    CHECK(verify_checkpoint(fs, "c"));
    REQUIRE(restore_checkpoint(fs, "c", *to, "by two", {.workers = 2}));
    for (const char* name : {"/tables/1.table", "/tables/2.table", "/blobs/3.blob", "/log", "/v7", "/current"})
      CHECK(text_of(*to, std::string("by two") + name) == text_of(fs, std::string("c") + name));
  }
  CHECK(restore_checkpoint(fs, "c", fs, "again").error().code() == code::already_exists);
  const auto size = fs.stat("c/checkpoint.perdure")->size_bytes;
  CHECK(restore_checkpoint(fs, "c", fs, "little", {.list_bytes_max = size - 1}).error().code() == code::too_large);
  CHECK(create_checkpoint(source, fs, "little", {.previous = "c", .list_bytes_max = size - 1}).error().code() == code::too_large);
  CHECK(fs.stat("little").error().code() == code::not_found);
  CHECK(restore_checkpoint(fs, "c", fs, "little", {.previous = "c", .list_bytes_max = size}));
}

TEST_CASE("restore_checkpoint: of what is not whole nothing is restored") {
  mem_fs fs;
  auto source = source_type::usual(fs, fs);
  REQUIRE(create_checkpoint(source, fs, "c", {.links = checkpoint_links::refuse}));
  for (const char* name : {"current", "log", "checkpoint.perdure", "tables/2.table"}) {
    const std::string path = std::string("c/") + name;
    const std::string text = text_of(fs, path);
    REQUIRE(fs.remove(path));
    const auto restored = restore_checkpoint(fs, "c", fs, "again");
    REQUIRE_FALSE(restored);
    CHECK(restored.error().code() == code::corrupt);
    CHECK(restored.error().outcome() == outcome::unchanged);
    CHECK_FALSE(fs.stat("again"));
    put_file(fs, path, text);
  }
  CHECK(restore_checkpoint(fs, "none", fs, "again").error().code() == code::not_found);
  const auto stopped = restore_checkpoint(fs, "c", fs, "again", {}, [](const checkpoint_progress&) { return visit::stop; });
  CHECK(stopped.error().code() == code::cancelled);
  CHECK_FALSE(fs.stat("again"));
}

}  // namespace
