// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/crc32c.hpp>

#include <tests/support/catch.hpp>

#include <random>
#include <string>
#include <vector>

using namespace perdure;

namespace {
// Bit by bit, as the definition says.
std::uint32_t by_definition(bytes data) {
  std::uint32_t state = 0xffffffff;
  for (const std::byte b : data) {
    state ^= static_cast<std::uint32_t>(b);
    for (int i = 0; i < 8; ++i) state = (state >> 1) ^ ((state & 1) != 0 ? 0x82f63b78U : 0U);
  }
  return ~state;
}
}  // namespace

TEST_CASE("crc32c: the published vectors come out, on every path that runs here") {
  std::string ascending, descending;
  for (int i = 0; i < 32; ++i) ascending += static_cast<char>(i), descending += static_cast<char>(31 - i);
  int paths = 0;
  for (const auto path : detail::crc32c_paths) {
    if (!detail::crc32c_runs_here(path)) continue;
    ++paths;
    CHECK(detail::crc32c_with(path, "123456789") == 0xe3069283);
    CHECK(detail::crc32c_with(path, std::string(32, '\0')) == 0x8a9136aa);
    CHECK(detail::crc32c_with(path, std::string(32, '\xff')) == 0x62a8ab43);
    CHECK(detail::crc32c_with(path, ascending) == 0x46dd794e);
    CHECK(detail::crc32c_with(path, descending) == 0x113fdb5c);
    CHECK(detail::crc32c_with(path, "") == 0);
  }
  CHECK(paths >= 2);
}

TEST_CASE("crc32c: every path gives the number of the definition, at any length, alignment and continuation") {
  std::mt19937 random(7);
  std::vector<unsigned char> data(70'000);
  for (auto& b : data) b = static_cast<unsigned char>(random());
  for (int round = 0; round < 300; ++round) {
    const std::size_t size = round < 150 ? static_cast<std::size_t>(round) * 3 : random() % (round < 290 ? 6000 : 60'000);
    const bytes part = bytes(data).from(random() % 100).first(size);
    const std::uint32_t expected = by_definition(part);
    const std::size_t cut = size == 0 ? 0 : random() % size;
    CHECK(crc32c(part) == expected);
    for (const auto path : detail::crc32c_paths) {
      if (!detail::crc32c_runs_here(path)) continue;
      CHECK(detail::crc32c_with(path, part) == expected);
      CHECK(detail::crc32c_with(path, part.from(cut), detail::crc32c_with(path, part.first(cut))) == expected);
    }
    CHECK(crc32c_combine(crc32c(part.first(cut)), crc32c(part.from(cut)), size - cut) == expected);
  }
}
