// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/write_options.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;

TEST_CASE("write_options: the defaults lose nothing that was acknowledged") {
  const write_options options;
  CHECK(options.durability == durability::full);
  CHECK(options.existing == existing::replace);
  CHECK(options.content == content::write);
  CHECK(options.keep == keep::nothing);
}

TEST_CASE("write_options: durabilities are ordered, and an owner or attributes bring the mode along") {
  CHECK((durability::none < durability::ordered && durability::ordered < durability::full));
  CHECK(contains(keep::owner, keep::mode));
  CHECK(contains(keep::xattrs, keep::mode));
  CHECK_FALSE(contains(keep::mode, keep::owner));
  CHECK_FALSE(contains(keep::modified, keep::mode));
  CHECK((keep::owner | keep::xattrs | keep::modified) == keep::everything);
}
