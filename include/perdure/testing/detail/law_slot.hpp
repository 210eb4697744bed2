// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_LAW_SLOT_HPP
#define PERDURE_TESTING_DETAIL_LAW_SLOT_HPP

// law_slot: any Slot behind one type, so that the laws are compiled once and not for each model.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

#include <perdure/manifest/slot.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

class law_slot {
 public:
  // A copy of the model's own, compared as the model compares them. No lock is taken for it: that would hide a model's races.
  class token {
   public:
    token() = default;
    template <class Own>
    explicit token(const Own& own) : equal_([](const token& a, const token& b) { return a.as<Own>() == b.as<Own>(); }) {
      static_assert(sizeof(Own) <= sizeof(memory_), "a token of more than 128 bytes");
      std::memcpy(memory_, &own, sizeof(own));
    }
    template <class Own>
    [[nodiscard]] Own as() const {
      Own own{};
      if (equal_ != nullptr) std::memcpy(&own, memory_, sizeof(own));
      return own;
    }
    friend bool operator==(const token& a, const token& b) {
      const auto equal = a.equal_ != nullptr ? a.equal_ : b.equal_;
      return equal == nullptr || equal(a, b);
    }

   private:
    bool (*equal_)(const token&, const token&) = nullptr;  // none: the default one, whatever its type
    std::byte memory_[128] = {};
  };

  law_slot() = default;
  law_slot(const law_slot&) = delete;
  law_slot& operator=(const law_slot&) = delete;
  virtual ~law_slot() = default;
  virtual result<slot_value<token>> load(slot_room room) = 0;
  virtual result<slot_value<token>> observe(slot_room room) = 0;
  virtual result<token> replace(const token& expected, bytes value) = 0;
};

// A place opens as a slot, or as what points to one or to a failure: a result, a std::unique_ptr, a std::optional.
template <class Place>
using opened_by = decltype(std::declval<Place&>()(std::uint32_t{}));
template <class Opened>
struct slot_behind {
  using type = std::remove_reference_t<decltype(*std::declval<Opened&>())>;
};
template <Slot Opened>
struct slot_behind<Opened> {
  using type = Opened;
};
template <class Place>
using slot_at = typename slot_behind<opened_by<Place>>::type;

template <class Place>
class slot_of_place : public law_slot {
 public:
  slot_of_place(Place& place, std::uint32_t number) : held_(place(number)) {}

  [[nodiscard]] bool ok() const {
    if constexpr (Slot<opened_by<Place>>) {
      return true;
    } else {
      return static_cast<bool>(held_);
    }
  }
  result<slot_value<token>> load(slot_room room) override { return told(slot().load(room)); }
  result<slot_value<token>> observe(slot_room room) override { return told(slot().observe(room)); }
  result<token> replace(const token& expected, bytes value) override {
    const auto done = slot().replace(expected.as<own_token>(), value);
    if (!done) return done.error();
    return token(*done);
  }

 private:
  using own_token = typename slot_at<Place>::token;

  [[nodiscard]] slot_at<Place>& slot() {
    if constexpr (Slot<opened_by<Place>>) {
      return held_;
    } else {
      return *held_;
    }
  }
  static result<slot_value<token>> told(const result<slot_value<own_token>>& own) {
    if (!own) return own.error();
    return slot_value<token>{token(own->token), own->value, own->earlier};
  }

  opened_by<Place> held_;
};

// None, if the place cannot be opened.
template <class Place>
[[nodiscard]] std::unique_ptr<law_slot> open_place(Place& place, std::uint32_t number) {
  auto slot = std::make_unique<slot_of_place<Place>>(place, number);
  if (!slot->ok()) return nullptr;
  return slot;
}

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_LAW_SLOT_HPP
