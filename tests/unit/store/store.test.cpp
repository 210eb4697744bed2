// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/mem_store.hpp>
#include <perdure/store/store.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;

namespace {
class derived_store : public mem_store {};
static_assert(Store<mem_store> && !Store<derived_store> && !Store<int>);
static_assert(Store<basic_mem_store<no_sync>>);
}  // namespace

TEST_CASE("store: a put has lost only where its precondition refused it, and that is certain") {
  CHECK(is_lost(failure(code::conflict, operation::put)));
  CHECK(is_lost(failure(code::already_exists, operation::put)));
  CHECK(is_lost(failure(code::not_found, operation::put)));
  CHECK_FALSE(is_lost(failure(code::conflict, operation::put).with(doubt::visible)));
  CHECK_FALSE(is_lost(failure(code::busy, operation::put)));
  CHECK_FALSE(is_lost(failure(code::timed_out, operation::put).with(doubt::visible)));
  CHECK_FALSE(is_lost(failure(code::not_found, operation::get)));
}
