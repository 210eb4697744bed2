// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/read_file.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/models.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

#include <unistd.h>
#include <vector>

using namespace perdure;
using tests::put;

namespace {

// Says that every file has `told` bytes, whatever it has.
struct misled_fs : posix_fs {
  using perdure_fs = misled_fs;
  std::uint64_t told = 0;
  struct file : posix_file {
    std::uint64_t told;
    file(posix_file&& its, std::uint64_t size) noexcept : posix_file(detail::moved(its)), told(size) {}
    result<std::uint64_t> size() const { return told; }
  };
  result<file> open(path_view path, const open_options& options) const {
    auto opened = posix_fs::open(path, options);
    if (!opened) return opened.error();
    return file(detail::moved(*opened), told);
  }
};

}  // namespace

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

TEST_CASE("read_file: what a file says of its size is a hint, and the bound is of what it holds") {
  const tests::temp_dir dir;
  misled_fs fs;
  for (const std::size_t size : {0U, 1U, 1000U, 2047U, 4096U, 4097U, 8191U, 8192U, 8193U, 30'000U}) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i * 7 % 26);
    put(dir / "f", text);
    for (const std::uint64_t told : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{size} / 2, std::uint64_t{size},
                                     std::uint64_t{size} + 1, std::uint64_t{4096}, std::uint64_t{1} << 40}) {
      INFO(size << " bytes, told as " << told);
      fs.told = told;
      std::string into = "before";
      if (told < 1'000'000) {
        REQUIRE(read_file(fs, dir / "f", into, 2'000'000));
        CHECK(into == text);
      }
      for (const std::uint64_t bound : {std::uint64_t{size}, std::uint64_t{size} + 1}) {
        REQUIRE(read_file(fs, dir / "f", into, bound));
        CHECK(into == text);
      }
      if (size > 0) CHECK(read_file(fs, dir / "f", into, size - 1).error().code() == code::too_large);
      if (size > 0) CHECK(read_file(fs, dir / "f", into, 0).error().code() == code::too_large);
    }
  }
}

TEST_CASE("read_file: a file over the bound costs no memory, however large it is") {
  const tests::temp_dir dir;
  put(dir / "f", "");
  REQUIRE(::truncate((dir / "f").c_str(), off_t{1} << 40) == 0);
  std::vector<char> into;
  CHECK(read_file(dir / "f", into, (std::uint64_t{1} << 40) - 1).error().code() == code::too_large);
  CHECK(into.capacity() == 0);
}

TEST_CASE("read_file: every model reads whole files within the bound") {
  tests::for_each_model([](auto& fs, const std::string& dir, const tests::model& model) {
    INFO(model.name);
    for (const std::size_t size : {0U, 1U, 5000U}) {
      const std::string text(size, 'r');
      REQUIRE(tests::put_into(fs, dir + "/f", text));
      std::string into = "before";
      REQUIRE(read_file(fs, dir + "/f", into, size));
      CHECK(into == text);
      std::vector<std::byte> buffer(size);
      CHECK(*read_file(fs, dir + "/f", buffer) == size);
      CHECK(bytes(buffer) == bytes(text));
      if (size == 0) continue;
      CHECK(read_file(fs, dir + "/f", into, size - 1).error().code() == code::too_large);
      CHECK(read_file(fs, dir + "/f", mutable_bytes(buffer).first(size - 1)).error().code() == code::too_large);
    }
    std::string into;
    CHECK(read_file(fs, dir + "/no", into, 9).error().code() == code::not_found);
    CHECK(read_file(fs, dir + "/f/x", into, 9).error().code() == code::not_a_directory);
    REQUIRE(fs.make_dir(dir + "/d"));
    CHECK(read_file(fs, dir + "/d", into, 9).error().code() == code::is_a_directory);
    CHECK(read_file(fs, dir + "/d", mutable_bytes()).error().code() == code::is_a_directory);
    CHECK(read_file(fs, "", into, 9).error().code() == code::invalid_argument);
  });
}
