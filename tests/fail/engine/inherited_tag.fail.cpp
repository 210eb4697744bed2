// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Whoever derives from a model saves more than it, so that the tag is not inherited.
// expect: Engine
#include <perdure/engine/engine.hpp>

class my_engine {
 public:
  using perdure_engine = my_engine;
  perdure::result<void> save(perdure::engine_sink& to) const;
  static perdure::result<my_engine> load(const perdure::engine_source& from);
};
static_assert(perdure::Engine<my_engine>);

class larger_engine : public my_engine {
 public:
#ifndef PERDURE_FAIL
  using perdure_engine = larger_engine;
  static perdure::result<larger_engine> load(const perdure::engine_source& from);
#endif
};
static_assert(perdure::Engine<larger_engine>);
