// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/fault_rule.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;
using testing::fault_rule;

namespace {
std::string printed(const std::string& line) {
  std::string why;
  const auto rule = fault_rule::parse(line, why);
  return rule ? rule->text() : "refused: " + why;
}
}  // namespace

TEST_CASE("fault_rule: a line prints as it was parsed, whatever it says") {
  for (const std::string line : {"write **.log nth 2 no_space short 3",
                                 "sync ** from 3 sync_lost drop",
                                 "sync ** nth 1 sync_lost clean",
                                 "sync_all ** sync_lost clean",
                                 "sync_dir ** sync_lost clean",
                                 "rename ** io after",
                                 "open ** busy errno 24",
                                 "sync_dir ** lie",
                                 "sync_all ** lie",
                                 "read **/idx flip 1203",
                                 "read log zero 4096+512",
                                 "* data/** chance 0.01 seed 7 io",
                                 "write ** slow 50",
                                 "capacity 65536",
                                 "close * times 2 io doubt visible",
                                 "write a?c no_space short 0",
                                 "stat ** nth 18446744073709551615 permission",
                                 "read x flip 0",
                                 "* ** chance 0.000001 io",
                                 "put ** timed_out after",
                                 "put a/** nth 2 timed_out late 0",
                                 "remove_object ** timed_out late 3",
                                 "get ** io short 10",
                                 "list_objects ** io short 0",
                                 "list_objects ** stale 2",
                                 "put ** conflict errno 412 after",
                                 "head ** times 1 busy errno 503"}) {
    CHECK(printed(line) == line);
  }
  CHECK(printed("  rename\t**   io  after # a comment") == "rename ** io after");
  CHECK(printed("* ** chance 1 io") == "* ** io");
}

TEST_CASE("fault_rule: a value prints the line that parses to it") {
  const fault_rule rule{.operation = operation::write, .path = "a*", .nth = 4, .fails = code::no_space, .short_bytes = 7};
  CHECK(rule.text() == "write a* nth 4 no_space short 7");
  for (std::size_t i = 1; i <= static_cast<std::size_t>(last_operation); ++i) {
    const fault_rule one{.operation = static_cast<enum operation>(i), .fails = code::io};
    std::string why;
    const auto again = fault_rule::parse(one.text(), why);
    REQUIRE(again);
    CHECK(again->operation == one.operation);
  }
  for (std::size_t i = 1; i <= static_cast<std::size_t>(code::sync_lost); ++i) {
    const fault_rule one{.fails = static_cast<enum code>(i)};
    std::string why;
    const auto again = fault_rule::parse(one.text(), why);
    REQUIRE(again);
    CHECK(again->fails == one.fails);
  }
}

TEST_CASE("fault_rule: what makes no sense is refused, and told") {
  for (const std::string line : {"",
                                 "*",
                                 "write",
                                 "write **",
                                 "explode ** io",
                                 "write ** nonsense",
                                 "write ** io io",
                                 "write ** io nth",
                                 "write ** io nth x",
                                 "write ** io nth 3x",
                                 "sync ** lie io",
                                 "rename ** lie",
                                 "read ** io short 1",
                                 "write ** short 1",
                                 "sync ** drop",
                                 "write ** no_space drop",
                                 "sync ** clean",
                                 "sync ** sync_lost drop clean",
                                 "rename ** sync_lost clean",
                                 "write ** flip 3",
                                 "read ** zero 3",
                                 "read ** zero 3-4",
                                 "* ** chance 1.5 io",
                                 "* ** chance 0.0000001 io",
                                 "* ** after",
                                 "stat ** errno 5",
                                 "write ** no_space short 1 after",
                                 "capacity",
                                 "capacity many",
                                 "capacity 1 more",
                                 "close ** io doubt maybe",
                                 "open ** io nth 18446744073709551616"}) {
    INFO(line);
    CHECK(printed(line).rfind("refused: ", 0) == 0);
    CHECK(printed(line).size() > 12);
  }
}

TEST_CASE("fault_rule: a pattern matches whole paths, one component or any number") {
  const auto matches = [](const char* pattern, const char* path) {
    return fault_rule{.path = pattern, .fails = code::io}.concerns(operation::open, path);
  };
  CHECK((matches("**", "") && matches("**", "a") && matches("**", "/a/b") && matches("*", "a") && matches("*.log", "x.log")));
  CHECK((matches("a/*/c", "a/b/c") && matches("a/**", "a/b/c") && matches("**/c", "a/b/c") && matches("a?c", "abc")));
  CHECK_FALSE((matches("*", "a/b") || matches("*.log", "d/x.log") || matches("a?c", "a/c") || matches("a", "ab")));
  CHECK_FALSE((matches("ab", "a") || matches("**/c", "c") || matches("", "a")));
  CHECK_FALSE(fault_rule{.operation = operation::read, .fails = code::io}.concerns(operation::open, "a"));
  CHECK_FALSE(fault_rule{.capacity_bytes = 3}.concerns(operation::open, "a"));
}

TEST_CASE("fault_rule: a failure has the doubt that the laws of fs.hpp give it, and the errno of its code") {
  const auto doubt_of = [](const std::string& line, enum operation called) {
    std::string why;
    return fault_rule::parse(line, why)->answer(called, "p").doubt();
  };
  CHECK(doubt_of("rename ** io", operation::rename) == doubt::none);
  CHECK(doubt_of("rename ** io after", operation::rename) == doubt::visible);
  CHECK(doubt_of("write ** no_space short 1", operation::write) == doubt::visible);
  CHECK(doubt_of("sync ** sync_lost", operation::sync) == doubt::durable);
  CHECK(doubt_of("sync_dir ** unsupported", operation::sync_dir) == doubt::none);
  CHECK(doubt_of("close ** io", operation::close) == doubt::durable);
  CHECK(doubt_of("rename ** io doubt visible", operation::rename) == doubt::visible);
  const failure told = fault_rule{.fails = code::no_space}.answer(operation::write, "some/path");
  CHECK((told.code() == code::no_space && told.system_code() == ENOSPC && told.operation() == operation::write));
  CHECK(told.path() == bytes("some/path"));
  CHECK(fault_rule{.fails = code::busy, .system_code = EMFILE}.answer(operation::open, "").system_code() == EMFILE);
}
