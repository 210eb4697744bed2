// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/function_ref.hpp>

#include <tests/support/catch.hpp>

#include <memory>

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

TEST_CASE("function_ref: arguments and results pass through it as they are") {
  auto sink = [](std::unique_ptr<int> taken) { return taken; };
  const function_ref<std::unique_ptr<int>(std::unique_ptr<int>)> through = sink;
  CHECK(*through(std::make_unique<int>(5)) == 5);
  int number = 1;
  auto same = [](int& n) -> int& { return n; };
  const function_ref<int&(int&)> reference = same;
  reference(number) = 7;
  CHECK(number == 7);
  auto answering = [&](int n) { return number = n; };
  const function_ref<void(int)> discarding = answering;
  discarding(9);
  CHECK(number == 9);
  const function_ref<void(int)> copy = discarding;
  copy(10);
  CHECK(number == 10);
}

TEST_CASE("function_ref: a pointer to a function may end before it is called") {
  const auto from_pointer = [] {
    int (*pointer)(int) = twice;
    return function_ref<int(int)>(pointer);
  };
  CHECK(from_pointer()(21) == 42);
}

static_assert(!std::is_constructible_v<function_ref<int(int)>, int>);
static_assert(!std::is_constructible_v<function_ref<int(int)>, void (*)(int)>);
static_assert(!std::is_constructible_v<function_ref<int(int&)>, int (*)(int&&)>);
static_assert(std::is_trivially_copyable_v<function_ref<int(int)>>);
static_assert(sizeof(function_ref<void()>) == 2 * sizeof(void*));
