// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_CATCH_HPP
#define PERDURE_TESTS_SUPPORT_CATCH_HPP

// Catch2 as the system has it: v3, or v2 with its single header.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#endif  // PERDURE_TESTS_SUPPORT_CATCH_HPP
