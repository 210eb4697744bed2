// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/slot_archetypes.hpp>
#include <perdure/testing/slot_laws.hpp>

#include <tests/support/catch.hpp>

#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>

using namespace perdure;

namespace {

template <class Place>
void holds(const char* model, Place&& place, const testing::slot_law_options& options = {}) {
  const auto report = testing::check_slot_laws(place, options);
  std::printf("%-34s %s\n", model, report.text().c_str());
  INFO(report.text());
  CHECK(report.ok());
}

// Places in memory, made when they are asked for.
class memories {
 public:
  explicit memories(std::uint64_t size_bytes_max = 1 << 20) : size_bytes_max_(size_bytes_max) {}
  testing::slot_memory& at(std::uint32_t number) {
    const std::lock_guard<std::mutex> held(mutex_);
    while (all_.size() <= number) all_.push_back(std::make_unique<testing::slot_memory>(size_bytes_max_));
    return *all_[number];
  }

 private:
  std::mutex mutex_;
  std::uint64_t size_bytes_max_;
  std::deque<std::unique_ptr<testing::slot_memory>> all_;
};

}  // namespace

TEST_CASE("slot_laws: every model keeps them") {
  {
    memories all(9000);
    holds("poorest_slot", [&](std::uint32_t number) { return testing::poorest_slot(all.at(number)); }, {.size_bytes_max = 9000});
  }
  {
    memories all;
    testing::slot_memory* last = nullptr;
    const auto trouble = [&](std::uint32_t way) {
      if (way == 6) return false;
      const doubt doubts[] = {doubt::none, doubt::visible, doubt::durable};
      last->fail_next(failure(code::io, operation::write).with(doubts[way % 3]), way >= 3);
      return true;
    };
    holds("poorest_slot, in trouble", [&](std::uint32_t number) { return testing::poorest_slot(*(last = &all.at(number))); },
          {.sharing = testing::slot_sharing::several,
           .trouble = trouble,
           .mend = [] {},
           .damage = [&](std::uint32_t number) { all.at(number).damage(); }});
  }
}
