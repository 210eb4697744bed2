// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/sha256.hpp>

#include <tests/support/catch.hpp>

#include <random>
#include <string>
#include <vector>

using namespace perdure;

namespace {
std::string hex(const digest& value) {
  char room[64];
  const bytes text = to_hex(value, room);
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}
}  // namespace

TEST_CASE("sha256: the published vectors come out") {
  CHECK(hex(sha256_of("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256_of("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(hex(sha256_of(std::string(1'000'000, 'a'))) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha256: pieces of any size give the digest of the whole, and many at once give each its own") {
  std::mt19937 random(9);
  std::string data(20'000, '\0');
  for (auto& c : data) c = static_cast<char>(random());
  for (int round = 0; round < 60; ++round) {
    const bytes whole = bytes(data).from(random() % 64).first(round < 30 ? static_cast<std::size_t>(round) * 5 : random() % 9000);
    sha256 streamed;
    for (bytes rest = whole; !rest.empty();) {
      const std::size_t step = 1 + random() % 300;
      streamed.update(rest.first(step));
      rest = rest.from(step);
    }
    CHECK(streamed.finish() == sha256_of(whole));
    for (const std::size_t count : {0U, 1U, 2U, 3U, 5U, 17U, 40U}) {
      std::vector<bytes> inputs;
      for (std::size_t i = 0; i < count; ++i) inputs.push_back(bytes(data).from(random() % 999).first(random() % 700));
      std::vector<digest> out(count);
      sha256_of_many(inputs.data(), out.data(), count);
      for (std::size_t i = 0; i < count; ++i) CHECK(out[i] == sha256_of(inputs[i]));
    }
  }
}

TEST_CASE("sha256: a digest is read back from its 64 characters, and from nothing else") {
  const digest value = sha256_of("abc");
  const auto parsed = parse_digest(hex(value));
  REQUIRE(parsed);
  CHECK(*parsed == value);
  CHECK_FALSE(parse_digest(""));
  CHECK_FALSE(parse_digest(hex(value).substr(1)));
  CHECK_FALSE(parse_digest(hex(value) + "0"));
  CHECK_FALSE(parse_digest(std::string(64, 'g')));
}
