// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/mem_store.hpp>
#include <perdure/testing/crash_store.hpp>
#include <perdure/testing/fault_store.hpp>
#include <perdure/testing/store_archetypes.hpp>
#include <perdure/testing/store_laws.hpp>

#include <tests/support/catch.hpp>

#include <cstdio>

using namespace perdure;

namespace {
template <Store S>
void holds(const char* model, S& store) {
  const auto report = testing::check_store_laws(store, "laws/");
  std::printf("%-24s %s\n", model, report.text().c_str());
  INFO(report.text());
  CHECK(report.ok());
}
}  // namespace

TEST_CASE("store_laws: every model keeps them") {
  mem_store memory;
  holds("mem_store", memory);
  testing::poorest_store poorest(memory);
  holds("poorest_store", poorest);
  testing::poorest_store poorer(poorest);
  holds("poorest_store of one", poorer);
  testing::fault_store faultless(memory, "put ** nth 1000000 timed_out late 1");
  holds("fault_store", faultless);
  testing::crash_store crashable;
  holds("crash_store", crashable);
}
