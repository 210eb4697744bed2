// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_PROGRESS_HPP
#define PERDURE_CORE_PROGRESS_HPP

// progress: how far something long has come, told to somebody who may end it.
//
//   objects.put(pin, source, {.watch = [&](const perdure::progress& far) { return stop ? proceed::cancel : proceed::go_on; }});
//
// Whoever is asked to cancel fails with code::cancelled, and its contract says what is left. It is asked from one thread at a
// time, though not always the same one.

#include <cstdint>

#include <perdure/core/function_ref.hpp>

namespace perdure {
inline namespace v1 {

struct progress {
  static constexpr std::uint64_t unknown = UINT64_MAX;

  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = unknown;
  std::uint64_t done_objects = 0;
};

enum class proceed : std::uint8_t { go_on, cancel };
using progress_watch = function_ref<proceed(const progress&)>;

// Of somebody who does not want to know.
[[nodiscard]] inline proceed unwatched(const progress&) noexcept { return proceed::go_on; }

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_PROGRESS_HPP
