// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/engine.hpp>
#include <perdure/testing/engine_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/engines.hpp>

using namespace perdure;
using testing::engine_text;
using testing::poorest_engine;
using tests::notes;

namespace {

struct derived : notes {};
struct no_load {
  using perdure_engine = no_load;
  result<void> save(engine_sink&) const;
};
struct loads_another {
  using perdure_engine = loads_another;
  result<void> save(engine_sink&) const;
  static result<notes> load(const engine_source&);
};
static_assert(!Engine<derived> && !Engine<no_load> && !Engine<loads_another> && !Engine<int>);
static_assert(detail::same_as<loaded_engine<poorest_engine>, std::unique_ptr<poorest_engine>>);
static_assert(detail::same_as<decltype(view_of(detail::some<const poorest_engine&>())), const poorest_engine&>);
static_assert(detail::same_as<decltype(view_of(detail::some<const notes&>())), notes::view_type>);

bool refused(const result<void>& answer) { return !answer && answer.error().code() == code::invalid_argument; }

}  // namespace

TEST_CASE("engine_sink: an envelope stands in front always, and what comes in another order is refused for good") {
  {
    engine_text text;
    engine_sink sink(text);
    CHECK(sink.section("a"));
    CHECK(sink.write("1"));
    CHECK(sink.write(""));
    CHECK(sink.write("2"));
    CHECK(sink.finish());
    CHECK((text.calls == 4 && text.saved == decltype(text.saved){{"a", "12"}}));
  }
  for (int mistake = 0; mistake < 7; ++mistake) {
    engine_text text;
    engine_sink sink(text);
    if (mistake == 0) CHECK(refused(sink.write("1")));
    if (mistake == 1) CHECK((sink.envelope("e") && refused(sink.envelope("e"))));
    if (mistake == 2) CHECK((sink.section("a") && refused(sink.envelope("e"))));
    if (mistake == 3) CHECK(refused(sink.section("")));
    if (mistake == 4) CHECK(refused(sink.section("envelope")));
    if (mistake == 5) CHECK(refused(sink.section(std::string(engine_section_name_max + 1, 'a'))));
    if (mistake == 6) {
      for (std::size_t i = 0; i < engine_sections_max; ++i) CHECK(sink.section(std::to_string(i)));
      CHECK(refused(sink.section("more")));
    }
    CHECK(refused(sink.section("a")));
    CHECK(refused(sink.finish()));
  }
}

TEST_CASE("engine_sink: the first failure is the one that is told, also where the engine went on and answered success") {
  engine_text text;
  text.fails_from = 2;
  text.why = failure(code::no_space, operation::put);
  engine_sink sink(text);
  CHECK(sink.section("a"));
  CHECK(sink.write("1").error().code() == code::no_space);
  CHECK_FALSE(sink.section("b"));
  CHECK(text.calls == 3);
  CHECK(sink.finish().error().code() == code::no_space);
}

TEST_CASE("engine_source: a section that is missing is damage, and a size over a limit costs no memory") {
  engine_text text;
  text.saved = {{"a", "12345"}, {"b", ""}};
  const engine_source source(text);
  CHECK((source.sections() == 2 && source.has("b") && !source.has("c")));
  CHECK(source.find("c").error().code() == code::corrupt);
  std::string all;
  CHECK(source.find("a")->read_all(all, 4).error().code() == code::too_large);
  CHECK(all.empty());
  REQUIRE(source.find("a")->read_all(all, 5));
  CHECK(all == "12345");
  char two[2];
  CHECK(*source.section(0).read_at(4, two) == 1);
  CHECK(*source.section(0).read_at(9, two) == 0);
}
