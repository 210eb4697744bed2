// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/key.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

namespace {
enum code refused(const std::string& key, std::size_t size_max = 512) {
  const auto checked = check_key(key, operation::put, size_max);
  return checked ? static_cast<enum code>(0) : checked.error().code();
}
constexpr auto fine = static_cast<enum code>(0);
}  // namespace

TEST_CASE("key: text without a NUL is one, of whatever characters") {
  for (const char* const good : {"a", "/", "..", "a//b", "\x7f", "\x01", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                 "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    CHECK(refused(good) == fine);
  CHECK(refused(std::string(512, 'x')) == fine);
}

TEST_CASE("key: what is no text, or too long, is refused, and says of which call and key") {
  CHECK(refused("") == code::invalid_argument);
  CHECK(refused(std::string("a\0", 2)) == code::invalid_argument);
  for (const char* const bad :
       {"\x80", "a\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x20", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xf0\x9f\x98"})
    CHECK(refused(bad) == code::invalid_argument);
  CHECK(refused(std::string(513, 'x')) == code::too_large);
  const auto why = check_key("ab", operation::head, 1).error();
  CHECK((why.operation() == operation::head && why.path() == bytes("ab") && why.doubt() == doubt::none));
}

TEST_CASE("key: a prefix may be empty") {
  CHECK(check_prefix("", operation::list_objects, 512));
  CHECK_FALSE(check_prefix("\xc3", operation::list_objects, 512));
}

TEST_CASE("key: keys are ordered byte by byte, as unsigned ones") {
  CHECK(detail::compare_keys("a", "a") == 0);
  CHECK(detail::compare_keys("a", "ab") < 0);
  CHECK(detail::compare_keys("b", "ab") > 0);
  CHECK(detail::compare_keys("z", "\xc3\xa4") < 0);
  CHECK(detail::compare_keys("", "a") < 0);
  CHECK((detail::begins_with("ab", "a") && detail::begins_with("ab", "") && !detail::begins_with("a", "ab")));
}
