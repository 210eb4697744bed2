// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A token crosses threads and failures, and nothing of it may need to be freed.
// expect: HasToken
#include <perdure/manifest/slot.hpp>
#include <string>

class my_slot {
 public:
  using perdure_slot = my_slot;
#ifdef PERDURE_FAIL
  using token = std::string;
#else
  struct token {
    std::uint64_t number = 0;
    friend bool operator==(const token&, const token&) = default;
  };
#endif

  perdure::result<perdure::slot_value<token>> load(perdure::slot_room room);
  perdure::result<perdure::slot_value<token>> observe(perdure::slot_room room);
  perdure::result<token> replace(const token& expected, perdure::bytes value);
};
static_assert(perdure::Slot<my_slot>);
