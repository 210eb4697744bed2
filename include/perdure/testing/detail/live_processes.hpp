// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_LIVE_PROCESSES_HPP
#define PERDURE_TESTING_DETAIL_LIVE_PROCESSES_HPP

// live_processes: those that run beside one another, as world::processes() began them, and which of them are alive.

#include <algorithm>
#include <cstdint>
#include <vector>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

class live_processes {
 public:
  std::uint32_t kills_left = 0;  // of one of them alone

  // Numbers that none of those has which run alone, one after another.
  [[nodiscard]] std::uint32_t begin() {
    alive_.push_back(++begun_ << 16);
    return alive_.back();
  }
  [[nodiscard]] bool has(std::uint32_t process) const noexcept {
    return std::find(alive_.begin(), alive_.end(), process) != alive_.end();
  }
  void end(std::uint32_t process) { std::erase(alive_, process); }
  void end_all() noexcept { alive_.clear(); }

 private:
  std::vector<std::uint32_t> alive_;
  std::uint32_t begun_ = 0;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_LIVE_PROCESSES_HPP
