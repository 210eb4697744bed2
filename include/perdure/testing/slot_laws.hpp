// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_SLOT_LAWS_HPP
#define PERDURE_TESTING_SLOT_LAWS_HPP

// slot_laws: does a model of Slot keep the laws of slot.hpp, as far as a running program can see? For whoever writes a model,
// from any test framework.
//
//   const auto place = [&](std::uint32_t number) { return my_slot(fs, "scratch/slot" + std::to_string(number)); };
//   auto report = perdure::testing::check_slot_laws(place);
//   REQUIRE(report.ok());                       // else report.text() says which law, and where
//
// `place` opens a slot object: each number is a place of its own, where nothing was before, and equal numbers are one place. It
// returns the slot, or what points to one or to a failure (a result). Places are asked for from several threads; nothing removes
// them. What the suite is told in the options, it uses: how many objects a place may have at a time; a limit; a way to make
// calls go wrong, and to damage what is kept. A law that needs what it was not told is counted as not applicable.
//
// Some laws start threads, which race: run them under a thread sanitizer as well. What only a crash shows (S2, S4, and the rest
// of S5) is for the crash lab.

#include <perdure/testing/detail/required_slot_laws.hpp>
#include <perdure/testing/detail/shared_slot_laws.hpp>
#include <perdure/testing/detail/troubled_slot_laws.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

template <class Place>
concept SlotPlace = requires(Place& place, std::uint32_t number) { place(number); } && Slot<detail::slot_at<Place>>;

template <SlotPlace Place>
[[nodiscard]] law_report check_slot_laws(Place&& place, const slot_law_options& options = {}) {
  law_report report;
  if (static_cast<bool>(options.trouble) != static_cast<bool>(options.mend)) {
    report.broken.push_back("trouble without mend, or the other way round: no law was tried");
    return report;
  }
  const detail::slot_place open = [&place](std::uint32_t number) { return detail::open_place(place, number); };
  std::uint32_t last_place = 0;
  auto laws = detail::required_slot_laws();
  for (auto& law : detail::shared_slot_laws()) laws.push_back(law);
  for (auto& law : detail::troubled_slot_laws()) laws.push_back(law);
  for (const auto& law : laws) {
    detail::slot_law_case one(open, options, last_place);
    law.check(one);
    report.add(law.name, one);
  }
  return report;
}

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_SLOT_LAWS_HPP
