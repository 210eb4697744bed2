// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/progress.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;

TEST_CASE("progress: somebody who does not want to know never ends anything") {
  const progress_watch watch = unwatched;
  CHECK(watch({1, 2, 3}) == proceed::go_on);
  CHECK(progress().total_bytes == progress::unknown);
}
