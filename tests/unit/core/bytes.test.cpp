// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/bytes.hpp>

#include <tests/support/catch.hpp>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using perdure::bytes;
using perdure::bytes_of;
using perdure::mutable_bytes;

namespace {
std::string text_of(bytes view) { return {reinterpret_cast<const char*>(view.data()), view.size()}; }

template <class T>
concept has_bytes_of = requires(const T& value) { bytes_of(value); };
}  // namespace

TEST_CASE("bytes: a literal is its characters without the closing NUL, embedded ones included") {
  CHECK(bytes("abc").size() == 3);
  CHECK(text_of(bytes("a\0b")) == std::string("a\0b", 3));
  CHECK(bytes("").empty());
  CHECK(bytes("\0").size() == 1);
  CHECK(bytes(u8"\u00e4").size() == 2);
  const char unended[3] = {'a', 'b', 'c'};
  CHECK(text_of(bytes(unended)) == "abc");
  const unsigned char raw[3] = {1, 2, 0};
  CHECK(bytes(raw).size() == 3);
  unsigned char room[3] = {1, 2, 0};
  CHECK(bytes(room).size() == 3);
}

TEST_CASE("bytes: a C string ends at its first NUL, a string and a counted pointer do not") {
  const char* c_string = "a\0b";
  char in_a_buffer[8] = "xyz";
  char* writable = in_a_buffer;
  CHECK(text_of(c_string) == "a");
  CHECK(text_of(writable) == "xyz");
  CHECK(bytes(c_string, 3).size() == 3);
  CHECK(text_of(std::string("a\0b", 3)) == std::string("a\0b", 3));
  CHECK(bytes(std::string_view("\0\0", 2)).size() == 2);
}

TEST_CASE("bytes: every byte-like range converts at the call site, to the same memory") {
  const std::string string = "12345";
  const std::vector<unsigned char> vector(6);
  const std::vector<signed char> signed_vector(2);
  const std::array<std::byte, 7> array{};
  const std::array<char, 3> text = {'a', 'b', '\0'};
  const std::u8string utf8 = u8"12345678";
  const auto is = [](bytes view, const void* data, std::size_t size) { return view.data() == data && view.size() == size; };
  CHECK(is(string, string.data(), 5));
  CHECK(is(std::string_view(string), string.data(), 5));
  CHECK(is(vector, vector.data(), 6));
  CHECK(is(signed_vector, signed_vector.data(), 2));
  CHECK(is(array, array.data(), 7));
  CHECK(is(text, text.data(), 3));
  CHECK(is(std::span<const std::byte>(array), array.data(), 7));
  CHECK(is(utf8, utf8.data(), 8));
  CHECK(is(std::as_bytes(std::span(string)), string.data(), 5));
}

TEST_CASE("bytes: mutable_bytes is any memory that may be written to, and nothing else") {
  std::string string = "abc";
  std::vector<unsigned char> vector(6);
  std::array<std::byte, 7> array{};
  char chars[4] = "abc";
  std::byte raw[5] = {};
  char8_t utf8[2] = {};
  const auto is = [](mutable_bytes view, void* data, std::size_t size) { return view.data() == data && view.size() == size; };
  CHECK(is(string, string.data(), 3));
  CHECK(is(vector, vector.data(), 6));
  CHECK(is(array, array.data(), 7));
  CHECK(is(chars, chars, 4));
  CHECK(is(raw, raw, 5));
  CHECK(is(utf8, utf8, 2));
  CHECK(is(std::span<char>(string), string.data(), 3));
  CHECK(is(mutable_bytes(chars, 2), chars, 2));
  CHECK(is({}, nullptr, 0));
  const mutable_bytes view = string;
  *view.begin() = std::byte{'x'};
  CHECK(string == "xbc");
  CHECK(view.end() - view.begin() == 3);
  CHECK(text_of(view) == "xbc");
  CHECK(mutable_bytes().empty());
}

