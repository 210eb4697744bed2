// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// The golden files of the frames, byte for byte, and what is refused of them. tests/golden/make.py made them, from the byte
// tables.

#include <perdure/core/frame.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/golden.hpp>
#include <tests/support/sealed.hpp>

#include <string>
#include <vector>

using namespace perdure;
using namespace tests;

namespace {

struct golden_sealed {
  const char* name;
  sealed_format format;
  sections all;
};
std::vector<golden_sealed> every_sealed() {
  std::string graph;
  for (int i = 0; i < 150; ++i) graph += static_cast<char>(i * 7 % 256);
  return {{"sealed_v1_empty", {.kind = "GOLD"}, {}},
          {"sealed_v1", {"GOLD", 3, 2}, {{"meta", "{\"dim\":3}"}, {"graph", graph}, {"empty", ""}}},
          {"sealed_v1_one", {.kind = "TEST"}, {{std::string(44, 'n'), "x"}}}};
}
sealed_reading reading_of(const golden_sealed& one) {
  return {.kind = one.format.kind, .version = one.format.version, .file_bytes_max = 1 << 16};
}

}  // namespace

TEST_CASE("golden: the sealed layout, version 1, is written and read to the byte") {
  for (const golden_sealed& one : every_sealed()) {
    INFO(one.name);
    const std::string file = golden(one.name);
    CHECK(sealed(one.format, one.all) == file);
    CHECK(read_in_place(file, reading_of(one)).all == one.all);
    for (const std::size_t size : {1U, 3U, 64U, 4096U}) CHECK(read_in_pieces(file, reading_of(one), size).all == one.all);
  }
}

TEST_CASE("golden: every truncation of a sealed file, and everything behind it, is refused with what and where") {
  for (const golden_sealed& one : every_sealed()) {
    const std::string file = golden(one.name);
    for (std::size_t size = 0; size <= file.size() + 3; ++size) {
      if (size == file.size()) continue;
      const std::string other = size < file.size() ? file.substr(0, size) : file + std::string(size - file.size(), 'x');
      INFO(one.name << " of " << size << " bytes");
      for (const unsealed& found : {read_in_place(other, reading_of(one)), read_in_pieces(other, reading_of(one), 16)}) {
        CHECK(found.why.code() == code::corrupt);
        CHECK(found.refusal.find(" at byte ") != std::string::npos);
      }
    }
  }
}

TEST_CASE("golden: every flipped bit of a sealed file is refused with what and where") {
  for (const golden_sealed& one : every_sealed()) {
    const std::string file = golden(one.name);
    for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
      std::string other = file;
      other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
      INFO(one.name << ", bit " << bit);
      for (const unsealed& found : {read_in_place(other, reading_of(one)), read_in_pieces(other, reading_of(one), 16)}) {
        CHECK(found.why.code() == code::corrupt);
        CHECK(found.refusal.find(" at byte ") != std::string::npos);
      }
    }
  }
}

TEST_CASE("golden: sections that changed places are refused") {
  const std::string file = sealed({.kind = "TEST"}, {{"a", std::string(30, '1')}, {"b", std::string(30, '2')}});
  const std::size_t second = file.find("SECT", file.find("SECT") + 1);
  // Both fill 64 bytes and a half, so that moved ones would not even be aligned: the same sections in the other order, sealed
  // anew.
  const std::string other = sealed({.kind = "TEST"}, {{"b", std::string(30, '2')}, {"a", std::string(30, '1')}});
  REQUIRE(other.size() == file.size());
  const std::string mixed = other.substr(0, other.size() - 24) + file.substr(file.size() - 24);
  const sealed_reading how{.kind = "TEST", .file_bytes_max = 1 << 16};
  CHECK(second != std::string::npos);
  CHECK(read_in_place(mixed, how).refusal == told(code::corrupt, "seal at byte " + std::to_string(file.size() - 24)));
  CHECK(read_in_pieces(mixed, how, 16).refusal == read_in_place(mixed, how).refusal);
}

TEST_CASE("golden: the frame of LHV1, to the byte") {
  std::string body;
  for (int i = 0; i < 40; ++i) body += static_cast<char>(i);
  const std::string envelope = "{\"dim\":3,\"metric\":\"l2\"}";
  const auto head = frame_head::of("LHV1", envelope.size());
  CHECK(text_of(*head) + envelope + body == golden("lhv1"));
  CHECK(text_of(*frame_head::of("LHV1", 0)) == golden("lhv1_empty"));
  const std::string file = golden("lhv1");
  const auto parts = decode_frame(file, "LHV1", {100, 100});
  REQUIRE(parts);
  CHECK(text_of(parts->envelope) == envelope);
  CHECK(text_of(parts->body) == body);
  CHECK(decode_frame(golden("lhv1_empty"), "LHV1", {0, 0}));
}
