// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/replay_log.hpp>

#include <perdure/fs/mem_fs.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/logs.hpp>
#include <tests/support/models.hpp>

using namespace perdure;
using tests::get_from;
using tests::put_into;
using tests::replay;
using strings = std::vector<std::string>;

namespace {

const std::string first = "log/0000000000000001.log";

// Three records that were synced one by one. The frame of the n-th begins at 72 + 51 * n.
void put_three(mem_fs& fs, const log_options& options = {}) {
  auto log = tests::open_log(fs, "log", options);
  REQUIRE(log);
  for (const char* record : {"one", "two", "six"}) REQUIRE(log->append(record));
}
std::string told(enum code code, const std::string& what) { return std::to_string(static_cast<int>(code)) + ": " + what; }

}  // namespace

TEST_CASE("replay_log: nothing is not an empty log") {
  mem_fs fs;
  CHECK(replay(fs, "log").refusal == told(code::not_found, "log"));
  REQUIRE(fs.make_dir("log"));
  CHECK(replay(fs, "log").refusal == "");
  CHECK(replay(fs, "log").records.empty());
}

TEST_CASE("replay_log: a torn tail is where the log ends, or is refused, as asked") {
  mem_fs fs;
  put_three(fs);
  const std::string whole = get_from(fs, first);
  for (std::size_t size = 72 + 102; size < whole.size(); ++size) {
    REQUIRE(put_into(fs, first, whole.substr(0, size)));
    const auto found = replay(fs, "log");
    CHECK(found.refusal == "");
    CHECK(found.records == strings{"one", "two"});
    CHECK(found.report.torn_bytes == size - 174);
    const auto refused = replay(fs, "log", {.torn_tail = torn_tail::refuse});
    if (size == 174) {
      CHECK(refused.refusal == "");
    } else {
      CHECK(refused.refusal == told(code::corrupt, first + ": torn tail at byte 174"));
    }
  }
}

TEST_CASE("replay_log: zeros, garbage and pieces of frames behind the last record are no records") {
  mem_fs fs;
  put_three(fs);
  const std::string whole = get_from(fs, first);
  const std::string last = whole.substr(174);
  for (const std::string& tail :
       {std::string(5000, '\0'), std::string(5000, '\xff'), std::string("RECD"), last, last + last, whole}) {
    REQUIRE(put_into(fs, first, whole + tail));
    CHECK(replay(fs, "log").refusal == "");
    CHECK(replay(fs, "log").records == strings{"one", "two", "six"});
  }
}

TEST_CASE(
    "replay_log: damage to what a later record knows to be durable is corrupt, each bit of it, and never the end of the log") {
  mem_fs fs;
  put_three(fs);
  const std::string whole = get_from(fs, first);
  for (std::size_t bit = 0; bit < 174 * 8; ++bit) {
    std::string other = whole;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    REQUIRE(put_into(fs, first, other));
    const auto found = replay(fs, "log");
    INFO("bit " << bit);
    CHECK(found.refusal.substr(0, 3) == told(code::corrupt, "").substr(0, 3));
    if (bit >= 72 * 8) {
      const std::size_t frame = (bit / 8 - 72) / 51;
      CHECK(found.refusal == told(code::corrupt, first + ": record at byte " + std::to_string(72 + 51 * frame)));
      CHECK(found.records.size() == frame);
    }
  }
}

TEST_CASE("replay_log: a record that was never synced may be gone though a later one of the same sync is there") {
  mem_fs fs;
  {
    auto log = tests::open_log(fs, "log");
    REQUIRE(log->append("one"));
    for (const char* record : {"two", "six"}) REQUIRE(log->append(record, durability::none));
  }
  std::string whole = get_from(fs, first);
  whole[72 + 51 + 48] ^= 1;
  REQUIRE(put_into(fs, first, whole));
  const auto found = replay(fs, "log");
  CHECK(found.refusal == "");
  CHECK(found.records == strings{"one"});
  CHECK(found.report.torn_bytes == 102);
}

TEST_CASE("replay_log: a segment that is missing, of another log or out of its place is corrupt") {
  mem_fs fs;
  put_three(fs, {.segment_bytes_max = 100});
  const std::string second = "log/0000000000000002.log";
  CHECK(replay(fs, "log").report.segments == 3);
  const std::string kept = get_from(fs, second);
  REQUIRE(fs.remove(second));
  CHECK(replay(fs, "log").refusal == told(code::corrupt, second));
  REQUIRE(put_into(fs, second, get_from(fs, first)));
  CHECK(replay(fs, "log").refusal == told(code::corrupt, second + ": segment head at byte 0"));
  mem_fs other;
  put_three(other, {.segment_bytes_max = 100});
  REQUIRE(put_into(fs, second, get_from(other, second)));
  CHECK(replay(fs, "log").refusal == told(code::corrupt, second + ": segment head at byte 0"));
  REQUIRE(put_into(fs, second, kept.substr(0, kept.size() - 1)));
  CHECK(replay(fs, "log").refusal == told(code::corrupt, second + ": record at byte 72"));
  REQUIRE(put_into(fs, second, ""));
  CHECK(replay(fs, "log").refusal == told(code::corrupt, second + ": segment head at byte 0"));
  REQUIRE(put_into(fs, second, kept));
  CHECK(replay(fs, "log").records.size() == 3);
}

TEST_CASE("replay_log: the window is all the memory there is, and a record that it cannot hold is too large, not torn") {
  mem_fs fs;
  put_three(fs);
  CHECK(replay(fs, "log", {}, 73).records.size() == 3);
  CHECK(replay(fs, "log", {}, 72).refusal == told(code::invalid_argument, "log"));
  {
    auto log = tests::open_log(fs, "log");
    REQUIRE(log->append(std::string(200, 'l')));
  }
  CHECK(replay(fs, "log", {}, 247).refusal == told(code::too_large, "log/0000000000000002.log: record at byte 123"));
  CHECK(replay(fs, "log", {}, 248).records.size() == 4);
}

TEST_CASE("replay_log: it begins where it is asked to, and stops when it is told to") {
  mem_fs fs;
  put_three(fs, {.segment_bytes_max = 100});
  CHECK(replay(fs, "log", {.from = 2}).records == strings{"two", "six"});
  CHECK(replay(fs, "log", {.from = 4}).records.empty());
  CHECK(replay(fs, "log", {.from = 4}).report.next_sequence == 4);
  char window[200];
  const auto stopped = replay_log(fs, "log", {}, window, [](const log_record&) { return visit::stop; });
  CHECK(stopped.error().code() == code::cancelled);
  CHECK(replay(fs, "log", {.kind = "ELSE"}).refusal == told(code::corrupt, first + ": kind at byte 8"));
}
