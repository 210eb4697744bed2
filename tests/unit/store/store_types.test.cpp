// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/store_types.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

TEST_CASE("store_types: an etag keeps up to 79 bytes, and refuses what is longer") {
  CHECK(etag().empty());
  const std::string text(etag::size_max, 'e');
  const auto whole = etag::of(text);
  REQUIRE(whole);
  CHECK(whole->view() == bytes(text));
  CHECK(*whole == *etag::of(text));
  CHECK_FALSE(*whole == *etag::of(bytes(text).first(78)));
  CHECK(etag::of("")->empty());
  const auto longer = etag::of(text + "e");
  CHECK((!longer && longer.error().code() == code::too_large));
  CHECK(etag::of(std::string("a\0b", 3))->view().size() == 3);
}

TEST_CASE("store_types: a precondition is one of three, and one of no version is void") {
  CHECK((precondition::any.is_any() && !precondition::any.is_absent() && !precondition::any.is_void()));
  CHECK((precondition::absent.is_absent() && !precondition::absent.is_any() && !precondition::absent.is_void()));
  const precondition version = precondition::matches(*etag::of("v"));
  CHECK((!version.is_any() && !version.is_absent() && !version.is_void() && version.version() == *etag::of("v")));
  CHECK(precondition::matches({}).is_void());
}
