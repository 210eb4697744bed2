// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/record_log.hpp>

#include <perdure/testing/fault_fs.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/logs.hpp>
#include <tests/support/models.hpp>

#include <set>

using namespace perdure;
using perdure::testing::fault_fs;
using tests::open_log;
using tests::replay;
using strings = std::vector<std::string>;

TEST_CASE("record_log: on every model, what was appended is found, and the next process goes on") {
  tests::for_each_model([](auto& fs, const std::string& dir, const auto& model) {
    INFO(model.name);
    const std::string path = dir + "/a/log";
    log_options how{.segment_bytes_max = 300, .at_least = model.best};
    if (!model.locks) {
      CHECK(open_log(fs, path, how).error().code() == code::unsupported);
      how.writers = writers::only_this;
    }
    strings expected;
    for (int round = 0; round < 4; ++round) {
      auto log = open_log(fs, path, how);
      REQUIRE(log);
      CHECK(log->next_sequence() == expected.size() + 1);
      for (int i = 0; i < 5; ++i) {
        expected.push_back("record " + std::to_string(expected.size()));
        const auto done = log->append(expected.back());
        REQUIRE(done);
        CHECK(done->last == expected.size());
        CHECK(done->durability == model.best);
      }
      const strings group{"a", std::string(500, 'b'), "c"};
      const std::vector<bytes> views(group.begin(), group.end());
      const auto done = log->append_all(views.data(), views.size(), durability::none);
      REQUIRE(done);
      CHECK(done->first == expected.size() + 1);
      CHECK(done->durability == durability::none);
      expected.insert(expected.end(), group.begin(), group.end());
      CHECK(log->first_unsynced() == expected.size() - 2);
      CHECK(*log->sync() == model.best);
      CHECK(log->first_unsynced() == expected.size() + 1);
    }
    CHECK(replay(fs, path).records == expected);
    CHECK(replay(fs, path).report.torn_bytes == 0);
  });
}

TEST_CASE("record_log: one writer at a time") {
  mem_fs fs;
  auto log = open_log(fs, "log");
  REQUIRE(log);
  CHECK(open_log(fs, "log").error().code() == code::busy);
  REQUIRE(log->append("one"));
  REQUIRE(log->append("two", durability::none));
  CHECK(*log->close() == durability::full);
  CHECK(open_log(fs, "log"));
  CHECK(log->append("three").error().code() == code::invalid_argument);
  CHECK(log->sync().error().code() == code::invalid_argument);
  CHECK(log->drop_before(2).error().code() == code::invalid_argument);
  CHECK(log->close().error().code() == code::invalid_argument);
  CHECK(replay(fs, "log").records == strings{"one", "two"});
}

TEST_CASE("record_log: what cannot be a record is refused, and nothing of its group is there") {
  mem_fs fs;
  auto log = open_log(fs, "log");
  CHECK(log->append("").error().code() == code::invalid_argument);
  CHECK(log->append_all(nullptr, 0).error().code() == code::invalid_argument);
  const std::string large(4096 - 47, 'l');
  const bytes group[] = {"one", large};
  CHECK(log->append_all(group, 2).error().code() == code::too_large);
  CHECK(replay(fs, "log").records.empty());
  CHECK(log->append(large.substr(1)));
  CHECK(replay(fs, "log").records.size() == 1);
}

TEST_CASE("record_log: an append that failed leaves nothing behind, and the next one is found") {
  for (const char* rule : {"write log/*.log nth 1 no_space short 60", "write log/*.log nth 1 io after"}) {
    mem_fs memory;
    fault_fs fs(memory);
    auto log = open_log(fs, "log");
    REQUIRE(log);
    REQUIRE(log->append("one"));
    fs.plan().add(rule);
    const bytes group[] = {"two", std::string_view("lost")};
    const auto refused = log->append_all(group, 2);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().outcome() == outcome::unchanged);
    CHECK(replay(fs, "log").records == strings{"one"});
    CHECK(replay(fs, "log").report.torn_bytes == 0);
    REQUIRE(log->append("two"));
    CHECK(replay(fs, "log").records == strings{"one", "two"});
  }
}

