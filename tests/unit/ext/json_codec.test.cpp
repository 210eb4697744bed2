// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <tests/support/catch.hpp>

#include <perdure/ext/json_codec.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/testing/read_text.hpp>

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace music {

struct album {
  std::string name;
  std::uint16_t year = 0;
  std::vector<double> minutes;
  std::map<std::string, bool> liked;
  std::int8_t gain = 0;
  friend bool operator==(const album&, const album&) = default;
};
void to_json(nlohmann::json& to, const album& from) {
  to = {{"name", from.name}, {"year", from.year}, {"minutes", from.minutes}, {"liked", from.liked}, {"gain", from.gain}};
}
perdure::result<void> read_json(const nlohmann::json& from, album& into) {
  PERDURE_TRY(perdure::json_member(from, "name", into.name));
  PERDURE_TRY(perdure::json_member(from, "year", into.year));
  PERDURE_TRY(perdure::json_member(from, "minutes", into.minutes));
  PERDURE_TRY(perdure::json_member(from, "liked", into.liked));
  return perdure::json_member(from, "gain", into.gain);
}

}  // namespace music

namespace {

using namespace perdure;
using albums = std::vector<music::album>;
using codec = json_codec<albums>;
static_assert(Codec<codec, albums>);

template <class T>
result<std::string> encoded(const json_codec<T>& by, const T& value) {
  std::string text;
  const auto done = by.encode(value, [&](bytes piece) -> result<void> {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return {};
  });
  if (!done) return done.error();
  return text;
}
albums some() {
  return {{"L\u00e4rm \"1\"", 1987, {3.25, 0.1}, {{"side a", true}, {"", false}}, -128},
          {std::string("\0", 1), 65535, {}, {}, 127}};
}

TEST_CASE("json_codec: what was encoded is decoded as it was") {
  for (const albums& value : {albums(), some()}) {
    const auto text = encoded(codec(), value);
    REQUIRE(text);
    const auto back = codec().decode(*text);
    REQUIRE(back);
    CHECK(*back == value);
  }
}

TEST_CASE("json_codec: whatever is wrong with the text, it is corrupt, and says which member") {
  const std::string good = R"({"name":"n","year":1,"minutes":[1,2.5],"liked":{"a":true},"gain":-1})";
  const std::string before = "\"year\":1,";
  CHECK(codec().decode("[" + good + "]"));
  for (std::size_t size = 0; size < good.size() + 1; ++size)
    CHECK(codec().decode("[" + good.substr(0, size)).error().code() == code::corrupt);
  for (const char* const wrong :
       {"", "\"year\":-1,", "\"year\":65536,", "\"year\":1.5,", "\"year\":\"1\",", "\"year\":null,", "\"year\":true,",
        "\"year\":[1],", "\"year\":18446744073709551616,", "\"year\":1e999,", "\"year\":{},"}) {
    std::string text = good;
    text.replace(text.find(before), before.size(), wrong);
    const auto told = codec().decode("[" + text + "]");
    INFO(text);
    REQUIRE_FALSE(told);
    CHECK(told.error().code() == code::corrupt);
    if (std::string(wrong) != "\"year\":1e999,") CHECK(told.error().path() == bytes("year"));
  }
  for (const char* const text :
       {"", " ", "{}", "null", "1", "[1]", "[{}]", "[[]]", "[] x", "[\"\xff\"]", R"([{"name":"\ud800"}])", "nul", "\xff\xfe"}) {
    INFO(text);
    CHECK(codec().decode(bytes(text)).error().code() == code::corrupt);
  }
  CHECK(codec().decode(std::string(100'000, '[')).error().code() == code::corrupt);
}

TEST_CASE("json_codec: what JSON would change is refused, and nothing is handed out") {
  const std::string bad_text[] = {"\xff", "\xc3", "\xed\xa0\x80", "\xc0\x80", "ok\xf5\x80\x80\x80"};
  for (const std::string& text : bad_text) {
    CHECK(encoded(codec(), {{text, 1, {}, {}, 0}}).error().code() == code::invalid_argument);
    CHECK(encoded(codec(), {{"", 1, {}, {{text, true}}, 0}}).error().code() == code::invalid_argument);
  }
  for (const double number : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    CHECK(encoded(codec(), {{"", 1, {1, number}, {}, 0}}).error().code() == code::invalid_argument);
}

TEST_CASE("json_codec: integers are taken to their limits, and not beyond") {
  const auto reads = [](auto into, const char* text) { return static_cast<bool>(json_value(nlohmann::json::parse(text), into)); };
  CHECK(reads(std::int64_t(), "-9223372036854775808"));
  CHECK(reads(std::int64_t(), "9223372036854775807"));
  CHECK_FALSE(reads(std::int64_t(), "9223372036854775808"));
  CHECK(reads(std::uint64_t(), "18446744073709551615"));
  CHECK_FALSE(reads(std::uint64_t(), "-1"));
  CHECK(reads(std::int8_t(), "-128"));
  CHECK_FALSE(reads(std::int8_t(), "-129"));
  CHECK_FALSE(reads(std::int8_t(), "128"));
  CHECK_FALSE(reads(float(), "1e300"));
  CHECK_FALSE(reads(bool(), "1"));
  std::uint8_t signed_one = 0;
  CHECK(json_value(nlohmann::json(std::int64_t{200}), signed_one));
  CHECK(signed_one == 200);
  CHECK_FALSE(json_value(nlohmann::json(std::int64_t{256}), signed_one));
}

TEST_CASE("json_codec: a manifest is text that people can read, and a damaged one is corrupt") {
  mem_fs fs;
  manual_clock clock;
  using slot = file_slot<mem_fs, manual_clock>;
  manifest<albums, slot, codec> all(slot(fs, "albums.json", clock));
  REQUIRE(all.open());
  REQUIRE(commit_manifest(all, [](albums& next) { next.push_back({"one", 2001, {}, {}, 0}); }));
  const auto text = testing::read_text(fs, "albums.json");
  REQUIRE(text);
  CHECK(*text == R"([{"gain":0,"liked":{},"minutes":[],"name":"one","year":2001}])");
  const auto refused = commit_manifest(all, [](albums& next) { next[0].name = "\xff"; });
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == code::invalid_argument);
  CHECK(all.read()->at(0).name == "one");
  REQUIRE(atomic_write(fs, "albums.json", "[{}]"));
  manifest<albums, slot, codec> damaged(slot(fs, "albums.json", clock));
  CHECK(damaged.open().error().code() == code::corrupt);
}

#if defined(__cpp_exceptions)
struct throwing {
  int value = 0;
};
void to_json(nlohmann::json& to, const throwing& from) {
  if (from.value < 0) throw std::runtime_error("no");
  to = from.value;
}
void from_json(const nlohmann::json& from, throwing& into) { from.at("value").get_to(into.value); }

TEST_CASE("json_codec: no exception of T's own functions gets out") {
  CHECK(encoded(json_codec<throwing>(), {-1}).error().code() == code::invalid_argument);
  CHECK(json_codec<throwing>().decode("1").error().code() == code::corrupt);
  CHECK(json_codec<throwing>().decode(R"({"value":"x"})").error().code() == code::corrupt);
  const auto good = json_codec<throwing>().decode(R"({"value":7})");
  REQUIRE(good);
  CHECK(good->value == 7);
}
#endif

}  // namespace
