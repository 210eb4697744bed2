// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Saving only looks: it is done while questions are answered.
// expect: HasSave
#include <perdure/engine/engine.hpp>

class my_engine {
 public:
  using perdure_engine = my_engine;
#ifdef PERDURE_FAIL
  perdure::result<void> save(perdure::engine_sink& to);
#else
  perdure::result<void> save(perdure::engine_sink& to) const;
#endif
  static perdure::result<my_engine> load(const perdure::engine_source& from);
};
static_assert(perdure::Engine<my_engine>);
