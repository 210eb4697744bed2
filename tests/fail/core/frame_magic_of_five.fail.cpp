// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// expect: frame_head::of|of\(
#include <perdure/core/frame.hpp>

#ifdef PERDURE_FAIL
const auto head = perdure::frame_head::of("LHV10", 4);
#else
const auto head = perdure::frame_head::of("LHV1", 4);
#endif
