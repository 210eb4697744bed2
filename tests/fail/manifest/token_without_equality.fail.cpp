// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Whether a value is still the one that was loaded is asked by comparing tokens.
// expect: HasToken
#include <perdure/manifest/slot.hpp>

class my_slot {
 public:
  using perdure_slot = my_slot;
  struct token {
    std::uint64_t number = 0;
#ifndef PERDURE_FAIL
    friend bool operator==(const token&, const token&) = default;
#endif
  };

  perdure::result<perdure::slot_value<token>> load(perdure::slot_room room);
  perdure::result<perdure::slot_value<token>> observe(perdure::slot_room room);
  perdure::result<token> replace(const token& expected, perdure::bytes value);
};
static_assert(perdure::Slot<my_slot>);
