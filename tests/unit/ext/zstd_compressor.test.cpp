// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <tests/support/catch.hpp>

#include <perdure/ext/zstd_compressor.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/store/scrub.hpp>
#include <perdure/testing/read_text.hpp>

#include <string>

using namespace perdure;

namespace {

std::string words(std::size_t size) {
  const char* const all[] = {"the ", "store ", "keeps ", "what ", "a ", "program ", "must ", "not ", "lose "};
  std::string text;
  for (std::uint32_t seed = 1; text.size() < size;) text += all[(seed = seed * 1664525 + 1013904223) % 9];
  text.resize(size);
  return text;
}

}  // namespace

TEST_CASE("zstd_compressor: what was compressed is expanded, and nothing else is") {
  const zstd_compressor zstd(3);
  const std::string text = words(10000);
  std::string smaller(text.size() - 1, '\0');
  smaller.resize(zstd.compress(text, smaller));
  REQUIRE((!smaller.empty() && smaller.size() < 5000));
  CHECK(zstd.expanded_size(smaller).value() == text.size());
  std::string back(text.size(), '\0');
  CHECK(zstd.expand(smaller, back));
  CHECK(back == text);
  std::string odd(text.size() + 1, 'x');
  CHECK(zstd.expand(smaller, odd).error().code() == code::corrupt);
  CHECK(zstd.expand(smaller, mutable_bytes(odd).first(100)).error().code() == code::corrupt);
  CHECK(zstd.expand(bytes(smaller).first(100), back).error().code() == code::corrupt);
  CHECK(zstd.expand("", back).error().code() == code::corrupt);
  CHECK(zstd.expanded_size("no frame of zstd's").error().code() == code::corrupt);
  std::string noise(1000, '\0');
  std::uint32_t seed = 1;
  for (char& c : noise) c = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  CHECK(zstd.compress(noise, smaller) == 0);
  CHECK(zstd.compress("short", smaller) == 0);
  // A thirty-second is saved, of all that is kept, or it is not compressed.
  std::size_t largest = 0;
  std::string room(1000, '\0');
  for (std::size_t zeros = 0; zeros < 200; ++zeros) {
    const std::size_t kept = zstd.compress(noise.substr(zeros) + std::string(zeros, '\0'), room);
    if (kept > largest) largest = kept;
  }
  CHECK((largest > 900 && largest <= 1000 - 1000 / 32));
}

TEST_CASE("zstd_compressor: a content_store keeps less of a text, under the names that it would have") {
  content_options options;
  options.chunks = {cut_by::content, 512, 2048, 8192};
  options.inline_max_bytes = 64;
  mem_store plain_place;
  mem_store small_place;
  content_store plain(plain_place, options);
  content_store<mem_store, zstd_compressor> small(small_place, options, {1});
  const std::string text = words(100000);
  auto plain_pin = *plain.pin();
  auto small_pin = *small.pin();
  const auto id = plain.put(plain_pin, text)->id;
  const auto stored = small.put(small_pin, text);
  REQUIRE(stored);
  CHECK(stored->id == id);
  CHECK(small_place.used_bytes() < plain_place.used_bytes() / 2);
  std::string back;
  const auto sink = [&](bytes piece) -> result<void> {
    back.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return {};
  };
  CHECK(small.get(id, sink));
  CHECK(back == text);
  CHECK((scrub(small)->altered == 0 && scrub(small)->objects == stored->new_objects));
  auto again = *small.pin();
  CHECK(small.put(again, text)->new_objects == 0);
  // One that does not compress reads and writes beside it.
  content_store beside(small_place, options);
  CHECK(beside.verify(id).error().code() == code::corrupt);
  auto beside_pin = *beside.pin();
  CHECK(beside.put(beside_pin, text));
  CHECK(beside.verify(id));
  CHECK(small.verify(id));
}

TEST_CASE("zstd_compressor: every altered byte of what is kept is found") {
  mem_store store;
  content_options options;
  options.chunks = {cut_by::size, 600, 600, 600};
  content_store<mem_store, zstd_compressor> objects(store, options, {1});
  auto pin = *objects.pin();
  const std::string text = words(600 * 30);
  const auto id = objects.put(pin, text)->id;
  std::string key;
  (void)store.list("objects/", {}, 1, [&](const listed_object& one) {
    key.assign(one.key.data(), one.key.size());
    return visit::stop;
  });
  const std::string was = *testing::read_text(store, key);
  // In any bit: some mean nothing to zstd. And what is cut off, or stands behind it.
  const auto is_found = [&](const std::string& bad) {
    REQUIRE(store.put(key, bad, precondition::any));
    const auto read = objects.verify(id);
    CHECK((!read && read.error().code() == code::corrupt));
    CHECK(scrub(objects)->altered == 1);
  };
  for (std::size_t at = 0; at < was.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      INFO(at << ", bit " << bit);
      std::string bad = was;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      is_found(bad);
    }
    is_found(was.substr(0, at));
  }
  is_found(was + '\0');
  REQUIRE(store.put(key, was, precondition::any));
  CHECK(objects.verify(id).value() == text.size());
}
