// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/read_file.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

#include <vector>

using namespace perdure;
using tests::put;

TEST_CASE("read_file: the bound is exact, for a buffer and for a container") {
  const tests::temp_dir dir;
  for (const std::size_t size : {0U, 1U, 4095U, 4096U, 100'000U}) {
    const std::string text(size, 'r');
    put(dir / "f", text);
    std::string into = "before";
    REQUIRE(read_file(dir / "f", into, size));
    CHECK(into == text);
    std::vector<unsigned char> raw;
    REQUIRE(read_file(dir / "f", raw, 1'000'000));
    CHECK(raw.size() == size);
    std::vector<char> buffer(size + 1);
    CHECK(*read_file(dir / "f", mutable_bytes(buffer)) == size);
    CHECK(*read_file(dir / "f", mutable_bytes(buffer).first(size)) == size);
    if (size > 0) {
      CHECK(read_file(dir / "f", into, size - 1).error().code() == code::too_large);
      CHECK(read_file(dir / "f", mutable_bytes(buffer).first(size - 1)).error().code() == code::too_large);
    }
  }
}

TEST_CASE("read_file: a file that says 0 and holds more is read whole, within the bound") {
  std::string text;
  REQUIRE(read_file("/proc/self/status", text, 100'000));
  CHECK(text.rfind("Name:", 0) == 0);
  CHECK(text.find('\0') == std::string::npos);
  CHECK(read_file("/proc/self/status", text, 10).error().code() == code::too_large);
}

TEST_CASE("read_file: failures say which file") {
  const tests::temp_dir dir;
  std::string text;
  char buffer[8];
  CHECK(read_file(dir / "no", text, 9).error().code() == code::not_found);
  CHECK_FALSE(read_file(dir / "no", mutable_bytes(buffer)).error().path().empty());
  CHECK(read_file(dir.path(), text, 9).error().code() == code::is_a_directory);
  CHECK(read_file(dir.path(), mutable_bytes(buffer)).error().code() == code::is_a_directory);
  put(dir / "f", "f");
  CHECK(read_file(dir / "f/x", text, 9).error().code() == code::not_a_directory);
  posix_fs disk;
  for (const char* step : {"read", "close", "size"}) {
    tests::scripted_fs<posix_fs> fs(disk);
    fs.script().before = tests::fail(step, failure(code::io, operation::read, EIO));
    const auto whole = read_file(fs, dir / "f", text, 9);
    CHECK(whole.error().code() == code::io);
    CHECK_FALSE(whole.error().path().empty());
    if (std::string(step) != "size") CHECK(read_file(fs, dir / "f", mutable_bytes(buffer)).error().code() == code::io);
  }
}
