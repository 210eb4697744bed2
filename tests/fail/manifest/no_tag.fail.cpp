// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Conformance is declared: syntax cannot see whether what was loaded is durable.
// expect: perdure_slot
#include <perdure/manifest/slot.hpp>

class my_slot {
 public:
#ifndef PERDURE_FAIL
  using perdure_slot = my_slot;
#endif
  struct token {
    std::uint64_t number = 0;
    friend bool operator==(const token&, const token&) = default;
  };

  perdure::result<perdure::slot_value<token>> load(perdure::slot_room room);
  perdure::result<perdure::slot_value<token>> observe(perdure::slot_room room);
  perdure::result<token> replace(const token& expected, perdure::bytes value);
};
static_assert(perdure::Slot<my_slot>);
