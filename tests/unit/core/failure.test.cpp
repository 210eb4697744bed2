// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/failure.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

TEST_CASE("failure: it says what it was made of") {
  const failure why(code::no_space, operation::write, 28);
  CHECK(why.code() == code::no_space);
  CHECK(why.operation() == operation::write);
  CHECK(why.system_code() == 28);
  CHECK(why.outcome() == outcome::unchanged);
  CHECK(why.doubt() == doubt::none);
  CHECK(why.path().empty());
}

TEST_CASE("failure: a doubt of either kind is an unknown outcome") {
  const failure why(code::io, operation::rename);
  CHECK(why.with(doubt::visible).outcome() == outcome::unknown);
  CHECK(why.with(doubt::durable).outcome() == outcome::unknown);
  CHECK(why.with(doubt::durable).doubt() == doubt::durable);
  CHECK(why.with(doubt::visible).with(doubt::none).outcome() == outcome::unchanged);
}

TEST_CASE("failure: the end of a long path is what is kept, and that it was cut is said") {
  const std::string path = std::string(300, 'd') + "/settings.json";
  const failure why = failure(code::io, operation::open).about(path);
  CHECK(why.path().size() == failure::path_size_max);
  CHECK(why.path() == bytes(path).from(path.size() - failure::path_size_max));
  CHECK(why.path_cut());
  CHECK_FALSE(failure(code::io, operation::open).about("short").path_cut());
}

TEST_CASE("failure: the first path told stays, for it was nearest to the cause") {
  CHECK(failure(code::io, operation::open).about("first").about("second").path() == bytes("first"));
}
