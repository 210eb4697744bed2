// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>

#include <tests/support/catch.hpp>

#include <set>
#include <string>
#include <string_view>

using namespace perdure;

TEST_CASE("describe: the sentence says operation, path, reason, system code and outcome") {
  const auto text = [](const failure& why) { return std::string(describe(why)); };
  const failure full = failure(code::no_space, operation::rename, 28).about("data/settings.json");
  CHECK(
      text(full) ==
      "rename of 'data/settings.json' failed: the disk is full or the quota is used up (system code 28). The old state stands.");
  CHECK(text(failure(code::io, operation::rename).with(doubt::visible)) ==
        "rename failed: the device or the system failed. It may have happened all the same: write again to be certain.");
  CHECK(text(failure(code::sync_lost, operation::sync_dir).with(doubt::durable)).find("a crash may undo it") !=
        std::string::npos);
  CHECK(text(failure(code::not_found, operation::stat).about("a")) ==
        "stat of 'a' failed: it is not there, or a directory on the way is missing.");
  CHECK(text(failure(code::io, operation::none, -5)).find("(system code -5)") != std::string::npos);
  CHECK(text(failure(code::io, operation::open).about(std::string(99, 'x'))).find("of '...x") != std::string::npos);
}

TEST_CASE("describe: every code and every operation has words of its own") {
  std::set<std::string_view> codes;
  for (int i = 1; i <= static_cast<int>(code::sync_lost); ++i) codes.insert(describe(static_cast<enum code>(i)));
  CHECK(codes.size() == static_cast<std::size_t>(code::sync_lost));
  CHECK(codes.count("an unknown failure") == 0);
  CHECK(std::string_view(describe(static_cast<enum code>(0))) == "an unknown failure");
  std::set<std::string_view> operations;
  for (int i = 0; i <= static_cast<int>(last_operation); ++i) operations.insert(describe(static_cast<enum operation>(i)));
  CHECK(operations.size() == static_cast<std::size_t>(last_operation) + 1);
}

TEST_CASE("describe: the longest sentence fits") {
  std::size_t longest = 0;
  for (int i = 1; i <= static_cast<int>(code::sync_lost); ++i) {
    for (int k = 0; k <= static_cast<int>(last_operation); ++k) {
      const failure why =
          failure(static_cast<enum code>(i), static_cast<enum operation>(k), INT32_MIN).about(std::string(99, 'x'));
      for (auto in_doubt : {doubt::none, doubt::visible, doubt::durable}) {
        const description text = describe(why.with(in_doubt));
        longest = text.size() > longest ? text.size() : longest;
        CHECK(text.c_str()[text.size()] == '\0');
        CHECK(text.data()[text.size() - 1] == '.');
      }
    }
  }
  CHECK(longest < description::size_max);
}

TEST_CASE("describe: no name breaks the line of a log, or ends the sentence") {
  const auto text = [](const std::string& name) { return describe(failure(code::not_found, operation::stat).about(name)); };
  const std::string expected = "stat of 'a?b' failed: it is not there, or a directory on the way is missing.";
  for (const char c : std::string("\0\x01\n\r\t\x1b\x1f\x7f", 8)) {
    INFO(int{c});
    CHECK(text(std::string("a") + c + "b").c_str() == expected);
  }
  CHECK(std::string(text("a \xc3\xa9~")).find("'a \xc3\xa9~'") != std::string::npos);
}

TEST_CASE("describe: what does not fit is left out, and the text stays ended") {
  description text;
  text.append(bytes(std::string(500, 'x')));
  CHECK(text.size() == description::size_max);
  CHECK(std::string(text.c_str()).size() == description::size_max);
}

TEST_CASE("describe: it converts to what a caller keeps or prints") {
  const failure why = failure(code::not_found, operation::open).about("a");
  const char expected[] = "open of 'a' failed: it is not there, or a directory on the way is missing. The old state stands.";
  std::string kept = describe(why);
  CHECK(kept == expected);
  kept = "before";
  kept = describe(why);
  CHECK(kept == expected);
  kept += describe(why);
  CHECK(kept.size() == 2 * (sizeof(expected) - 1));
  const description text = describe(why);
  const std::string_view view = text;
  CHECK(view == expected);
  CHECK((view.data() == text.c_str() && view.data() == text.data()));
  CHECK(bytes(text) == bytes(expected));
}

TEST_CASE("describe: the old state is spoken of where the call could have changed it, and a doubt is always told") {
  const std::set<enum operation> looks = {
      operation::read, operation::size,           operation::map, operation::lock, operation::stat,        operation::read_link,
      operation::list, operation::get_attributes, operation::get, operation::head, operation::list_objects, operation::load};
  for (int i = 0; i <= static_cast<int>(last_operation); ++i) {
    const auto operation = static_cast<enum operation>(i);
    const std::string_view name = describe(operation);
    INFO(name);
    const auto text = [&](enum doubt in_doubt) { return std::string(describe(failure(code::io, operation).with(in_doubt))); };
    CHECK(text(doubt::none).rfind(std::string(name) + " failed: ", 0) == 0);
    CHECK((text(doubt::none).find("The old state stands.") == std::string::npos) == (looks.count(operation) == 1));
    CHECK(text(doubt::visible).find("It may have happened all the same") != std::string::npos);
    CHECK(text(doubt::durable).find("a crash may undo it") != std::string::npos);
  }
}

TEST_CASE("describe: every number is written as it is") {
  for (const std::int32_t number : {1, -1, 9, 10, 99, 100, 1'000'000'000, INT32_MAX, INT32_MIN}) {
    description text;
    text.append(number);
    CHECK(std::string(text) == std::to_string(number));
  }
}
