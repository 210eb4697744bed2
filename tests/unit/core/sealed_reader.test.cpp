// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/sealed_reader.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/sealed.hpp>

using namespace perdure;
using namespace tests;

namespace {
const sealed_format format{.kind = "TEST", .version = 3, .reader_version_min = 2};
const sections three{{"meta", "{}"}, {"graph", std::string(300, 'g')}, {"none", ""}};
sealed_reading reading() { return {.kind = "TEST", .version = 3, .file_bytes_max = 1 << 20}; }
}  // namespace

TEST_CASE("sealed_reader: in pieces of any size the same sections come out") {
  const std::string file = sealed(format, three);
  for (std::size_t size = 1; size <= file.size(); ++size) {
    const unsealed found = read_in_pieces(file, reading(), size);
    CHECK(found.refusal == "");
    CHECK(found.all == three);
  }
}

TEST_CASE("sealed_reader: what does not end with a seal is not finished, and what follows one is refused") {
  const std::string file = sealed(format, three);
  for (std::size_t size = 0; size < file.size(); ++size) {
    CHECK(read_in_pieces(file.substr(0, size), reading(), 7).why.code() == code::corrupt);
  }
  CHECK(read_in_pieces(file + "x", reading(), 7).refusal ==
        told(code::corrupt, "file size at byte " + std::to_string(file.size())));
}

TEST_CASE("sealed_reader: once refused, it goes on refusing") {
  sealed_reader reader(reading());
  bytes piece = "this is not a sealed file, but it is long enough";
  const auto refused = reader.next(piece);
  REQUIRE_FALSE(refused);
  CHECK(told(refused.error()) == told(code::corrupt, "magic at byte 0"));
  piece = "x";
  CHECK_FALSE(reader.next(piece));
  CHECK_FALSE(reader.finish());
}

TEST_CASE("sealed_reader: a size that cannot fit is refused before a byte of it has come") {
  for (const std::uint64_t hostile : {std::uint64_t{1} << 20, std::uint64_t{1} << 62, UINT64_MAX - 1}) {
    sealed_writer frame(format);
    std::string file = text_of(*frame.head());
    file += text_of(*frame.begin("a", hostile));
    CHECK(read_in_pieces(file, reading(), 5).refusal == told(code::too_large, "section size at byte 40"));
    sealed_reading how = reading();
    how.file_bytes_max = UINT64_MAX;
    CHECK(read_in_pieces(file, how, 5).why.code() == (hostile == UINT64_MAX - 1 ? code::too_large : code::corrupt));
  }
}

TEST_CASE("sealed_reader: limits and unknown sections are refused as the view refuses them") {
  const std::string file = sealed(format, three);
  sealed_reading how = reading();
  how.sections_max = 2;
  CHECK(read_in_pieces(file, how, 9).why.code() == code::too_large);
  how = reading();
  how.file_bytes_max = file.size() - 1;
  CHECK(read_in_pieces(file, how, 9).why.code() == code::too_large);
  how = reading();
  const bytes known[] = {"meta", "none"};
  how.known = known;
  how.known_count = 2;
  how.unknown_sections = unknown_sections::refuse;
  CHECK(read_in_pieces(file, how, 9).refusal == read_in_place(file, how).refusal);
}
