// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_NATIVE_CLOCK_HPP
#define PERDURE_CORE_NATIVE_CLOCK_HPP

// native_clock: the Clock of this platform, where there is one.

#include <perdure/core/clock.hpp>
#include <perdure/core/posix_clock.hpp>

namespace perdure {
inline namespace v1 {

#if PERDURE_HAS_POSIX
using native_clock = posix_clock;
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_NATIVE_CLOCK_HPP