TEST_CASE("bytes: first and from stay inside the view") {
  const bytes view = "abcdef";
  CHECK(text_of(view.first(2)) == "ab");
  CHECK(text_of(view.first(99)) == "abcdef");
  CHECK(text_of(view.from(4)) == "ef");
  CHECK(view.from(6).empty());
  CHECK(view.from(99).data() == view.end());
  CHECK(bytes().from(1).empty());
  CHECK(bytes().first(1).empty());
  char room[4] = {'a', 'b', 'c', 'd'};
  const mutable_bytes into(room);
  CHECK(into.size() == 4);
  CHECK(into.first(9).size() == 4);
  CHECK(into.from(3).size() == 1);
  CHECK(into.from(9).empty());
}

TEST_CASE("bytes: equality is of content") {
  CHECK(bytes("ab") == bytes(std::string("ab")));
  CHECK_FALSE(bytes("ab") == bytes("ac"));
  CHECK_FALSE(bytes("ab") == bytes("abc"));
  CHECK_FALSE(bytes("a\0b") == bytes("a\0c"));
  CHECK(bytes() == bytes(""));
}

TEST_CASE("bytes: bytes_of shows the memory of a value and of a range") {
  const std::uint32_t one = 0x01020304;
  std::uint32_t back = 0;
  REQUIRE(bytes_of(one).size() == sizeof(back));
  std::memcpy(&back, bytes_of(one).data(), sizeof(back));
  CHECK(back == one);
  CHECK(static_cast<const void*>(bytes_of(one).data()) == &one);
  const std::vector<float> many(3, 1.5F);
  CHECK(bytes_of(many).size() == 12);
  CHECK(static_cast<const void*>(bytes_of(many).data()) == many.data());
  float first = 0;
  std::memcpy(&first, bytes_of(many).data(), sizeof(first));
  CHECK(first == 1.5F);
  CHECK(bytes_of(std::vector<double>()).empty());
  const std::array<std::uint16_t, 5> array{};
  CHECK(bytes_of(array).size() == 10);
  CHECK(bytes_of(std::span<const std::uint16_t>(array).first(2)).size() == 4);
  const int plain[3] = {};
  CHECK(bytes_of(plain).size() == sizeof(plain));
  const struct point {
    std::uint64_t x, y;
  } where = {1, 2};
  CHECK(bytes_of(where).size() == 16);
  const std::string text = "abc";
  CHECK(bytes_of(text) == bytes("abc"));
}

static_assert(has_bytes_of<int> && has_bytes_of<std::vector<int>>);
static_assert(!has_bytes_of<int*> && !has_bytes_of<const char*>);  // where it points is not what it is
static_assert(!has_bytes_of<std::vector<std::string>> && !has_bytes_of<std::vector<bool>>);

static_assert(!std::is_constructible_v<mutable_bytes, const std::string&>);
static_assert(!std::is_constructible_v<mutable_bytes, std::string_view>);
static_assert(!std::is_constructible_v<mutable_bytes, std::span<const char>>);
static_assert(!std::is_constructible_v<mutable_bytes, const char (&)[4]>);
static_assert(!std::is_constructible_v<mutable_bytes, bytes>);
static_assert(!std::is_constructible_v<bytes, std::vector<int>&>);
static_assert(!std::is_constructible_v<bytes, std::wstring&>);
static_assert(!std::is_constructible_v<bytes, std::vector<bool>&>);
static_assert(!std::is_constructible_v<bytes, const wchar_t (&)[4]>);
// A buffer of characters: nobody can tell its text from its padding.
static_assert(!std::is_constructible_v<bytes, char (&)[4]>);
static_assert(!std::is_constructible_v<bytes, char8_t (&)[4]>);
static_assert(std::is_trivially_copyable_v<bytes> && sizeof(bytes) == sizeof(void*) + sizeof(std::size_t));

TEST_CASE("bytes: back to what is made of characters and their number") {
  const bytes view("a\0b");
  CHECK(std::string(view) == std::string("a\0b", 3));
  CHECK(std::string_view(view).size() == 3);
  CHECK(std::string_view(view).data() == reinterpret_cast<const char*>(view.data()));
  CHECK(std::string(bytes()).empty());
  std::vector<std::string> all;
  all.emplace_back(view);
  CHECK(all[0].size() == 3);
}
static_assert(!std::is_convertible_v<bytes, std::string>);  // a copy is asked for
static_assert(!std::is_constructible_v<int, bytes>);
