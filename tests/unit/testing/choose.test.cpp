// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/choose.hpp>

#include <tests/support/catch.hpp>

#include <set>
#include <string>

using perdure::testing::choice_source;
using perdure::testing::replay_token;
using perdure::testing::tape;

TEST_CASE("choose: goes through every path once, depth first") {
  choice_source source;
  std::vector<std::string> paths;
  std::vector<std::size_t> changed;
  do {
    std::string path;
    path += static_cast<char>('a' + source.choose(2));
    CHECK(source.choose(1) == 0);
    if (path == "b") path += static_cast<char>('a' + source.choose(3));
    paths.push_back(path);
    changed.push_back(source.changed_at());
  } while (source.next());
  CHECK(paths == std::vector<std::string>{"a", "ba", "bb", "bc"});
  CHECK(changed == std::vector<std::size_t>{0, 0, 1, 1});
}

TEST_CASE("choose: a tape gives the same run, once, and says where it does not fit") {
  choice_source source(tape{1, 2});
  CHECK(source.choose(2) == 1);
  CHECK(source.choose(3) == 2);
  CHECK(source.choose(5) == 0);
  CHECK(source.answers() == tape{1, 2, 0});
  CHECK_FALSE(source.differs());
  CHECK_FALSE(source.next());
  source.restart();
  CHECK(source.choose(2) == 1);
  choice_source other(tape{7});
  CHECK(other.choose(3) == 2);
  CHECK(other.differs());
}

TEST_CASE("choose: a token is read as it was printed, with or without the word before it") {
  const replay_token token{{7, 2, 0, 1}, 0x9f3c};
  CHECK(token.text() == "7.2.0.1/9f3c");
  for (const char* text : {"7.2.0.1/9f3c", "replay: 7.2.0.1/9f3c", "a line\n  replay: 7.2.0.1/9f3c\nanother"}) {
    const auto read = replay_token::parse(text);
    CHECK(read.digits == token.digits);
    CHECK(read.digest == token.digest);
  }
  CHECK(replay_token::parse("7.2.0.1").digits == token.digits);
  CHECK(replay_token::parse("7.2.0.1").digest == 0);
  const replay_token long_one{{0, 0, 0, 0, 0, 7, 1, 1, 1, 2, 2, 2, 2}, 0x12};
  CHECK(long_one.text() == "0*5.7.1.1.1.2*4/0012");
  CHECK(replay_token::parse(long_one.text()).digits == long_one.digits);
  CHECK(replay_token::parse("0*99999999").digits.size() == 1'000'000);
  CHECK(replay_token::parse("nothing here").digits.empty());
}

TEST_CASE("choice_source: behind its depth it goes the first way alone, and says that there were others") {
  const auto paths = [](std::size_t depth, bool& left_out) {
    choice_source source;
    source.go_no_deeper_than(depth);
    std::vector<tape> all;
    do {
      tape one;
      for (const std::uint32_t ways : {2U, 1U, 3U, 2U}) one.push_back(source.choose(ways));
      all.push_back(one);
      CHECK(source.answers().size() <= depth);
    } while (source.next());
    left_out = source.left_out();
    return all;
  };
  bool left_out = false;
  CHECK(paths(3, left_out).size() == 12);
  CHECK_FALSE(left_out);
  CHECK(paths(1, left_out) == std::vector<tape>{{0, 0, 0, 0}, {1, 0, 0, 0}});
  CHECK(left_out);
}
