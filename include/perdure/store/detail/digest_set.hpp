// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_DIGEST_SET_HPP
#define PERDURE_STORE_DETAIL_DIGEST_SET_HPP

// digest_set: which digests were seen; 32 bytes each, at most two thirds full. A digest is its own hash.

#include <perdure/core/detail/room.hpp>
#include <perdure/core/sha256.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

enum class added : std::uint8_t { now, before, no_memory };

class digest_set {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  void clear() noexcept {
    count_ = 0;
    has_zero_ = false;
    slots_ = room<digest>();
  }
  [[nodiscard]] bool has(const digest& one) const noexcept {
    if (one == digest()) return has_zero_;
    return !slots_.empty() && slots_[place(one)] == one;
  }
  [[nodiscard]] added add(const digest& one) noexcept {
    if (one == digest()) return exchanged(has_zero_, true) ? added::before : (++count_, added::now);
    if (count_ >= slots_.size() / 3 * 2 && !grow()) return added::no_memory;
    digest& slot = slots_[place(one)];
    if (slot == one) return added::before;
    slot = one;
    ++count_;
    return added::now;
  }

 private:
  [[nodiscard]] std::size_t place(const digest& one) const noexcept {
    std::uint64_t hash;
    std::memcpy(&hash, one.bytes, sizeof(hash));
    const std::size_t mask = slots_.size() - 1;
    auto at = static_cast<std::size_t>(hash) & mask;
    while (!(slots_[at] == one) && !(slots_[at] == digest())) at = (at + 1) & mask;
    return at;
  }
  [[nodiscard]] bool grow() noexcept {
    room<digest> old;
    swapped(old, slots_);
    if (!slots_.resize(old.empty() ? 64 : old.size() * 2)) {
      swapped(old, slots_);
      return false;
    }
    for (digest& one : slots_) one = digest();
    for (const digest& one : old) {
      if (!(one == digest())) slots_[place(one)] = one;
    }
    return true;
  }

  room<digest> slots_;  // that of zeros marks a free place
  std::size_t count_ = 0;
  bool has_zero_ = false;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_DIGEST_SET_HPP
