// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_BLOCK_DEVICE_HPP
#define PERDURE_MANIFEST_BLOCK_DEVICE_HPP

// BlockDevice: some regions that are written one at a time, each as a whole. What twin_slot is kept on: a preallocated file
// (file_blocks), the sectors of a flash chip (flash_blocks), or whatever somebody writes a model for.
//
// "Survives" means: a power cut or a crash of the system at any later moment, followed by a restart, shows it.
//
// The laws
//  B1  Regions. They are numbered from 0 and there are at most 64. Those from shape().first on, three at least, have one
//      capacity, and only they are written. The ones before are smaller: what the device was before it grew.
//  B2  A write is of one region. `write(region, head, body)` puts the two at its beginning, one right behind the other. Whatever
//      becomes of it, no other region changes, neither when it fails nor when it is cut.
//  B3  Until it is synced, a written region may be anything. A cut leaves it with the old bytes, the new ones, a mixture or
//      neither, and it may show others each time it is read, until it has been written again and synced.
//  B4  What a sync has seen survives. After `write` and then `sync` succeeded, what was written survives.
//  B5  A failed sync is final: whether anything of what was written before it survives is unknown, and no later sync tells.
//  B6  `confirmed(region)` does what it can to make survive what `read` has shown this owner of the region, and is true only
//      where that is certain. After `write`, `sync` and then `confirm(region)` succeeded it is true for every later owner, until
//      the region is written again.
//  B7  One owner. `acquire` succeeds for one at a time, in any process that the device spans, until `release` or the end of the
//      object; a device that cannot keep others out is unsupported, unless its user declares to be the only one. To acquire again
//      what one owns makes it usable again after a failure. Where there is no device it makes a blank one, whole or not at all.
//  B8  A region that was never written reads as zeros, or as bytes of 0xff. What a grown region holds after a cut is anything.
//  B9  Honest outcomes. After a `write` that failed with doubt `none`, nothing of what was to be written is there. A failed
//      `read`, `look` or `grow` has changed nothing that was there.
//
// Threads: one at a time.
//
// Required                                        fails also with
//   acquire()                                     busy, unsupported
//   release()                                     cannot fail
//   look()                                        not_found (no device). For reading, without owning: waits for nobody, changes
//                                                 nothing
//   shape() -> block_shape                        cannot fail; after acquire, look or grow
//   capacity(region) -> bytes                     cannot fail
//   read(region, offset, mutable_bytes)           corrupt
//   write(region, head, body)                     no_space, invalid_argument
//   sync()                                        sync_lost
//   confirmed(region) -> bool
//   confirm(region)
// Optional, through the free function
//   grow(capacity)                                no_space. Adds regions of that capacity or more, and only these are written
//                                                 from
//                                                 then on. Nothing has to survive until the next sync
//
// Not promised: anything about a device that somebody writes to without owning it.

#include <perdure/core/result.hpp>

namespace perdure {
inline namespace v1 {

struct block_shape {
  static constexpr std::uint32_t regions_max = 64;

  std::uint32_t regions = 0;
  std::uint32_t first = 0;     // of those that are written
  std::uint64_t identity = 0;  // another one for each device, as far as it can tell: storage is used again
};

namespace detail {

template <class D>
concept DeclaresBlockDevice = same_as<typename D::perdure_block_device, D>;
template <class D>
concept HasAcquire = requires(D& device) {
  { device.acquire() } -> results_in<void>;
};
template <class D>
concept HasRelease = requires(D& device) {
  { device.release() } noexcept;
};
template <class D>
concept HasLook = requires(D& device) {
  { device.look() } -> results_in<void>;
};
template <class D>
concept HasShape = requires(const D& device) {
  { device.shape() } -> same_as<block_shape>;
  { device.capacity(std::uint32_t{}) } -> same_as<std::uint64_t>;
};
template <class D>
concept HasRegionRead = requires(D& device, mutable_bytes into) {
  { device.read(std::uint32_t{}, std::uint64_t{}, into) } -> results_in<void>;
};
template <class D>
concept HasRegionWrite = requires(D& device, bytes part) {
  { device.write(std::uint32_t{}, part, part) } -> results_in<void>;
};
template <class D>
concept HasRegionSync = requires(D& device) {
  { device.sync() } -> results_in<void>;
};
template <class D>
concept HasConfirm = requires(D& device) {
  { device.confirmed(std::uint32_t{}) } -> results_in<bool>;
  { device.confirm(std::uint32_t{}) } -> results_in<void>;
};

}  // namespace detail

// A model says that it keeps the laws: `using perdure_block_device = my_device;`. What derives from one has to say so again.
template <class D>
concept BlockDevice = detail::DeclaresBlockDevice<D> && detail::HasAcquire<D> && detail::HasRelease<D> && detail::HasLook<D> &&
                      detail::HasShape<D> && detail::HasRegionRead<D> && detail::HasRegionWrite<D> && detail::HasRegionSync<D> &&
                      detail::HasConfirm<D>;

template <BlockDevice D>
[[nodiscard]] result<void> grow(D& device, std::uint64_t capacity) {
  if constexpr (requires { device.grow(capacity); }) {
    return device.grow(capacity);
  } else {
    return failure(code::unsupported, operation::write);
  }
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_BLOCK_DEVICE_HPP
