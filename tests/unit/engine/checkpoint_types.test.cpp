// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/checkpoint_types.hpp>

#include <tests/support/catch.hpp>

TEST_CASE("checkpoint_types: the defaults share by links, and prove every file") {
  const perdure::checkpoint_options options;
  CHECK(options.links == perdure::checkpoint_links::allow);
  CHECK(options.digests == perdure::checkpoint_digests::all);
  CHECK(perdure::detail::no_progress()({}) == perdure::visit::go_on);
}
