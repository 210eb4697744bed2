// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Whoever derives from a model may have changed what a call means, so that the tag is not inherited.
// expect: Slot
#include <perdure/manifest/slot.hpp>

class my_slot {
 public:
  using perdure_slot = my_slot;
  struct token {
    std::uint64_t number = 0;
    friend bool operator==(const token&, const token&) = default;
  };

  perdure::result<perdure::slot_value<token>> load(perdure::slot_room room);
  perdure::result<perdure::slot_value<token>> observe(perdure::slot_room room);
  perdure::result<token> replace(const token& expected, perdure::bytes value);
};
static_assert(perdure::Slot<my_slot>);

class faster_slot : public my_slot {
 public:
#ifndef PERDURE_FAIL
  using perdure_slot = faster_slot;
#endif
  perdure::result<perdure::slot_value<token>> load(perdure::slot_room room);
};
static_assert(perdure::Slot<faster_slot>);
