// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Whoever forgets the tag is told when he saves, and not when he wants to load.
// expect: An engine says that it is one
#include <perdure/engine/persistor.hpp>
#include <perdure/store/mem_store.hpp>

struct notes {
#ifndef PERDURE_FAIL
  using perdure_engine = notes;
#endif
  perdure::result<void> save(perdure::engine_sink&) const { return {}; }
  static perdure::result<notes> load(const perdure::engine_source&) { return notes(); }
};

bool saved(perdure::persistor<perdure::mem_store>& all) { return all.save("notes", notes()).has_value(); }
