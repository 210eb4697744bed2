// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A write is whole or it failed: a count would be a part of a record that somebody forgets to look at.
// expect: HasRegionWrite
#include <perdure/manifest/block_device.hpp>

class my_device {
 public:
  using perdure_block_device = my_device;

  perdure::result<void> acquire();
  void release() noexcept;
  perdure::result<void> look();
  perdure::block_shape shape() const;
  std::uint64_t capacity(std::uint32_t region) const;
  perdure::result<void> read(std::uint32_t region, std::uint64_t offset, perdure::mutable_bytes into);
#ifdef PERDURE_FAIL
  perdure::result<std::size_t> write(std::uint32_t region, perdure::bytes head, perdure::bytes body);
#else
  perdure::result<void> write(std::uint32_t region, perdure::bytes head, perdure::bytes body);
#endif
  perdure::result<void> sync();
  perdure::result<bool> confirmed(std::uint32_t region);
  perdure::result<void> confirm(std::uint32_t region);
};
static_assert(perdure::BlockDevice<my_device>);
