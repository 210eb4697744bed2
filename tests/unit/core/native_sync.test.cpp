// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/native_sync.hpp>

#include <tests/support/catch.hpp>

static_assert(perdure::Sync<perdure::native_sync>);

TEST_CASE("native_sync: threads of this platform exclude one another") {
#if PERDURE_HAS_POSIX
  CHECK(std::is_same_v<perdure::native_sync, perdure::pthread_sync>);
#else
  CHECK(std::is_same_v<perdure::native_sync, perdure::no_sync>);
#endif
}
