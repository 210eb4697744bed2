// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/function_ref.hpp>

#include <tests/support/catch.hpp>

using perdure::function_ref;

namespace {
int twice(int n) { return 2 * n; }
int call(function_ref<int(int)> f, int n) { return f(n); }
}  // namespace

TEST_CASE("function_ref: it calls what it refers to, and keeps no copy") {
  int calls = 0;
  auto counting = [&calls](int n) mutable { return n + ++calls; };
  CHECK(call(counting, 10) == 11);
  CHECK(call(counting, 10) == 12);
  CHECK(call(twice, 4) == 8);
  CHECK(call([](int n) { return n; }, 5) == 5);
  const auto constant = [](int) { return 3; };
  CHECK(call(constant, 0) == 3);
}

static_assert(!std::is_constructible_v<function_ref<int(int)>, int>);
static_assert(sizeof(function_ref<void()>) == 2 * sizeof(void*));
