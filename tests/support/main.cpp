// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// The main function of every test binary, compiled once. Catch2 v3 brings its own and does not see this file.
#define CATCH_CONFIG_MAIN
#include <tests/support/catch.hpp>
