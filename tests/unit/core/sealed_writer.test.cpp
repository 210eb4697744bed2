// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/sealed_writer.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/golden.hpp>
#include <tests/support/sealed.hpp>

using namespace perdure;
using namespace tests;

namespace {
const sealed_format format{.kind = "TEST", .version = 3, .reader_version_min = 2};

result<bytes> begun(sealed_writer& frame) {
  (void)frame.head();
  return frame.begin("a", 2);
}
}  // namespace

TEST_CASE("sealed_writer: announced or patched afterwards, the bytes are the same") {
  for (const std::size_t size : {0U, 1U, 43U, 44U, 45U, 64U, 5000U}) {
    const sections all{{"first", std::string(size, 'a')}, {std::string(128, 'n'), "b"}, {"first", ""}};
    CHECK(sealed(format, all) == sealed(format, all, false));
    CHECK(read_in_place(sealed(format, all), {.kind = "TEST", .version = 2, .file_bytes_max = 1 << 20}).all == all);
  }
}

TEST_CASE("sealed_writer: what was announced is what has to come") {
  sealed_writer more(format);
  REQUIRE(begun(more));
  CHECK(more.add("abc").error().code() == code::invalid_argument);
  CHECK_FALSE(more.add("ab"));  // nothing helps afterwards
  CHECK_FALSE(more.end());
  CHECK_FALSE(more.seal());
  CHECK_FALSE(more.is_sealed());
  sealed_writer fewer(format);
  REQUIRE(begun(fewer));
  REQUIRE(fewer.add("a"));
  CHECK(fewer.end().error().code() == code::invalid_argument);
}

TEST_CASE("sealed_writer: calls out of order, names that are none and versions that contradict each other are refused") {
  sealed_writer no_head(format);
  CHECK_FALSE(no_head.begin("a", 1));
  sealed_writer twice(format);
  REQUIRE(begun(twice));
  CHECK_FALSE(twice.begin("b", 1));
  sealed_writer open(format);
  REQUIRE(begun(open));
  CHECK_FALSE(open.seal());
  sealed_writer nameless(format);
  REQUIRE(nameless.head());
  CHECK(nameless.begin("", 1).error().code() == code::invalid_argument);
  sealed_writer long_name(format);
  REQUIRE(long_name.head());
  CHECK(long_name.begin(std::string(129, 'n'), 1).error().code() == code::too_large);
  CHECK_FALSE(sealed_writer({.kind = "TEST", .version = 1, .reader_version_min = 2}).head());
  CHECK_FALSE(sealed_writer({.kind = "TEST", .version = 0, .reader_version_min = 0}).head());
}

TEST_CASE("sealed_writer: nothing is to be patched where the size was known") {
  sealed_writer frame(format);
  REQUIRE(begun(frame));
  REQUIRE(frame.add("ab"));
  REQUIRE(frame.end());
  CHECK(frame.patch().content.empty());
}
