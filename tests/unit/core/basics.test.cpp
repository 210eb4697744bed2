// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/basics.hpp>

#include <tests/support/catch.hpp>

#include <memory>

namespace detail = perdure::detail;

TEST_CASE("basics: moved, exchanged and swapped move and never copy") {
  auto a = std::make_unique<int>(1);
  auto b = detail::moved(a);
  CHECK((a == nullptr && *b == 1));
  a = detail::exchanged(b, std::make_unique<int>(2));
  CHECK((*a == 1 && *b == 2));
  detail::swapped(a, b);
  CHECK((*a == 2 && *b == 1));
}

static_assert(std::is_same_v<decltype(detail::forwarded<int&>(detail::some<int&>())), int&>);
static_assert(std::is_same_v<decltype(detail::forwarded<int>(detail::some<int&>())), int&&>);
static_assert(detail::same_as<int, int> && !detail::same_as<int, const int>);
static_assert(detail::is_trivially_copyable<int> && !detail::is_trivially_copyable<std::unique_ptr<int>>);
