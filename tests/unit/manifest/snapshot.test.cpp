// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/manifest/snapshot.hpp>

#include <tests/support/catch.hpp>

#include <memory>
#include <thread>
#include <vector>

namespace {

using perdure::snapshot;
using maker = perdure::detail::snapshot_maker;

snapshot<std::shared_ptr<int>> made(std::uint64_t generation, const std::shared_ptr<int>& value) {
  static perdure::heap_memory::values<std::shared_ptr<int>> memory;
  return maker::make<std::shared_ptr<int>, perdure::heap_memory>(memory, generation, value);
}

TEST_CASE("snapshot: whoever holds one keeps the value, and the last one lets it go") {
  const auto value = std::make_shared<int>(7);
  {
    auto first = made(3, value);
    CHECK(value.use_count() == 2);
    CHECK(**first == 7);
    CHECK(first.generation() == 3);
    snapshot<std::shared_ptr<int>> second = first;
    CHECK(second.same_as(first));
    CHECK(value.use_count() == 2);
    auto third = std::move(first);
    second = made(4, std::make_shared<int>(8));
    CHECK(value.use_count() == 2);
    CHECK_FALSE(second.same_as(third));
    third = second;
    CHECK(value.use_count() == 1);
    third = *&third;
    CHECK(**third == 8);
  }
  CHECK(value.use_count() == 1);
}

TEST_CASE("snapshot: many threads copy and drop one value") {
  const auto value = std::make_shared<int>(7);
  {
    const auto shared = made(0, value);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([shared] {
        for (int i = 0; i < 10'000; ++i) {
          const auto mine = shared;
          if (**mine != 7) std::abort();
        }
      });
    }
    for (auto& one : threads) one.join();
  }
  CHECK(value.use_count() == 1);
}

}  // namespace
