// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// What makes files an engine is written last, of the version that was pinned: a pin has to know it.
// expect-gcc: Pin<
// expect-clang: HasCurrent
#include <perdure/engine/checkpoint_source.hpp>

class my_source {
 public:
  using perdure_checkpoint_source = my_source;
  struct nothing {};
  struct my_pin {
    std::uint64_t version();
    template <class Visit>
    perdure::result<void> for_each_file(const Visit& visit);
    template <class Visit>
    perdure::result<void> for_each_metadata(const Visit& visit);
#ifndef PERDURE_FAIL
    perdure::checkpoint_current current();
#endif
  };
  std::uint64_t visible_watermark();
  perdure::result<nothing> hold_deletions();
  perdure::result<void> flush();
  perdure::result<my_pin> pin();
};
static_assert(perdure::CheckpointSource<my_source>);
