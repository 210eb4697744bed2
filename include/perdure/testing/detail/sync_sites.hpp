// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_SYNC_SITES_HPP
#define PERDURE_TESTING_DETAIL_SYNC_SITES_HPP

// sync_sites: the syncs of one run, told from one another, and the one among them that is to do nothing.

#include <cstdint>
#include <string>
#include <vector>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// A sync by how many there were before it, in the workload, or since the process was killed. One of a recovery by how many there
// were before it of the same call: a recovery does one thing on one disk, and another thing on the next.
struct sync_site {
  std::uint32_t number = UINT32_MAX;
  std::string text = {};

  // The text of one that is counted with all others is for people.
  [[nodiscard]] bool is(const sync_site& other) const {
    return number == other.number && (number < first_of_recovery || text == other.text);
  }
  static constexpr std::uint32_t first_after_kill = 1U << 30;
  static constexpr std::uint32_t first_of_recovery = 1U << 31;
};

class sync_sites {
 public:
  sync_site skipped = {};
  bool tells_texts = false;

  [[nodiscard]] const std::vector<sync_site>& all() const noexcept { return all_; }
  void note_kill() noexcept { next_ = sync_site::first_after_kill; }
  void note_recovery() noexcept { next_ = sync_site::first_of_recovery; }

  // One more. Is it the one that is to do nothing?
  template <class Text>
  [[nodiscard]] bool skips_next(Text&& text) {
    const bool recovers = next_ == sync_site::first_of_recovery;
    sync_site here{next_, {}};
    const bool skips_here = skipped.number >= sync_site::first_of_recovery && skipped.number != UINT32_MAX;
    if (tells_texts || (recovers && skips_here)) here.text = text();
    if (!recovers) ++next_;
    for (const sync_site& one : all_) here.number += recovers && one.text == here.text ? 1 : 0;
    all_.push_back(std::move(here));
    return all_.back().is(skipped);
  }

 private:
  std::vector<sync_site> all_;
  std::uint32_t next_ = 0;
};

inline void merge(std::vector<sync_site>& into, const std::vector<sync_site>& more) {
  for (const sync_site& one : more) {
    bool known = false;
    for (const sync_site& other : into) known = known || other.is(one);
    if (!known) into.push_back(one);
  }
}

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_SYNC_SITES_HPP
