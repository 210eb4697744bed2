// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/snapshot_head.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

namespace {

snapshot_entry entry(std::uint64_t generation) { return {generation, {sha256_of(bytes_of(generation))}}; }
std::string text_of(const snapshot_head& head) {
  char room[snapshot_head::size_bytes_max];
  const bytes text = encode_head(head, room);
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}

}  // namespace

TEST_CASE("snapshot_head: what is kept is the newest ones, newest first, and comes back as it was") {
  snapshot_head head;
  CHECK_FALSE(head.exists());
  for (const std::uint64_t generation : {1U, 2U, 9U, 10U}) head.add(entry(generation), 3);
  REQUIRE(head.count == 3);
  CHECK((head.entries[0] == entry(10) && head.entries[1] == entry(9) && head.entries[2] == entry(2)));
  const auto again = decode_head(text_of(head));
  REQUIRE(again);
  CHECK(std::equal(head.begin(), head.end(), again->begin(), again->end()));
  head.add(entry(UINT64_MAX), 0);
  CHECK((head.count == 1 && decode_head(text_of(head))->newest().generation == UINT64_MAX));
  for (std::uint64_t generation = 100; generation < 300; ++generation) head.add(entry(generation), 1000);
  CHECK((head.count == snapshot_head::snapshots_max && head.newest() == entry(299)));
  head.entries[63].generation = 1;
  CHECK(decode_head(text_of(head))->count == 64);
  snapshot_head one;
  one.add(entry(0), 1);
  CHECK(text_of(one) ==
        "{\"perdure_head\":1,\"snapshots\":[{\"generation\":0,\"manifest\":\"sha256:af5570f5a1810b7af78caf4bc70a660f0df51e42"
        "baf91d4de5b2328de0e83dfc\"}],\"crc32c\":\"" +
            text_of(one).substr(text_of(one).size() - 11));
}

TEST_CASE("snapshot_head: no byte can be altered, cut off or added unseen, and a later format is told as one") {
  snapshot_head head;
  head.add(entry(41), 2);
  head.add(entry(42), 2);
  const std::string whole = text_of(head);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    INFO(at);
    CHECK(decode_head(whole.substr(0, at)).error().code() == code::corrupt);
    for (const char flip : {'\x01', '\x04', '\x20'}) {
      std::string altered = whole;
      altered[at] = static_cast<char>(whole[at] ^ flip);
      CHECK_FALSE(decode_head(altered));
    }
  }
  CHECK(decode_head(whole + " ").error().code() == code::corrupt);
  CHECK(decode_head("{\"perdure_head\":2,\"anything\":1}").error().code() == code::version_unsupported);
  CHECK(decode_head("{\"perdure_head\":02").error().code() == code::corrupt);
  CHECK(decode_head("{\"perdure_head\":18446744073709551616").error().code() == code::corrupt);
  CHECK(decode_head("{\"version\":1,\"manifest\":\"x\"}").error().code() == code::corrupt);
  // Not in order, or more than there may be.
  std::swap(head.entries[0], head.entries[1]);
  CHECK(decode_head(text_of(head)).error().code() == code::corrupt);
}
