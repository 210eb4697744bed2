// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/result.hpp>

#include <tests/support/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <memory>
#include <string>
#include <utility>

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

// Ends trivially, and is copied by its own rules: a pair is assigned so.
struct copied_by_hand {
  int value;
  explicit copied_by_hand(int v) : value(v) {}
  copied_by_hand(const copied_by_hand& other) : value(other.value + 1) {}
  copied_by_hand& operator=(const copied_by_hand& other) {
    value = other.value;
    return *this;
  }
};

static_assert(std::is_trivially_copyable_v<result<int>> && std::is_trivially_copyable_v<result<void>>);
static_assert(std::is_trivially_copyable_v<result<bytes>> && std::is_trivially_destructible_v<result<bytes>>);
static_assert(!std::is_trivially_copyable_v<result<copied_by_hand>> && std::is_copy_assignable_v<result<copied_by_hand>>);
static_assert(std::is_copy_assignable_v<result<std::pair<int, int>>>);
static_assert(!std::is_copy_assignable_v<result<std::unique_ptr<int>>>);
static_assert(std::is_nothrow_move_assignable_v<result<std::unique_ptr<int>>>);
static_assert(std::is_constructible_v<bool, result<int>> && !std::is_convertible_v<result<int>, bool>);
static_assert(std::is_convertible_v<const char*, result<std::string>>);
static_assert(!std::is_constructible_v<result<int>, result<std::string>>);
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

TEST_CASE("result: a type that ends trivially and is copied by its own rules is copied by them") {
  result<copied_by_hand> a(in_place, 1);
  result<copied_by_hand> b = a;
  CHECK(b->value == 2);
  b = broken;
  CHECK_FALSE(b);
  b = a;
  CHECK(b->value == 2);
  result<std::pair<int, int>> pair(in_place, 1, 2);
  pair = result<std::pair<int, int>>(in_place, 3, 4);
  CHECK(pair->second == 4);
  pair = broken;
  CHECK(pair.error().code() == code::corrupt);
}

TEST_CASE("result: a move-only value is moved in, through and out") {
  auto one = make(true);
  auto other = make(false);
  other = detail::moved(one);
  REQUIRE(other);
  CHECK(**other == 7);
  other = make(false);
  CHECK_FALSE(other);
  CHECK(*make(false).value_or(std::make_unique<int>(3)) == 3);
  CHECK(*make(true).value_or(nullptr) == 7);
  CHECK(*make(true).and_then([](std::unique_ptr<int> taken) -> result<int> { return *taken; }) == 7);
  CHECK(**make(true).transform([](std::unique_ptr<int> taken) { return taken; }) == 7);
  const auto constant = make(true);
  CHECK((*constant == constant.value() && *constant->get() == 7));
}

TEST_CASE("result: PERDURE_TRY looks at a named result without taking it, and evaluates an expression once") {
  int evaluated = 0;
  const auto counting = [&](bool good) -> result<int> {
    ++evaluated;
    return good ? result<int>(evaluated) : result<int>(broken);
  };
  const auto tried = [&](bool good) -> result<int> {
    PERDURE_TRY(counting(true));
    const auto named = counting(good);
    PERDURE_TRY(named);
    auto moved_later = make(true);
    PERDURE_TRY(moved_later);
    const std::unique_ptr<int> taken = *detail::moved(moved_later);
    return *named + *taken;
  };
  CHECK(*tried(true) == 9);
  CHECK(evaluated == 2);
  CHECK(tried(false).error().code() == code::corrupt);
  const auto with_commas = []() -> result<std::pair<int, int>> {
    PERDURE_TRY(result<std::pair<int, int>>(in_place, 1, 2));
    return broken;
  };
  CHECK_FALSE(with_commas());
}

TEST_CASE("result: after a failure nothing of a chain is called") {
  int calls = 0;
  const auto count = [&](int n) {
    ++calls;
    return result<int>(n);
  };
  CHECK_FALSE(result<int>(broken).and_then(count).and_then(count));
  CHECK_FALSE(result<int>(broken).transform([&](int n) { return calls += n; }));
  CHECK(calls == 0);
  CHECK(result<int>(1).and_then(count).and_then([](int) -> result<void> { return broken; }).error().code() == code::corrupt);
  CHECK(calls == 1);
}

#if defined(__cpp_exceptions)
namespace {
struct throws_when_copied {
  std::shared_ptr<int> held = std::make_shared<int>(1);
  bool armed = false;
  throws_when_copied() = default;
  throws_when_copied(const throws_when_copied& other) : held(other.held), armed(other.armed) {
    if (armed) throw 1;
  }
};
}  // namespace

TEST_CASE("result: an assignment whose copy throws leaves a failure, and no dead value") {
  result<throws_when_copied> target(in_place);
  result<throws_when_copied> source(in_place);
  const std::weak_ptr<int> old = target->held;
  source->armed = true;
  CHECK_THROWS(target = source);
  CHECK_FALSE(target);
  CHECK(old.expired());
  source->armed = false;
  target = source;
  CHECK(target->held == source->held);
}
#endif
