// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/mem_fs.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;
using testing::read_text;

TEST_CASE("read_text: a whole file, and a failure where there is none") {
  mem_fs fs;
  auto file = fs.open("f", {.access = access::write, .creation = creation::create_new});
  REQUIRE(file);
  REQUIRE(file->write_at(0, std::string(5000, 'x')));
  CHECK(*read_text(fs, "f") == std::string(5000, 'x'));
  CHECK(read_text(fs, "g").error().code() == code::not_found);
  CHECK(read_text(fs, ".").error().code() == code::is_a_directory);
}
