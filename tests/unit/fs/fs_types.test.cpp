// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/fs_types.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

TEST_CASE("fs_types: a gather is one piece or several, and knows their sum") {
  const gather one("abc");
  CHECK((one.count() == 1 && one.size() == 3 && one.end() - one.begin() == 1));
  const gather copy = one;
  CHECK(*copy.begin() == bytes("abc"));
  const bytes parts[] = {"a", "", "bcd"};
  const gather many(parts, 3);
  CHECK((many.count() == 3 && many.size() == 4));
  CHECK(gather(parts, 0).size() == 0);
}

TEST_CASE("fs_types: a mapping is released once, by whoever holds it last") {
  static int released = 0;
  released = 0;
  const std::string text = "mapped";
  {
    mapping first(bytes(text), [](bytes) { ++released; });
    mapping second = detail::moved(first);
    CHECK(second.view() == bytes("mapped"));
    CHECK(first.view().empty());
    mapping third;
    third = detail::moved(second);
    CHECK(third.view().size() == 6);
    CHECK(released == 0);
  }
  CHECK(released == 1);
}

TEST_CASE("fs_types: sets of attributes are what was put in") {
  const auto set = attribute_set::mode | attribute_set::modified;
  CHECK((contains(set, attribute_set::mode) && contains(set, attribute_set::modified) && !contains(set, attribute_set::owner)));
  CHECK((nonce{1, 2, 3, 4} == nonce{1, 2, 3, 4}));
  CHECK_FALSE((backend_id{1, 2} == backend_id{1, 3}));
}
