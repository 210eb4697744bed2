// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/detail/percent.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;
using namespace perdure::detail;

namespace {
std::string path(path_view text) {
  path_buffer<4096> to;
  append_percent(to, text, slashes::stay);
  return to.c_str();
}
std::string value(path_view text) {
  path_buffer<4096> to;
  append_percent(to, text, slashes::are_encoded);
  return to.c_str();
}
}  // namespace

TEST_CASE("append_percent: a key is bytes, of which nothing is decoded and only what is unreserved stays") {
  CHECK(path("a/b") == "a/b");
  CHECK(value("a/b") == "a%2Fb");
  CHECK(path("a b") == "a%20b");
  CHECK(path("a+b") == "a%2Bb");
  CHECK(path("a%20b") == "a%2520b");
  CHECK(path(u8"\u00fc\U0001f600") == "%C3%BC%F0%9F%98%80");
  CHECK(path("//a/./../~-_.") == "//a/./../~-_.");
  CHECK(path("!*'();:@&=$,?#[]\\\"<>\t") == "%21%2A%27%28%29%3B%3A%40%26%3D%24%2C%3F%23%5B%5D%5C%22%3C%3E%09");
  CHECK(path(std::string(1024, '+')).size() == 3072);
  path_buffer<4> small;
  append_percent(small, "a++", slashes::stay);
  CHECK(!small.ok());
}

TEST_CASE("append_query: pairs are in the order of their encoded names") {
  query_pair pairs[] = {{"uploads", ""}, {"b", "2"}, {"a-", "x"}, {"a", "/"}, {"a", "+"}, {"\xc3\xbc", "1"}, {"A", "="}};
  path_buffer<128> to;
  append_query(to, pairs, 7);
  CHECK(std::string(to.c_str()) == "%C3%BC=1&A=%3D&a=%2B&a=%2F&a-=x&b=2&uploads=");
}

TEST_CASE("hex_byte: two digits of either case, or nothing") {
  CHECK(hex_byte('2', 'F') == 0x2f);
  CHECK(hex_byte('f', 'a') == 0xfa);
  CHECK(hex_byte('0', 'g') == -1);
  CHECK(hex_byte(' ', '0') == -1);
}
