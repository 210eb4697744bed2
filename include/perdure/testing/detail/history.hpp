// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_HISTORY_HPP
#define PERDURE_TESTING_DETAIL_HISTORY_HPP

// history: the steps of a workload, when each began and ended and with what. A power cut goes along with the first so many of
// these events.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <perdure/testing/detail/lab_hash.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

enum class step_outcome : std::uint8_t {
  not_begun,
  acknowledged,  // it returned success: it must be there
  unchanged,     // it failed, and said that it changed nothing
  unknown,       // it failed and could not say, or did not return before the power went
};

namespace detail {

class history {
 public:
  std::size_t begin(std::string value) {
    const std::uint64_t hash = hash_of(value.data(), value.size());
    values_.push_back({std::move(value), hash, events_.size(), never});
    events_.push_back({values_.size() - 1, step_outcome::not_begun});
    return values_.size() - 1;
  }
  void end(std::size_t step, step_outcome outcome) {
    values_[step].ended_at = events_.size();
    events_.push_back({step, outcome});
  }

  // Whoever was about this is dead: it is not about it any more.
  void abandon(std::size_t step) noexcept { values_[step].ended_at = events_.size() - 1; }
  // Whoever was about something is.
  void end_all() {
    for (named& one : values_) one.ended_at = one.ended_at == never ? events_.size() - 1 : one.ended_at;
  }

  // Was any of them?
  [[nodiscard]] bool acknowledged_any() const noexcept {
    for (const event& one : events_) {
      if (one.outcome == step_outcome::acknowledged) return true;
    }
    return false;
  }
  // A check asked for the latest.
  void note_asked() const noexcept { asked_ = true; }
  [[nodiscard]] bool asked() const noexcept { return asked_; }
  [[nodiscard]] std::size_t steps() const noexcept { return values_.size(); }
  [[nodiscard]] const std::string& value(std::size_t step) const noexcept { return values_[step].text; }

  // What was known of each step by then.
  void outcomes(std::size_t events, std::vector<step_outcome>& of) const {
    of.assign(values_.size(), step_outcome::not_begun);
    for (std::size_t i = 0; i < events; ++i) of[events_[i].step] = is_begin(i) ? step_outcome::unknown : events_[i].outcome;
  }
  // The steps of which one must be the latest by then, and whether none of them may be, too. Steps of several threads overlap:
  // what was acknowledged puts an end to those that had ended before it began, and to no other.
  bool allowed(std::size_t events, std::vector<std::size_t>& steps) const {
    steps.clear();
    bool initial = true;
    for (std::size_t i = 0; i < events; ++i) {
      if (is_begin(i)) {
        steps.push_back(events_[i].step);
      } else if (events_[i].outcome == step_outcome::acknowledged) {
        const std::size_t begun_at = values_[events_[i].step].begun_at;
        std::erase_if(steps, [&](std::size_t step) { return values_[step].ended_at < begun_at; });
        initial = false;
      } else if (events_[i].outcome == step_outcome::unchanged) {
        std::erase(steps, events_[i].step);
      }
    }
    return initial;
  }
  // Two moments with equal keys allow and forbid the same.
  [[nodiscard]] std::uint64_t key(std::size_t events) const noexcept {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < events; ++i)
      all = mixed(all, values_[events_[i].step].hash + static_cast<std::uint64_t>(events_[i].outcome));
    return all;
  }

 private:
  struct named {
    std::string text;
    std::uint64_t hash;
    std::size_t begun_at;
    std::size_t ended_at;
  };
  static constexpr std::size_t never = SIZE_MAX;
  struct event {
    std::size_t step;
    step_outcome outcome;  // not_begun: it begins
  };
  [[nodiscard]] bool is_begin(std::size_t at) const noexcept { return events_[at].outcome == step_outcome::not_begun; }

  std::vector<named> values_;
  std::vector<event> events_;
  mutable bool asked_ = false;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_HISTORY_HPP
