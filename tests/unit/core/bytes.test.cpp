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
}  // namespace

TEST_CASE("bytes: a literal is its characters without the closing NUL, embedded ones included") {
  CHECK(bytes("abc").size() == 3);
  CHECK(bytes("a\0b").size() == 3);
  CHECK(bytes("").empty());
  CHECK(bytes(u8"\u00e4").size() == 2);
  const unsigned char raw[3] = {1, 2, 0};
  CHECK(bytes(raw).size() == 3);
}

TEST_CASE("bytes: every byte-like range converts at the call site") {
  const auto size = [](bytes view) { return view.size(); };
  const char* c_string = "four";
  const std::string string = "12345";
  const std::vector<unsigned char> vector(6);
  const std::array<std::byte, 7> array{};
  CHECK(size(c_string) == 4);
  CHECK(size(string) == 5);
  CHECK(size(std::string_view(string)) == 5);
  CHECK(size(vector) == 6);
  CHECK(size(array) == 7);
  CHECK(size(std::span<const std::byte>(array)) == 7);
  CHECK(size(std::u8string(u8"12345678")) == 8);
  std::string writable = "x";
  const mutable_bytes view = writable;
  CHECK(size(view) == 1);
}

TEST_CASE("bytes: first and from stay inside the view") {
  const bytes view = "abcdef";
  CHECK(text_of(view.first(2)) == "ab");
  CHECK(text_of(view.first(99)) == "abcdef");
  CHECK(text_of(view.from(4)) == "ef");
  CHECK(view.from(6).empty());
  CHECK(view.from(99).empty());
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
  CHECK(bytes() == bytes(""));
}

TEST_CASE("bytes: bytes_of shows the memory of a value and of a range") {
  const std::uint32_t one = 1;
  CHECK(bytes_of(one).size() == 4);
  const std::vector<float> many(3, 1.5F);
  CHECK(bytes_of(many).size() == 12);
  float first = 0;
  std::memcpy(&first, bytes_of(many).data(), sizeof(first));
  CHECK(first == 1.5F);
}

static_assert(!std::is_constructible_v<mutable_bytes, const std::string&>);
static_assert(!std::is_constructible_v<bytes, std::vector<int>&>);
static_assert(!std::is_constructible_v<bytes, char (&)[4]>);
