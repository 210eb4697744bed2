// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/fault_plan.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;
using testing::fault_plan;

namespace {
// Which of so many calls fail, as digits.
std::string struck(fault_plan plan, int calls, const char* path = "p") {
  std::string all;
  for (int i = 0; i < calls; ++i) all += plan.judge(operation::write, path).fails ? '1' : '0';
  return all;
}
}  // namespace

TEST_CASE("fault_plan: nth, from and times say which of the calls that match fail") {
  CHECK(struck("write ** nth 3 io", 6) == "001000");
  CHECK(struck("write ** from 3 io", 6) == "001111");
  CHECK(struck("write ** from 2 times 2 io", 6) == "011000");
  CHECK(struck("write ** io", 3) == "111");
  CHECK(struck("read ** io", 3) == "000");
  CHECK(struck("write q io", 3) == "000");
  CHECK(struck("", 3) == "000");
}

TEST_CASE("fault_plan: a copy is the same plan, and what struck is counted") {
  fault_plan plan("write a io\nwrite ** nth 2 no_space\n\n# nothing\n");
  fault_plan copy = plan;
  CHECK(plan.judge(operation::write, "a").fails->code() == code::io);
  CHECK(copy.judge(operation::write, "b").fails->code() == code::no_space);
  CHECK_FALSE(copy.judge(operation::write, "b").fails);
  CHECK((plan.strikes(0) == 1 && plan.strikes(1) == 1 && plan.strikes(2) == 0));
  CHECK(plan.text() == "write a io\nwrite ** nth 2 no_space\n");
  CHECK(fault_plan(plan.text()).text() == plan.text());
  plan.clear();
  CHECK(copy.text().empty());
}

TEST_CASE("fault_plan: a chance is a matter of the path and its calls, whoever calls in between") {
  const auto alone = struck("write ** chance 0.3 seed 5 io", 200, "one");
  fault_plan mixed("write ** chance 0.3 seed 5 io");
  std::string one;
  std::string other;
  for (int i = 0; i < 200; ++i) {
    other += mixed.judge(operation::write, "two").fails ? '1' : '0';
    one += mixed.judge(operation::write, "one").fails ? '1' : '0';
  }
  CHECK(one == alone);
  CHECK(other != alone);
  CHECK(struck("write ** chance 0.3 seed 6 io", 200, "one") != alone);
  const auto hits = std::count(alone.begin(), alone.end(), '1');
  CHECK((hits > 30 && hits < 90));
  CHECK(struck("write ** chance 0 io", 100) == std::string(100, '0'));
}

TEST_CASE("fault_plan: the first rule that fails a call decides, delays add up") {
  fault_plan plan("write ** slow 5\nwrite ** io\nwrite ** no_space\n* ** slow 2");
  CHECK(plan.judge(operation::write, "p").fails->code() == code::io);
  CHECK(plan.delayed_ms() == 7);
  std::uint64_t slept = 0;
  plan.sleep_with([&](std::uint64_t ms) { slept += ms; });
  CHECK_FALSE(plan.judge(operation::read, "p").fails);
  CHECK((slept == 2 && plan.delayed_ms() == 9));
}

TEST_CASE("fault_plan: a plan with a mistake in it fails every call, so that nothing passes by mistake") {
  fault_plan plan("write ** io\nwrite ** oops");
  CHECK_FALSE(plan.ok());
  CHECK(plan.complaint().find("oops") != std::string::npos);
  CHECK(plan.judge(operation::stat, "x").fails->code() == code::invalid_argument);
  const fault_plan value{{.operation = operation::rename, .lie = true}};
  CHECK(value.complaint() == "rename ** lie: only a sync can lie");
  CHECK(fault_plan().ok());
}

TEST_CASE("fault_plan: room is taken while there is some, and given back") {
  fault_plan plan("capacity 10");
  CHECK(plan.take_room(4) == 4);
  CHECK(plan.take_room(8) == 6);
  plan.give_room(3);
  CHECK(plan.take_room(5) == 3);
  CHECK(fault_plan().take_room(1000) == 1000);
}
