// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// expect: decode_frame
#include <perdure/core/frame.hpp>

// A length that somebody else wrote is believed up to a limit that is the reader's to state.
perdure::result<perdure::frame_view> parts(perdure::bytes whole) {
#ifdef PERDURE_FAIL
  return perdure::decode_frame(whole, "LHV1");
#else
  return perdure::decode_frame(whole, "LHV1", {4096, 1 << 20});
#endif
}
