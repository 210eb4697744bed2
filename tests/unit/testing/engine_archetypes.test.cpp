// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/engine_archetypes.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;
using testing::engine_text;
using testing::poorest_engine;

TEST_CASE("engine_archetypes: the poorest legal engine comes back as what points to it") {
  engine_text text;
  engine_sink sink(text);
  REQUIRE(poorest_engine("abc").save(sink));
  REQUIRE(sink.finish());
  CHECK((text.saved_envelope.empty() && text.saved.size() == 3 && text.saved[1].second == "abc"));
  auto loaded = poorest_engine::load(engine_source(text));
  REQUIRE(loaded);
  CHECK(engine_in<poorest_engine>(*loaded).text == "abc");
  text.saved.pop_back();
  CHECK(poorest_engine::load(engine_source(text)).error().code() == code::corrupt);
}
