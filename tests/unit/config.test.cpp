// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/config.hpp>

#include <tests/support/catch.hpp>

#include <string>

TEST_CASE("config: the version is told once") {
  CHECK(std::to_string(PERDURE_VERSION_MAJOR) + "." + std::to_string(PERDURE_VERSION_MINOR) + "." +
            std::to_string(PERDURE_VERSION_PATCH) ==
        PERDURE_VERSION_STRING);
}