TEST_CASE("record_log: where an append cannot be undone, its segment ends before it") {
  mem_fs memory;
  fault_fs fs(memory);
  auto log = open_log(fs, "log");
  REQUIRE(log->append("one"));
  fs.plan().add("write log/*.log nth 1 io after");
  fs.plan().add("truncate ** nth 1 io");
  const auto refused = log->append("lost");
  CHECK(refused.error().outcome() == outcome::unchanged);
  CHECK(replay(fs, "log").report.segments == 2);
  CHECK(replay(fs, "log").records == strings{"one"});
  REQUIRE(log->append("two"));
  CHECK(replay(fs, "log").records == strings{"one", "two"});
}

TEST_CASE("record_log: after a failed sync the records are written again elsewhere, and that handle is not believed") {
  mem_fs memory;
  fault_fs fs(memory);
  auto log = open_log(fs, "log");
  REQUIRE(log->append("one"));
  REQUIRE(log->append("two", durability::none));
  fs.plan().add("sync log/0000000000000001.log nth 1 sync_lost");
  const auto done = log->append("three");
  REQUIRE(done);
  CHECK(done->durability == durability::full);
  CHECK(replay(fs, "log").report.segments == 2);
  CHECK(replay(fs, "log").records == strings{"one", "two", "three"});
  REQUIRE(log->append("four"));
  CHECK(replay(fs, "log").records == strings{"one", "two", "three", "four"});
}

TEST_CASE("record_log: opened again and again with nothing appended, it does not grow") {
  mem_fs fs;
  REQUIRE(open_log(fs, "log"));
  for (int i = 0; i < 5; ++i) REQUIRE(open_log(fs, "log"));
  CHECK(replay(fs, "log").report.segments == 1);
  REQUIRE(open_log(fs, "log")->append("one"));
  for (int i = 0; i < 5; ++i) REQUIRE(open_log(fs, "log"));
  CHECK(replay(fs, "log").report.segments == 2);
  CHECK(replay(fs, "log").records == strings{"one"});
}

TEST_CASE("record_log: what was torn stays behind, whatever is appended") {
  mem_fs fs;
  {
    auto log = open_log(fs, "log");
    for (const char* record : {"one", "two"}) REQUIRE(log->append(record));
  }
  const std::string path = "log/0000000000000001.log";
  const std::string whole = tests::get_from(fs, path);
  for (std::size_t size = 72 + 51; size < whole.size(); ++size) {
    mem_fs cut;
    REQUIRE(cut.make_dir("log"));
    REQUIRE(tests::put_into(cut, path, whole.substr(0, size)));
    {
      if (size > 123) CHECK_FALSE(open_log(cut, "log", {.torn_tail = torn_tail::refuse}));
      auto log = open_log(cut, "log");
      REQUIRE(log);
      REQUIRE(log->append("next"));
    }
    CHECK(replay(cut, "log").records == strings{"one", "next"});
    CHECK(replay(cut, "log", {.torn_tail = torn_tail::refuse}).records == strings{"one", "next"});
  }
}

TEST_CASE("record_log: dropped segments are removed, and do not matter when they come back") {
  mem_fs fs;
  const log_options small{.segment_bytes_max = 100};
  const std::string second = "log/0000000000000002.log";
  std::string old;
  {
    auto log = open_log(fs, "log", small);
    for (const char* record : {"one", "two", "three", "four"}) REQUIRE(log->append(record));
    old = tests::get_from(fs, second);
    REQUIRE(log->drop_before(1));
    CHECK(replay(fs, "log").records.size() == 4);
    REQUIRE(log->drop_before(3));
    REQUIRE(log->append("five"));
  }
  CHECK_FALSE(fs.stat(second));
  CHECK(replay(fs, "log").records == strings{"three", "four", "five"});
  REQUIRE(tests::put_into(fs, second, old));
  CHECK(replay(fs, "log").records == strings{"three", "four", "five"});
  {
    auto log = open_log(fs, "log", small);
    CHECK(log->next_sequence() == 6);
    CHECK_FALSE(fs.stat(second));
    REQUIRE(log->drop_before(100));
  }
  // What is in the segment that is written to stays: here the last record, which was written again when the log was opened.
  CHECK(replay(fs, "log").records == strings{"five"});
  CHECK(replay(fs, "log").report.next_sequence == 6);
  REQUIRE(fs.remove("log/start"));
  CHECK(replay(fs, "log").refusal ==
        tests::refusal_of(failure(code::corrupt, operation::list).about("log/0000000000000001.log")));
}
