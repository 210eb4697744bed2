// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Elements wider than a byte have an order and a padding: say bytes_of.
// expect-gcc: conversion from .* to non-scalar type .*bytes.* requested
// expect-clang: no viable conversion from .* to .*bytes
#include <perdure/core/bytes.hpp>

struct wide_range {
  const int* data() const { return values; }
  std::size_t size() const { return 2; }
  int values[2] = {1, 2};
};

int main() {
  const wide_range wide;
  perdure::bytes view = perdure::bytes_of(wide);
#ifdef PERDURE_FAIL
  perdure::bytes other = wide;
  view = other;
#endif
  return view.size() == 2 * sizeof(int) ? 0 : 1;
}
