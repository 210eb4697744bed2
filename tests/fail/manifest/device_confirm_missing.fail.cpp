// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A device that cannot tell what is durable would have twin_slot believe what it reads.
// expect: HasConfirm
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
  perdure::result<void> write(std::uint32_t region, perdure::bytes head, perdure::bytes body);
  perdure::result<void> sync();
#ifndef PERDURE_FAIL
  perdure::result<bool> confirmed(std::uint32_t region);
  perdure::result<void> confirm(std::uint32_t region);
#endif
};
static_assert(perdure::BlockDevice<my_device>);
