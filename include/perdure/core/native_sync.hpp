// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_NATIVE_SYNC_HPP
#define PERDURE_CORE_NATIVE_SYNC_HPP

// native_sync: the Sync policy of this platform, and the default of every type that takes one. A platform without an OS has
// one thread; one with an OS that perdure has no policy for yet has no native_sync, and its users name their own.

#include <perdure/core/pthread_sync.hpp>
#include <perdure/core/sync.hpp>

namespace perdure {
inline namespace v1 {

#if PERDURE_HAS_POSIX
using native_sync = pthread_sync;
#elif !defined(_WIN32)
using native_sync = no_sync;
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_NATIVE_SYNC_HPP
