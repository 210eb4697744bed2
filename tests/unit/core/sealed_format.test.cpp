// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/sealed_format.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;

TEST_CASE("sealed_format: padding leads to the next multiple of 64, and is none there") {
  for (std::uint64_t end = 0; end < 300; ++end) {
    const std::size_t padding = detail::section_padding(end);
    CHECK(padding < 64);
    CHECK((end + padding) % 64 == 0);
  }
}

TEST_CASE("sealed_format: numbers are little-endian on every machine") {
  detail::seal seal{};
  seal.file_bytes = 0x0102030405060708;
  const bytes stored = detail::stored_bytes(seal);
  CHECK(stored.data()[8] == std::byte{8});
  CHECK(stored.data()[15] == std::byte{1});
  CHECK(seal.file_bytes == 0x0102030405060708);
  const detail::big<std::uint32_t> big = 0x01020304U;
  CHECK(*reinterpret_cast<const unsigned char*>(&big) == 1);
}
