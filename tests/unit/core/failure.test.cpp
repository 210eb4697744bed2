// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/failure.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

static_assert(sizeof(failure) == 64);
static_assert(std::is_trivially_copyable_v<failure>);
static_assert(!std::is_default_constructible_v<failure>);

namespace {
std::string text_of(bytes view) { return {reinterpret_cast<const char*>(view.data()), view.size()}; }
}  // namespace

TEST_CASE("failure: it says what it was made of") {
  const failure why(code::no_space, operation::write, 28);
  CHECK(why.code() == code::no_space);
  CHECK(why.operation() == operation::write);
  CHECK(why.system_code() == 28);
  CHECK(why.outcome() == outcome::unchanged);
  CHECK(why.doubt() == doubt::none);
  CHECK(why.path().empty());
  CHECK_FALSE(why.path_cut());
  CHECK(failure(code::io, operation::none, INT32_MIN).system_code() == INT32_MIN);
}

TEST_CASE("failure: a doubt of either kind is an unknown outcome, and changes nothing else") {
  const failure why = failure(code::io, operation::rename, 5).about("p");
  CHECK(why.with(doubt::visible).outcome() == outcome::unknown);
  CHECK(why.with(doubt::durable).outcome() == outcome::unknown);
  const failure doubtful = why.with(doubt::durable);
  CHECK(doubtful.doubt() == doubt::durable);
  CHECK((doubtful.code() == code::io && doubtful.operation() == operation::rename && doubtful.system_code() == 5));
  CHECK(doubtful.path() == bytes("p"));
  CHECK(why.outcome() == outcome::unchanged);
  CHECK(why.with(doubt::visible).with(doubt::none).outcome() == outcome::unchanged);
}

TEST_CASE("failure: the end of a long path is what is kept, and that it was cut is said") {
  const auto about = [](const std::string& path) { return failure(code::io, operation::open).about(path); };
  const std::string path = std::string(300, 'd') + "/settings.json";
  const failure why = about(path);
  CHECK(why.path().size() == failure::path_size_max);
  CHECK(why.path() == bytes(path).from(path.size() - failure::path_size_max));
  CHECK(why.path_cut());
  const std::string fits(failure::path_size_max, 'x');
  CHECK((text_of(about(fits).path()) == fits && !about(fits).path_cut()));
  CHECK((text_of(about("y" + fits).path()) == fits && about("y" + fits).path_cut()));
  CHECK_FALSE(about("short").path_cut());
  CHECK(text_of(about(std::string("a\0b", 3)).path()) == std::string("a\0b", 3));
}

TEST_CASE("failure: a path is cut between characters of UTF-8, and one that is none is kept all the same") {
  const auto cut = [](const std::string& path) { return text_of(failure(code::io, operation::open).about(path).path()); };
  for (const std::string& character : {std::string("\xc3\xa4"), std::string("\xe2\x82\xac"), std::string("\xf0\x9f\x98\x80")}) {
    std::string path;
    while (path.size() < 200) path += character;
    for (std::size_t tail = 0; tail < 4; ++tail) {
      const std::string kept = cut(path + std::string(tail, 'x'));
      CHECK(kept.compare(0, character.size(), character) == 0);
      CHECK(kept.size() > failure::path_size_max - 4);
    }
  }
  CHECK(cut(std::string(200, '\x80')).size() >= failure::path_size_max - 3);
}

TEST_CASE("failure: the first path told stays, for it was nearest to the cause") {
  CHECK(failure(code::io, operation::open).about("first").about("second").path() == bytes("first"));
  CHECK(failure(code::io, operation::open).about("").about("second").path() == bytes("second"));
  CHECK(failure(code::io, operation::open).about({}).path().empty());
}
