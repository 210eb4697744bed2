// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/discard_checkpoint.hpp>
#include <perdure/engine/verify_checkpoint.hpp>
#include <perdure/fs/mem_fs.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/checkpoints.hpp>

using namespace perdure;

namespace {

TEST_CASE("discard_checkpoint: it takes what has no current, all of it, and refuses what has one") {
  mem_fs fs;
  auto source = tests::listed_source<mem_fs, mem_fs>::usual(fs, fs);
  REQUIRE(create_checkpoint(source, fs, "c"));
  const auto refused = discard_checkpoint(fs, "c", "current");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == code::already_exists);
  CHECK(verify_checkpoint(fs, "c"));
  REQUIRE(fs.remove("c/current"));
  REQUIRE(discard_checkpoint(fs, "c", "current"));
  CHECK(fs.stat("c").error().code() == code::not_found);
  CHECK(fs.stat("1.table"));
  CHECK(discard_checkpoint(fs, "c", "current").error().code() == code::not_found);
  REQUIRE(fs.make_dir("c"));
  CHECK(discard_checkpoint(fs, "c", "current"));
}

TEST_CASE("discard_checkpoint: a tree that is deeper than a checkpoint is not touched") {
  mem_fs fs;
  for (const char* dir : {"home", "home/a", "home/a/b"}) REQUIRE(fs.make_dir(dir));
  tests::put_file(fs, "home/file", "x");
  tests::put_file(fs, "home/a/file", "x");
  CHECK(discard_checkpoint(fs, "home", "current").error().code() == code::not_empty);
  CHECK(fs.stat("home/file"));
  CHECK(fs.stat("home/a/file"));
  CHECK(discard_checkpoint(fs, "home/file", "current").error().code() == code::not_a_directory);
  CHECK(discard_checkpoint(fs, "home", "").error().code() == code::invalid_argument);
}

}  // namespace
