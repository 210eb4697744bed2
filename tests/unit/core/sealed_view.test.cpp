// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/sealed_view.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/sealed.hpp>

using namespace perdure;
using namespace tests;

namespace {
const sealed_format format{.kind = "TEST", .version = 3, .reader_version_min = 2};
const sections three{{"meta", "{}"}, {"graph", std::string(300, 'g')}, {"none", ""}};
sealed_reading reading() { return {.kind = "TEST", .version = 3, .file_bytes_max = 1 << 20}; }
}  // namespace

TEST_CASE("sealed_view: sections are found by name, in place, and their data is aligned in the file") {
  const std::string file = sealed(format, three);
  const auto view = sealed_view::open(file, reading());
  REQUIRE(view);
  CHECK(view->version() == 3);
  CHECK(view->sections() == 3);
  std::size_t seen = 0;
  for (const section_view& section : *view) {
    CHECK(section.data_offset % 64 == 0);
    CHECK(static_cast<const void*>(section.data.data()) == file.data() + section.data_offset);
    CHECK(text_of(section.name) == three[seen].first);
    CHECK(text_of(*view->find(section.name)) == three[seen++].second);
  }
  CHECK(seen == 3);
  CHECK(view->find("other").error().code() == code::not_found);
  CHECK(text_of(view->find("other").error().path()) == "other");
}

TEST_CASE("sealed_view: a name that is there twice is listed twice, and not found") {
  const auto file = sealed(format, {{"a", "1"}, {"b", "2"}, {"a", "3"}});
  const auto view = sealed_view::open(file, reading());
  REQUIRE(view);
  CHECK(view->find("a").error().code() == code::corrupt);
  CHECK(text_of(*view->find("b")) == "2");
}

TEST_CASE("sealed_view: versions are compared with what the reader knows") {
  sealed_reading how = reading();
  const std::string file = sealed(format, three);
  how.version = 2;
  CHECK(sealed_view::open(file, how));
  how.version = 1;
  CHECK(told(sealed_view::open(file, how).error()) == told(code::version_unsupported, "format at byte 20"));
  how.kind = "ELSE";
  CHECK(told(sealed_view::open(file, how).error()) == told(code::corrupt, "kind at byte 8"));
}

TEST_CASE("sealed_view: a layout that only later readers know is told as that") {
  std::string file = sealed(format, three);
  file[12] = 2, file[14] = 2;
  const detail::little<std::uint32_t> checksum = crc32c(bytes(file.data(), 28));
  file.replace(28, 4, text_of(detail::stored_bytes(checksum)));
  CHECK(told(sealed_view::open(file, reading()).error()) == told(code::version_unsupported, "layout at byte 14"));
}

TEST_CASE("sealed_view: unknown sections are kept, or refused as asked") {
  const std::string file = sealed(format, three);
  sealed_reading how = reading();
  const bytes known[] = {"meta", "graph"};
  how.known = known;
  how.known_count = 2;
  CHECK(sealed_view::open(file, how));
  how.unknown_sections = unknown_sections::refuse;
  const auto refused = sealed_view::open(file, how);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == code::version_unsupported);
  CHECK(text_of(refused.error().path()).find("unknown section at byte ") == 0);
}

TEST_CASE("sealed_view: limits are the reader's") {
  const std::string file = sealed(format, three);
  sealed_reading how = reading();
  how.file_bytes_max = file.size();
  CHECK(sealed_view::open(file, how));
  how.file_bytes_max = file.size() - 1;
  CHECK(sealed_view::open(file, how).error().code() == code::too_large);
  how = reading();
  how.sections_max = 2;
  CHECK(sealed_view::open(file, how).error().code() == code::too_large);
}

TEST_CASE("sealed_view: data is checked at once, or when its section is found") {
  std::string file = sealed(format, three);
  const auto at = sealed_view::open(file, reading())->begin()->data_offset;
  file[static_cast<std::size_t>(at)] ^= 1;
  const std::string refusal = told(code::corrupt, "section data at byte " + std::to_string(at));
  CHECK(told(sealed_view::open(file, reading()).error()) == refusal);
  sealed_reading how = reading();
  how.section_checks = section_checks::at_find;
  const auto view = sealed_view::open(file, how);
  REQUIRE(view);
  CHECK(view->find("graph"));
  CHECK(told(view->find("meta").error()) == refusal);
}
