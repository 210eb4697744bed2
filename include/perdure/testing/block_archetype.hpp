// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_BLOCK_ARCHETYPE_HPP
#define PERDURE_TESTING_BLOCK_ARCHETYPE_HPP

// poorest_device: a legal model of BlockDevice that is as unhelpful as the laws allow. Three small regions in memory; it does not
// grow, and what it reads of a region that was written and not synced is half of it. What is instantiated and tested with it
// needs no more than the concept gives.

#include <cstdint>
#include <cstring>

#include <perdure/manifest/block_device.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

class poorest_device {
 public:
  using perdure_block_device = poorest_device;
  static constexpr std::size_t capacity_bytes = 128;

  [[nodiscard]] result<void> acquire() noexcept { return {}; }
  void release() noexcept {}
  [[nodiscard]] result<void> look() noexcept { return {}; }
  [[nodiscard]] block_shape shape() const noexcept { return {3, 0, 7}; }
  [[nodiscard]] std::uint64_t capacity(std::uint32_t) const noexcept { return capacity_bytes; }

  [[nodiscard]] result<void> read(std::uint32_t region, std::uint64_t offset, mutable_bytes into) noexcept {
    if (region >= 3 || offset > capacity_bytes || into.size() > capacity_bytes - offset)
      return failure(code::invalid_argument, operation::read);
    if (!into.empty()) std::memcpy(into.data(), regions_[region].bytes + offset, into.size());
    return {};
  }
  [[nodiscard]] result<void> write(std::uint32_t region, bytes head, bytes body) noexcept {
    if (region >= 3 || head.size() + body.size() > capacity_bytes) return failure(code::invalid_argument, operation::write);
    one_region& to = regions_[region];
    std::memset(to.pending, 0xee, capacity_bytes);
    if (!head.empty()) std::memcpy(to.pending, head.data(), head.size());
    if (!body.empty()) std::memcpy(to.pending + head.size(), body.data(), body.size());
    std::memcpy(to.bytes, to.pending, capacity_bytes / 2);
    to.is_confirmed = false;
    return {};
  }
  [[nodiscard]] result<void> sync() noexcept {
    for (one_region& one : regions_) std::memcpy(one.bytes, one.pending, capacity_bytes);
    return {};
  }
  [[nodiscard]] result<bool> confirmed(std::uint32_t region) noexcept { return regions_[region].is_confirmed; }
  [[nodiscard]] result<void> confirm(std::uint32_t region) noexcept {
    regions_[region].is_confirmed = true;
    return {};
  }

 private:
  struct one_region {
    std::byte bytes[capacity_bytes] = {};
    std::byte pending[capacity_bytes] = {};
    bool is_confirmed = false;
  };
  one_region regions_[3] = {};
};

static_assert(BlockDevice<poorest_device>);

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_BLOCK_ARCHETYPE_HPP
