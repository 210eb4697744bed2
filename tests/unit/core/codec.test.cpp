// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/codec.hpp>

#include <tests/support/catch.hpp>

#include <string>
#include <vector>

namespace {

using namespace perdure;

struct point {
  int x;
  int y;
};
static_assert(Codec<memory_codec<point>, point>);
static_assert(Codec<bytes_codec<std::string>, std::string>);
static_assert(detail::is_same<default_codec<point>, memory_codec<point>>);
static_assert(detail::is_same<default_codec<std::vector<std::byte>>, bytes_codec<std::vector<std::byte>>>);
static_assert(!Codec<memory_codec<point>, int>);

template <class C, class T>
std::string encoded(const C& codec, const T& value) {
  std::string all;
  REQUIRE(codec.encode(value, [&](bytes piece) -> result<void> {
    all.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return {};
  }));
  return all;
}

TEST_CASE("codec: a value comes back as it was") {
  const memory_codec<point> points;
  const auto point_back = points.decode(encoded(points, point{3, -4}));
  REQUIRE(point_back);
  CHECK(point_back->x == 3);
  CHECK(point_back->y == -4);
  const bytes_codec<std::string> texts;
  for (const std::string& text : {std::string(), std::string("text"), std::string(3, '\0')}) {
    const auto text_back = texts.decode(encoded(texts, text));
    REQUIRE(text_back);
    CHECK(*text_back == text);
  }
}

TEST_CASE("codec: what is shown in place is what would be encoded, where the value lies") {
  const point one{3, -4};
  const std::string text = "some text that lies on the heap, for it is long";
  CHECK(memory_codec<point>().view(one) == bytes(encoded(memory_codec<point>(), one)));
  CHECK(memory_codec<point>().view(one).data() == reinterpret_cast<const std::byte*>(&one));
  CHECK(bytes_codec<std::string>().view(text) == bytes(text));
  CHECK(bytes_codec<std::string>().view(text).data() == reinterpret_cast<const std::byte*>(text.data()));
}

TEST_CASE("codec: memory of another size is corrupt") {
  const memory_codec<point> points;
  const std::string whole = encoded(points, point{1, 2});
  CHECK(points.decode(whole.substr(1)).error().code() == code::corrupt);
  CHECK(points.decode(whole + "x").error().code() == code::corrupt);
  CHECK(points.decode(bytes()).error().code() == code::corrupt);
}

TEST_CASE("codec: the failure of the sink is that of encode") {
  const auto full = [](bytes) -> result<void> { return failure(code::too_large, operation::commit); };
  CHECK(memory_codec<point>().encode({1, 2}, full).error().code() == code::too_large);
  CHECK(bytes_codec<std::string>().encode("x", full).error().code() == code::too_large);
}

}  // namespace
