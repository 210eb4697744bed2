// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CLUSTER_DETAIL_PAYLOAD_INDEX_HPP
#define PERDURE_CLUSTER_DETAIL_PAYLOAD_INDEX_HPP

// payload_index: which payload is where, of many; found by its id, or by its digest alone. At most two thirds full. A digest is
// its own hash, so that payloads of one digest, by several operations, lie beside each other.

#include <perdure/cluster/cluster_names.hpp>
#include <perdure/core/detail/room.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

class payload_index {
 public:
  struct entry {
    payload_id id;       // of operation 0 where the place is free
    std::size_t at = 0;  // whatever whoever added it calls its place
  };

  void clear() noexcept {
    count_ = 0;
    slots_ = room<entry>();
  }
  // Null where it is not there. Of several with one digest the first one that was added.
  [[nodiscard]] const entry* find(const payload_id& id) const noexcept {
    return find_if(id.of, [&](const entry& one) { return one.id == id; });
  }
  [[nodiscard]] const entry* find(const digest& of) const noexcept {
    return find_if(of, [&](const entry& one) { return one.id.of == of; });
  }
  // Of one that is not there. false: no memory.
  [[nodiscard]] bool add(const payload_id& id, std::size_t at) noexcept {
    if (count_ >= slots_.size() / 3 * 2 && !grow()) return false;
    slots_[free_place(id.of)] = {id, at};
    ++count_;
    return true;
  }

 private:
  [[nodiscard]] std::size_t first_place(const digest& of) const noexcept {
    std::uint64_t hash;
    std::memcpy(&hash, of.bytes, sizeof(hash));
    return static_cast<std::size_t>(hash) & (slots_.size() - 1);
  }
  [[nodiscard]] std::size_t after(std::size_t place) const noexcept { return (place + 1) & (slots_.size() - 1); }
  [[nodiscard]] std::size_t free_place(const digest& of) const noexcept {
    std::size_t place = first_place(of);
    while (slots_[place].id.operation != 0) place = after(place);
    return place;
  }
  template <class Is>
  [[nodiscard]] const entry* find_if(const digest& of, Is is) const noexcept {
    if (slots_.empty()) return nullptr;
    for (std::size_t place = first_place(of); slots_[place].id.operation != 0; place = after(place)) {
      if (is(slots_[place])) return &slots_[place];
    }
    return nullptr;
  }
  [[nodiscard]] bool grow() noexcept {
    room<entry> old;
    swapped(old, slots_);
    if (!slots_.resize(old.empty() ? 64 : old.size() * 2)) {
      swapped(old, slots_);
      return false;
    }
    for (entry& one : slots_) one = entry();
    for (const entry& one : old) {
      if (one.id.operation != 0) slots_[free_place(one.id.of)] = one;
    }
    return true;
  }

  room<entry> slots_;
  std::size_t count_ = 0;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CLUSTER_DETAIL_PAYLOAD_INDEX_HPP
