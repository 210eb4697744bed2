// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A buffer is not a text: nobody can tell its text from its padding.
// expect: deleted
#include <perdure/core/bytes.hpp>

int main() {
  char buffer[64] = {};
  perdure::bytes view = perdure::bytes(buffer, 5);
#ifdef PERDURE_FAIL
  view = perdure::bytes(buffer);
#endif
  return view.size() == 5 ? 0 : 1;
}
