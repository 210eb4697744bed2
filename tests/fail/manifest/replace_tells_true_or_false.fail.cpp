// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Lost, refused and in doubt are three things, and true or false are two.
// expect: HasReplace
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
#ifdef PERDURE_FAIL
  bool replace(const token& expected, perdure::bytes value);
#else
  perdure::result<token> replace(const token& expected, perdure::bytes value);
#endif
};
static_assert(perdure::Slot<my_slot>);
