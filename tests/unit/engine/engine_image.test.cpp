// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/engine_image.hpp>
#include <perdure/testing/engine_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/engines.hpp>

using namespace perdure;
using testing::poorest_engine;
using tests::notes;

namespace {

const engine_format framed{.layout = engine_layout::framed, .kind = "LHV1"};

// Writes what it is told to.
struct any_sections {
  std::vector<std::pair<std::string, std::string>> sections;
  [[nodiscard]] result<void> save(engine_sink& to) const {
    for (const auto& [name, data] : sections) {
      PERDURE_TRY(to.section(name));
      PERDURE_TRY(to.write(data));
    }
    return {};
  }
};

std::string string_of(bytes text) { return {reinterpret_cast<const char*>(text.data()), text.size()}; }

bool is(const failure& why, enum code code, enum operation operation) {
  return why.code() == code && why.operation() == operation;
}

}  // namespace

TEST_CASE("engine_image: a frame is the bytes of LHV1 and nothing else, and both layouts come back") {
  const notes engine("graph", 3);
  const auto image = encode_engine(engine, framed);
  REQUIRE(image);
  CHECK(string_of(image->view()) == std::string("LHV1\0\0\0\x0cgeneration 3graph", 25));
  CHECK(decode_engine<notes>(image->view(), framed)->text() == "graph");
  const auto sealed = encode_engine(engine, {});
  REQUIRE(sealed);
  const auto loaded = decode_engine<notes>(sealed->view(), {});
  REQUIRE(loaded);
  CHECK((loaded->text() == "graph" && loaded->generation() == 3));
  const poorest_engine poorest(std::string(300, 'p'));
  const auto other = encode_engine(poorest, {});
  REQUIRE(other);
  CHECK((*decode_engine<poorest_engine>(other->view(), {}))->text == poorest.text);
}

TEST_CASE("engine_image: no byte of the sealed layout can be altered or cut off unseen; of a frame, magic and sizes cannot") {
  const auto image = encode_engine(notes("some text", 12), {});
  REQUIRE(image);
  const std::string whole = string_of(image->view());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    INFO(at);
    std::string altered = whole;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    const auto flipped = decode_engine<notes>(altered, {});
    CHECK((!flipped && flipped.error().operation() == operation::read));
    const auto cut = decode_engine<notes>(whole.substr(0, at), {});
    CHECK((!cut && cut.error().code() == code::corrupt));
  }
  const auto read = [](const std::string& text) { return decode_engine<notes>(text, framed); };
  CHECK(is(read("LHV2").error(), code::corrupt, operation::read));
  CHECK(is(read(std::string("LHV2\0\0\0\0", 8)).error(), code::version_unsupported, operation::read));
  CHECK(is(read(std::string("XHV1\0\0\0\0", 8)).error(), code::corrupt, operation::read));
  CHECK(is(read(std::string("LHV1\0\0\0\1", 8)).error(), code::corrupt, operation::read));
  CHECK(is(read(std::string("LHV1\xff\0\0\0", 8)).error(), code::corrupt, operation::read));
  const std::string long_one = std::string("LHV1\0\x20\0\0", 8) + std::string(0x200000, ' ');
  CHECK(is(read(long_one).error(), code::too_large, operation::read));
  CHECK(is(read(std::string("LHV1\0\0\0\0", 8)).error(), code::corrupt, operation::read));  // the engine misses its envelope
}

TEST_CASE("engine_image: what could not be loaded again is not encoded") {
  const auto refused = [](const any_sections& engine, const engine_format& format, enum code code) {
    const auto image = encode_engine(engine, format);
    return !image && is(image.error(), code, operation::write);
  };
  CHECK(refused({{{"a", ""}, {"b", ""}, {"a", ""}}}, {}, code::invalid_argument));
  CHECK(refused({{{"graph", ""}}}, framed, code::invalid_argument));
  CHECK(refused({{{"body", ""}, {"body", ""}}}, framed, code::invalid_argument));
  CHECK(refused({{{"a", std::string(1000, 'a')}}}, {.object_bytes_max = 1000}, code::too_large));
  const auto image = encode_engine(any_sections{{{"a", std::string(100, 'a')}}}, {});
  REQUIRE(image);
  const std::uint64_t size = image->view().size();
  CHECK(encode_engine(any_sections{{{"a", std::string(100, 'a')}}}, {.object_bytes_max = size}));
  CHECK_FALSE(encode_engine(any_sections{{{"a", std::string(100, 'a')}}}, {.object_bytes_max = size - 1}));
  CHECK(is(encode_engine(notes("", 1), {.envelope_bytes_max = 11}).error(), code::too_large, operation::write));
  CHECK(encode_engine(notes("", 1), {.envelope_bytes_max = 12}));
  std::vector<std::pair<std::string, std::string>> many;
  for (std::size_t i = 0; i < engine_sections_max; ++i) many.emplace_back(std::to_string(i), "");
  CHECK(encode_engine(any_sections{many}, {}));
  CHECK(refused({{{"a", ""}}}, {.version = 1, .reader_version_min = 2}, code::invalid_argument));
}

TEST_CASE("engine_image: a later version is refused by who does not know it, and read by who does") {
  const auto later = encode_engine(notes("text", 1), {.version = 3, .reader_version_min = 3});
  REQUIRE(later);
  CHECK(is(decode_engine<notes>(later->view(), {.version = 2}).error(), code::version_unsupported, operation::read));
  CHECK(decode_engine<notes>(later->view(), {.version = 3}));
  CHECK(is(decode_engine<notes>(later->view(), {.kind = "OTHR", .version = 3}).error(), code::corrupt, operation::read));
}

TEST_CASE(
    "engine_image: an engine that is told to stop stops with that failure, and not_found of a part is damage of the whole") {
  const auto image = encode_engine(notes("text", 1), {});
  REQUIRE(image);
  const auto stop = []() -> result<void> { return failure(code::cancelled, operation::load); };
  CHECK(decode_engine<notes>(image->view(), {}, stop).error().code() == code::cancelled);
  struct seeker {
    using perdure_engine = seeker;
    result<void> save(engine_sink& to) const { return to.section("a"); }
    static result<seeker> load(const engine_source&) { return failure(code::not_found, operation::read).about("b"); }
  };
  const auto sought = encode_engine(seeker{}, {});
  REQUIRE(sought);
  CHECK(is(decode_engine<seeker>(sought->view(), {}).error(), code::corrupt, operation::read));
}
