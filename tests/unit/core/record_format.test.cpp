// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/record_format.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;
using namespace perdure::detail;

namespace {
record_head head_at(const record_place& place) {
  record_head head{};
  head.mark = record_mark;
  head.payload_bytes = 3;
  head.sequence = 7;
  head.durable = 72;
  head.checksum = checksum_of(head, place);
  return head;
}
}  // namespace

TEST_CASE("record_format: a frame is sound at its own place and nowhere else") {
  const record_place here{1, 2, 100};
  const record_head head = head_at(here);
  CHECK(is_sound(head, here));
  CHECK_FALSE(is_sound(head, {2, 2, 100}));
  CHECK_FALSE(is_sound(head, {1, 3, 100}));
  CHECK_FALSE(is_sound(head, {1, 2, 101}));
}

TEST_CASE("record_format: each flipped bit of a frame's head is seen, and zeros are no frame") {
  const record_place here{1, 2, 100};
  const record_head head = head_at(here);
  for (std::size_t bit = 0; bit < sizeof(head) * 8; ++bit) {
    record_head other = head;
    reinterpret_cast<unsigned char*>(&other)[bit / 8] ^= static_cast<unsigned char>(1 << bit % 8);
    CHECK_FALSE(is_sound(other, here));
  }
  CHECK_FALSE(is_sound(record_head{}, here));
}

TEST_CASE("record_format: a frame that says that more was durable than stood before it is none") {
  const record_place early{1, 2, 71};
  CHECK_FALSE(is_sound(head_at(early), early));
}

TEST_CASE("record_format: a segment's head is of its number, of its kind and whole") {
  segment_head head{};
  head.kind = "TEST";
  head.segment = 3;
  head.first = 1;
  head.published = 72;
  finish(head);
  CHECK(decode_segment_head(stored_bytes(head), "TEST", 3));
  CHECK(decode_segment_head(stored_bytes(head), "TEST", 4).error().code() == code::corrupt);
  CHECK(decode_segment_head(stored_bytes(head), "ELSE", 3).error().code() == code::corrupt);
  CHECK(decode_segment_head(stored_bytes(head).first(71), "TEST", 3).error().code() == code::corrupt);
  for (std::size_t bit = 0; bit < sizeof(head) * 8; ++bit) {
    segment_head other = head;
    reinterpret_cast<unsigned char*>(&other)[bit / 8] ^= static_cast<unsigned char>(1 << bit % 8);
    CHECK(decode_segment_head(stored_bytes(other), "TEST", 3).error().code() == code::corrupt);
  }
  head.layout = 2;
  head.layout_reader_min = 2;
  head.checksum = crc32c(before_checksum(head));
  CHECK(decode_segment_head(stored_bytes(head), "TEST", 3).error().code() == code::version_unsupported);
}
