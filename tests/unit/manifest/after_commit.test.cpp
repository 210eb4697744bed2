// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/manifest/after_commit.hpp>

#include <tests/support/catch.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using perdure::after_commit;

TEST_CASE("after_commit: actions run once, in the order they were given") {
  std::string ran;
  after_commit first;
  CHECK(first.empty());
  first.run([&] { ran += 'a'; });
  first.run([&] { ran += 'b'; });
  after_commit second;
  second.run([&] { ran += 'c'; });
  first.append(std::move(second));
  CHECK(second.empty());
  first.run([&] { ran += 'd'; });
  after_commit moved = std::move(first);
  CHECK(first.empty());
  moved.run_all();
  CHECK(ran == "abcd");
  CHECK(moved.empty());
  moved.run_all();
  CHECK(ran == "abcd");
}

TEST_CASE("after_commit: what was moved from begins anew") {
  std::string ran;
  after_commit first;
  first.run([&] { ran += 'a'; });
  after_commit moved = std::move(first);
  first.run([&] { ran += 'b'; });
  moved.run_all();
  CHECK(ran == "a");
  first.run_all();
  CHECK(ran == "ab");
}

TEST_CASE("after_commit: an action that never runs is destroyed all the same") {
  const auto held = std::make_shared<int>(1);
  {
    after_commit then;
    then.run([held] { ++*held; });
    then.run([held] { ++*held; });
    CHECK(held.use_count() == 3);
    then.clear();
    CHECK(held.use_count() == 1);
    then.run([held] { ++*held; });
    after_commit other;
    other.run([held] { ++*held; });
    other = std::move(then);
  }
  CHECK(held.use_count() == 1);
  CHECK(*held == 1);
}

TEST_CASE("after_commit: an action may add another one") {
  std::string ran;
  after_commit then;
  then.run([&] {
    ran += 'a';
    then.run([&] { ran += 'b'; });
  });
  then.run_all();
  CHECK(ran == "ab");
}

#if defined(__cpp_exceptions)
TEST_CASE("after_commit: an action that leaves by an exception is destroyed, and so are those behind it") {
  const auto held = std::make_shared<int>(0);
  {
    after_commit then;
    then.run([held] { throw std::runtime_error("no"); });
    then.run([held] { ++*held; });
    CHECK_THROWS_AS(then.run_all(), std::runtime_error);
  }
  CHECK(*held == 0);
  CHECK(held.use_count() == 1);
}
#endif

}  // namespace
