// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Who only looks must not have to take a lock, and load may take one.
// expect: HasObserve
#include <perdure/manifest/slot.hpp>

class my_slot {
 public:
  using perdure_slot = my_slot;
  struct token {
    std::uint64_t number = 0;
    friend bool operator==(const token&, const token&) = default;
  };

  perdure::result<perdure::slot_value<token>> load(perdure::slot_room room);
#ifndef PERDURE_FAIL
  perdure::result<perdure::slot_value<token>> observe(perdure::slot_room room);
#endif
  perdure::result<token> replace(const token& expected, perdure::bytes value);
};
static_assert(perdure::Slot<my_slot>);
