// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Who takes what it reads into memory of its own decides for the caller how much that may be.
// expect: HasLoad
#include <perdure/manifest/slot.hpp>

class my_slot {
 public:
  using perdure_slot = my_slot;
  struct token {
    std::uint64_t number = 0;
    friend bool operator==(const token&, const token&) = default;
  };

#ifdef PERDURE_FAIL
  perdure::result<perdure::slot_value<token>> load();
#else
  perdure::result<perdure::slot_value<token>> load(perdure::slot_room room);
#endif
  perdure::result<perdure::slot_value<token>> observe(perdure::slot_room room);
  perdure::result<token> replace(const token& expected, perdure::bytes value);
};
static_assert(perdure::Slot<my_slot>);
