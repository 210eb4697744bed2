// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_DEVICE_MANIFEST_LIFE_HPP
#define EXAMPLES_DEVICE_MANIFEST_LIFE_HPP

// A few days of a pump, and what its memory has to be whenever the power went meanwhile.

#include <examples/device_manifest/pump.hpp>

namespace pump {

// What somebody knows who writes down each step before and after it, and loses nothing. It lies in memory that survives.
struct witness {
  std::uint32_t steps = 5;         // how many there are
  std::uint32_t acknowledged = 0;  // how many steps are done for certain
  std::uint32_t begun = 0;

  // The state after so many steps.
  [[nodiscard]] static state after(std::uint32_t count) {
    state all;
    for (std::uint32_t i = 0; i < count; ++i) apply(i, all);
    return all;
  }
  // What is there is what was acknowledged, or what was being written. From here on it is that.
  [[nodiscard]] bool agrees(const state& now) {
    for (std::uint32_t count = acknowledged; count <= begun; ++count) {
      if (!is_same(now, after(count))) continue;
      acknowledged = begun = count;
      return true;
    }
    return false;
  }

  template <class Memory>
  [[nodiscard]] static perdure::result<void> take_step(Memory& memory, std::uint32_t number) {
    if (number % 3 == 0) return memory.started();
    if (number % 3 == 1) return memory.set_pressure(100 + number);
    return memory.ran(60 + number);
  }

 private:
  static void apply(std::uint32_t number, state& all) {
    if (number % 3 == 0) ++all.starts;
    if (number % 3 == 1) {
      all.pressure_set = 100 + number;
      all.pressure_checks = ~all.pressure_set;
    }
    if (number % 3 == 2) all.seconds_run += 60 + number;
  }
  [[nodiscard]] static bool is_same(const state& a, const state& b) { return perdure::bytes_of(a) == perdure::bytes_of(b); }
};

// From the moment the power is there until the last step, or until it goes. Null, or what was wrong.
template <class Memory, class IsOn>
const char* live(Memory& memory, witness& seen, IsOn is_on) {
  if (!memory.open()) return is_on() ? "it does not open" : nullptr;
  if (!seen.agrees(memory.now())) return "what was acknowledged is not there";
  while (seen.acknowledged < seen.steps) {
    seen.begun = seen.acknowledged + 1;
    const auto done = witness::take_step(memory, seen.acknowledged);
    if (!is_on()) return nullptr;
    if (!done) return "a step failed";
    seen.acknowledged = seen.begun;
    if (!seen.agrees(memory.now())) return "memory is not what was acknowledged";
  }
  return nullptr;
}

}  // namespace pump

#endif  // EXAMPLES_DEVICE_MANIFEST_LIFE_HPP
