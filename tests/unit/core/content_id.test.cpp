// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/content_id.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

TEST_CASE("content_id: its text is sha256: and the digest, and is read back") {
  const content_id id{sha256_of("abc")};
  char room[content_id::text_size];
  const bytes text = to_text(id, room);
  CHECK(text == bytes("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  CHECK(parse_content_id(text).value() == id);
  CHECK_FALSE(parse_content_id(text).value() == content_id{});
}

TEST_CASE("content_id: an id has one text, and every other one is refused") {
  const std::string good = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  for (const std::string& bad : {std::string(), good.substr(1), good.substr(0, 70), good + "0", "SHA256" + good.substr(6),
                                 "sha512" + good.substr(6), good.substr(7), good.substr(0, 70) + "D", good.substr(0, 70) + "g"}) {
    INFO(bad);
    CHECK(parse_content_id(bad).error().code() == code::invalid_argument);
  }
}
