// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A value that is replaced without saying which one is lost by whoever wrote meanwhile.
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
  perdure::result<token> replace(perdure::bytes value);
#else
  perdure::result<token> replace(const token& expected, perdure::bytes value);
#endif
};
static_assert(perdure::Slot<my_slot>);
