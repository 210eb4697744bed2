// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A load may fail, and has to be able to say so.
// expect: HasEngineLoad
#include <perdure/engine/engine.hpp>

class my_engine {
 public:
  using perdure_engine = my_engine;
  perdure::result<void> save(perdure::engine_sink& to) const;
#ifdef PERDURE_FAIL
  static my_engine load(const perdure::engine_source& from);
#else
  static perdure::result<my_engine> load(const perdure::engine_source& from);
#endif
};
static_assert(perdure::Engine<my_engine>);
