// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// The golden files of the log, version 1: what they hold is found, and what is written is theirs to the byte.

#include <perdure/fs/mem_fs.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/golden.hpp>
#include <tests/support/logs.hpp>
#include <tests/support/models.hpp>

#include <cstring>

using namespace perdure;
using tests::golden;
using tests::replay;
using strings = std::vector<std::string>;

namespace {
const std::string first = "log/0000000000000001.log";
const std::string second = "log/0000000000000002.log";

void put_golden(mem_fs& fs) {
  (void)fs.make_dir("log");
  (void)tests::put_into(fs, first, golden("record_log_v1_1"));
  (void)tests::put_into(fs, second, golden("record_log_v1_2"));
}
}  // namespace

TEST_CASE("golden: the log, version 1, is read, dropped segments and all") {
  mem_fs fs;
  put_golden(fs);
  CHECK(replay(fs, "log", {.kind = "GOLD"}).records == strings{"one", "two", "three", "four"});
  REQUIRE(tests::put_into(fs, "log/start", golden("record_log_v1_start")));
  CHECK(replay(fs, "log", {.kind = "GOLD"}).records == strings{"three", "four"});
  auto log = tests::open_log(fs, "log", {.kind = "GOLD"});
  REQUIRE(log);
  CHECK(log->next_sequence() == 5);
  CHECK_FALSE(fs.stat(first));
}

TEST_CASE("golden: the log, version 1, is written to the byte") {
  // A log whose numbers come from its Fs: those are put into the golden one's places, with all checksums that hang on them.
  mem_fs fs;
  {
    auto log = tests::open_log(fs, "log", {.kind = "GOLD"});
    REQUIRE(log);
    for (const char* record : {"one", "two"}) REQUIRE(log->append(record));
  }
  const std::string written = tests::get_from(fs, first);
  std::string expected = golden("record_log_v1_1").substr(0, 72 + 102);
  REQUIRE(written.size() == expected.size());
  const auto head = detail::stored_at<detail::segment_head>(reinterpret_cast<const std::byte*>(written.data()));
  auto theirs = detail::stored_at<detail::segment_head>(reinterpret_cast<const std::byte*>(expected.data()));
  theirs.log = head.log;
  theirs.generation = head.generation;
  detail::finish(theirs);
  std::memcpy(expected.data(), &theirs, sizeof(theirs));
  std::uint32_t last = theirs.checksum;
  for (std::size_t at = 72; at < expected.size(); at += 51) {
    auto frame = detail::stored_at<detail::record_head>(reinterpret_cast<const std::byte*>(expected.data()) + at);
    frame.generation = head.generation;
    frame.previous = last;
    frame.checksum = last = detail::checksum_of(frame, {std::uint64_t{head.log}, std::uint64_t{1}, std::uint64_t{at}});
    std::memcpy(expected.data() + at, &frame, sizeof(frame));
  }
  CHECK(written == expected);
}

TEST_CASE("golden: every flipped bit of a segment that another one follows is refused, and of the last one what was durable") {
  const std::string whole[] = {golden("record_log_v1_1"), golden("record_log_v1_2")};
  const std::string names[] = {first, second};
  // Of the first segment three bytes and a head were not durable, and are in the second again.
  const std::size_t vouched[] = {174, 125};
  for (int segment = 0; segment < 2; ++segment) {
    for (std::size_t bit = 0; bit < vouched[segment] * 8; ++bit) {
      mem_fs fs;
      put_golden(fs);
      std::string other = whole[segment];
      other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
      REQUIRE(tests::put_into(fs, names[segment], other));
      const auto found = replay(fs, "log", {.kind = "GOLD"});
      INFO("segment " << segment + 1 << ", bit " << bit);
      CHECK(found.refusal.find(names[segment] + ": ") != std::string::npos);
      CHECK(found.refusal.find(" at byte ") != std::string::npos);
    }
  }
}

TEST_CASE("golden: every flipped bit and every truncation of a log's start is refused") {
  const std::string whole = golden("record_log_v1_start");
  mem_fs fs;
  put_golden(fs);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string other = whole;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    REQUIRE(tests::put_into(fs, "log/start", other));
    CHECK(replay(fs, "log", {.kind = "GOLD"}).refusal.find("log/start: ") != std::string::npos);
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    REQUIRE(tests::put_into(fs, "log/start", whole.substr(0, size)));
    CHECK(replay(fs, "log", {.kind = "GOLD"}).refusal.find("log/start: start at byte 0") != std::string::npos);
  }
  REQUIRE(tests::put_into(fs, "log/start", whole + "x"));
  CHECK(replay(fs, "log", {.kind = "GOLD"}).refusal.find("log/start: start at byte 0") != std::string::npos);
}

TEST_CASE("golden: a frame from before a failed append does not follow one from after it") {
  const std::string whole = golden("record_log_v1_1");
  const auto third = detail::stored_at<detail::record_head>(reinterpret_cast<const std::byte*>(whole.data()) + 174);
  for (const std::uint32_t attempt : {0U, 1U}) {
    detail::record_head frame = third;
    frame.payload_bytes = 1U;
    frame.payload_checksum = crc32c("4");
    frame.sequence = std::uint64_t{4};
    frame.previous = std::uint32_t{third.checksum};
    frame.attempt = attempt;
    frame.checksum = detail::checksum_of(frame, {std::uint64_t{77}, std::uint64_t{1}, std::uint64_t{whole.size()}});
    mem_fs fs;
    REQUIRE(fs.make_dir("log"));
    const bytes stored = detail::stored_bytes(frame);
    REQUIRE(tests::put_into(fs, first, whole + std::string(reinterpret_cast<const char*>(stored.data()), stored.size()) + "4"));
    CHECK(replay(fs, "log", {.kind = "GOLD"}).records.size() == 3 + attempt);
  }
}
