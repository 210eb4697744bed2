// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_DEVICE_MANIFEST_NAIVE_HPP
#define EXAMPLES_DEVICE_MANIFEST_NAIVE_HPP

// The same memory as most firmware has it: one sector, with a checksum, erased and programmed again. Between the two it is gone.

#include <examples/device_manifest/pump.hpp>

namespace pump {

template <perdure::Flash C>
class naive_memory {
 public:
  explicit naive_memory(C& chip) noexcept : chip_(&chip) {}

  perdure::result<void> open() {
    stored in;
    PERDURE_TRY(chip_->read(0, perdure::mutable_bytes(reinterpret_cast<std::byte*>(&in), sizeof(in))));
    now_ = in.checksum == perdure::crc32c(perdure::bytes_of(in.value)) ? in.value : state{};
    return {};
  }
  [[nodiscard]] state now() const { return now_; }

  perdure::result<void> started() {
    state next = now_;
    ++next.starts;
    return save(next);
  }
  perdure::result<void> ran(std::uint32_t seconds) {
    state next = now_;
    next.seconds_run += seconds;
    return seconds >= 60 ? save(next) : perdure::result<void>();
  }
  perdure::result<void> set_pressure(std::uint32_t pressure) {
    state next = now_;
    next.pressure_set = pressure;
    next.pressure_checks = ~pressure;
    return save(next);
  }

 private:
  struct stored {
    state value;
    std::uint32_t checksum = 0;
    std::uint32_t zero = 0;
  };
  static_assert(sizeof(stored) % C::program_unit_bytes == 0);

  perdure::result<void> save(const state& next) {
    const stored out{next, perdure::crc32c(perdure::bytes_of(next))};
    PERDURE_TRY(chip_->erase(0));
    PERDURE_TRY(chip_->program(0, perdure::bytes_of(out)));
    now_ = next;
    return {};
  }

  C* chip_;
  state now_;
};

}  // namespace pump

#endif  // EXAMPLES_DEVICE_MANIFEST_NAIVE_HPP
