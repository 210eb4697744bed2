// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/path.hpp>

#include <tests/support/catch.hpp>

#include <filesystem>
#include <string>
#include <string_view>

using perdure::path_buffer;
using perdure::path_view;
using perdure::split_path;

namespace {
struct slash_fs {};
struct windows_fs {
  static constexpr bool is_separator(char c) { return c == '/' || c == '\\'; }
  static constexpr std::size_t path_capacity = 8;
};
std::string text(path_view view) { return {view.data(), view.size()}; }
template <class F>
std::string split(path_view path) {
  const auto parts = split_path<F>(path);
  return text(parts.parent) + "|" + text(parts.name);
}
}  // namespace

TEST_CASE("path: every spelling of a path converts at the call site") {
  const auto size = [](path_view path) { return path.size(); };
  char buffer[64] = "five5";
  const char* c_string = "four";
  CHECK(size("abc") == 3);
  CHECK(size("a\0b") == 3);
  CHECK(size(buffer) == 5);
  CHECK(size(c_string) == 4);
  CHECK(size(std::string("123456")) == 6);
  CHECK(size(std::string_view("1234567")) == 7);
  CHECK(size(std::filesystem::path("12345678")) == 8);
  CHECK(size(u8"\u00e4") == 2);
  CHECK(size(std::u8string(u8"123")) == 3);
  CHECK(path_view().empty());
}

TEST_CASE("path: it splits into a parent that is never empty and a name") {
  CHECK(split<slash_fs>("a/b") == "a|b");
  CHECK(split<slash_fs>("b") == ".|b");
  CHECK(split<slash_fs>("/b") == "/|b");
  CHECK(split<slash_fs>("a//b") == "a|b");
  CHECK(split<slash_fs>("//b") == "/|b");
  CHECK(split<slash_fs>("a/") == "a|");
  CHECK(split<slash_fs>("/") == "/|");
  CHECK(split<slash_fs>("") == ".|");
  CHECK(split<slash_fs>("a/b/c") == "a/b|c");
  CHECK(split<slash_fs>("a\\b") == ".|a\\b");
  CHECK(split<windows_fs>("a\\b") == "a|b");
  CHECK(split<windows_fs>("a/b\\c") == "a/b|c");
}

TEST_CASE("path: a buffer joins in place, and what does not fit is not written") {
  path_buffer<8> buffer;
  CHECK(text(buffer.join("ab", "cd")) == "ab/cd");
  CHECK(text(buffer.join("ab/", "cd")) == "ab/cd");
  CHECK(text(buffer.join("/", "cd")) == "/cd");
  CHECK(text(buffer.join(".", "cd")) == "cd");
  CHECK(text(buffer.join("", "cd")) == "cd");
  CHECK(buffer.join("abcd", "efg").ok());
  CHECK_FALSE(buffer.join("abcd", "efgh").ok());
  CHECK_FALSE(buffer.append("x").ok());
  CHECK(buffer.join("a", "b").ok());
  buffer.truncate(1);
  CHECK(std::string(buffer.c_str()) == "a");
  buffer.truncate(9);
  CHECK(buffer.size() == 1);
}

TEST_CASE("path: a model says what separates and how long a path may be") {
  CHECK(perdure::detail::path_capacity<slash_fs>() == 4096);
  CHECK(perdure::detail::path_capacity<windows_fs>() == 8);
  CHECK(path_view("abc").from(1) == path_view("bc"));
  CHECK(path_view("abc").from(9).empty());
  CHECK_FALSE(path_view("abc") == path_view("abd"));
}
