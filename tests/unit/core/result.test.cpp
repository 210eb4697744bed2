// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/result.hpp>

#include <tests/support/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <memory>
#include <string>

using namespace perdure;

namespace {

const failure broken(code::corrupt, operation::read);

result<std::unique_ptr<int>> make(bool good) {
  if (!good) return broken;
  return std::make_unique<int>(7);
}
result<int> use(bool good) {
  auto made = make(good);
  PERDURE_TRY(made);
  return **made;
}
result<void> check(bool good) {
  PERDURE_TRY(make(good));
  return {};
}

// Counts what lives, to see that every value ends exactly once.
struct counted {
  static inline int alive = 0;
  int value;
  explicit counted(int v) : value(v) { ++alive; }
  counted(const counted& other) : value(other.value) { ++alive; }
  counted(counted&& other) noexcept : value(other.value) { ++alive; }
  counted& operator=(const counted&) = default;
  counted& operator=(counted&&) noexcept = default;
  ~counted() { --alive; }
};

bool dies(void (*act)()) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGILL, SIG_DFL);
    ::signal(SIGTRAP, SIG_DFL);
    act();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) != 0);  // a sanitizer may turn the trap into an exit
}

}  // namespace

static_assert(std::is_trivially_copyable_v<result<int>>);
static_assert(!std::is_copy_constructible_v<result<std::unique_ptr<int>>>);
static_assert(std::is_nothrow_move_constructible_v<result<std::unique_ptr<int>>>);
static_assert(!std::is_convertible_v<int, result<std::unique_ptr<int>>>);

TEST_CASE("result: a value or the failure that came instead, move-only ones included") {
  auto good = make(true);
  REQUIRE(good);
  CHECK(good.has_value());
  CHECK(**good == 7);
  CHECK(*good->get() == 7);
  const std::unique_ptr<int> taken = *detail::moved(good);
  CHECK(*taken == 7);
  CHECK(make(false).error().code() == code::corrupt);
}

TEST_CASE("result: PERDURE_TRY leaves with the failure, and copies nothing") {
  CHECK(*use(true) == 7);
  CHECK(use(false).error().code() == code::corrupt);
  CHECK(check(true).has_value());
  CHECK(check(false).error().operation() == operation::read);
}

TEST_CASE("result: assignment goes between all states, and every value ends once") {
  {
    result<counted> a(in_place, 1);
    result<counted> b = broken;
    CHECK(counted::alive == 1);
    b = a;
    CHECK((b->value == 1 && counted::alive == 2));
    a = broken;
    CHECK((!a && counted::alive == 1));
    a = detail::moved(b);
    CHECK(a->value == 1);
    result<counted> c = a;
    result<counted> d = detail::moved(c);
    CHECK(d->value == 1);
    d = d.has_value() ? d : a;
    CHECK(d->value == 1);
    a = result<counted>(broken);
    b = a;
    CHECK(b.error().code() == code::corrupt);
  }
  CHECK(counted::alive == 0);
}

TEST_CASE("result: value_or, and_then and transform read as in std::expected") {
  CHECK(result<int>(broken).value_or(3) == 3);
  CHECK(result<int>(4).value_or(3) == 4);
  const result<int> kept(5);
  CHECK(kept.value_or(3) == 5);
}

TEST_CASE("result: a chain stops at its first failure") {
  const auto half = [](int n) -> result<int> { return n % 2 == 0 ? result<int>(n / 2) : result<int>(broken); };
  CHECK(*result<int>(8).and_then(half).and_then(half) == 2);
  CHECK(result<int>(6).and_then(half).and_then(half).error().code() == code::corrupt);
  CHECK(*result<int>(3).transform([](int n) { return std::string(static_cast<std::size_t>(n), 'x'); }) == "xxx");
  CHECK_FALSE(result<int>(broken).transform([](int n) { return n; }));
  CHECK(*result<void>().and_then([] { return result<int>(1); }) == 1);
  CHECK_FALSE(result<void>(broken).and_then([] { return result<int>(1); }));
  result<void>().value();
}

TEST_CASE("result: reading what is not there ends the program") {
  CHECK(dies([] { (void)result<int>(broken).value(); }));
  CHECK(dies([] { (void)result<int>(1).error(); }));
  CHECK(dies([] { result<void>(broken).value(); }));
  CHECK(dies([] { (void)result<void>().error(); }));
  CHECK_FALSE(dies([] { (void)result<int>(1).value(); }));
}
