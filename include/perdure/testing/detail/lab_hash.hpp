// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_LAB_HASH_HPP
#define PERDURE_TESTING_DETAIL_LAB_HASH_HPP

// The lab's own hashing: the same numbers on every compiler, word size and byte order, for they decide what is explored. And
// seen_states, the set of what was.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t x) noexcept {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9U;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t a, std::uint64_t b) noexcept {
  return mixed(a * 0x9e3779b97f4a7c15U + mixed(b + 0x632be59bd9b4e019U));
}

[[nodiscard]] inline std::uint64_t little_endian(const unsigned char* at) noexcept {
  std::uint64_t word = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  std::memcpy(&word, at, 8);
#else
  for (int i = 7; i >= 0; --i) word = word << 8 | at[i];
#endif
  return word;
}
[[nodiscard]] inline std::uint64_t hash_of(const void* data, std::size_t size) noexcept {
  constexpr std::uint64_t factor = 0x9fb21c651e98df25U;
  const auto add = [](std::uint64_t h, std::uint64_t word) {
    h = (h ^ word) * factor;
    return h ^ h >> 32;
  };
  const auto* at = static_cast<const unsigned char*>(data);
  std::uint64_t h = 0x27d4eb2f165667c5U + size;
  if (size >= 32) {
    // Four at a time, for each waits for the product before it.
    std::uint64_t a = h;
    std::uint64_t b = h + factor;
    std::uint64_t c = h ^ factor;
    std::uint64_t d = h - factor;
    for (; size >= 32; at += 32, size -= 32) {
      a = add(a, little_endian(at));
      b = add(b, little_endian(at + 8));
      c = add(c, little_endian(at + 16));
      d = add(d, little_endian(at + 24));
    }
    h = mixed(mixed(a, b), mixed(c, d));
  }
  for (; size >= 8; at += 8, size -= 8) h = add(h, little_endian(at));
  std::uint64_t tail = 0;
  for (std::size_t i = size; i > 0; --i) tail = tail << 8 | at[i - 1];
  return mixed(h ^ tail);
}

// A set of hashes, each with two words of its own. Open addressing; nothing is ever taken out.
class seen_states {
 public:
  struct words {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
  };
  struct found {
    words* of;  // until the next insertion
    bool is_new;
  };
  [[nodiscard]] found insert(std::uint64_t key) {
    if (used_ * 4 >= slots_.size() * 3) grow();
    key += key == 0 ? 1 : 0;
    slot& place = find(key);
    const bool is_new = place.key == 0;
    if (is_new) {
      place.key = key;
      ++used_;
    }
    return {&place.of, is_new};
  }
  [[nodiscard]] std::size_t size() const noexcept { return used_; }

 private:
  struct slot {
    std::uint64_t key = 0;
    words of;
  };
  [[nodiscard]] slot& find(std::uint64_t key) noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>(key) & mask;
    while (slots_[at].key != 0 && slots_[at].key != key) at = (at + 1) & mask;
    return slots_[at];
  }
  void grow() {
    std::vector<slot> old(slots_.empty() ? 64 : slots_.size() * 2);
    old.swap(slots_);
    for (const slot& one : old) {
      if (one.key != 0) find(one.key) = one;
    }
  }

  std::vector<slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_LAB_HASH_HPP
