// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_DEVICE_MANIFEST_PUMP_HPP
#define EXAMPLES_DEVICE_MANIFEST_PUMP_HPP

// What a pump remembers while it has no power: in three sectors of its flash, without heap, threads or a system.
//
// This is all that the device has to have, but for the driver of its flash. It is compiled for a Cortex-M4 and runs there in
// tests/rigs/cortex-m.

#include <perdure/core/frame.hpp>
#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/manifest/flash_blocks.hpp>
#include <perdure/manifest/twin_slot.hpp>

namespace pump {

// Read by the same firmware, or a later version of it.
struct state {
  std::uint32_t starts = 0;
  std::uint32_t seconds_run = 0;
  std::uint32_t pressure_set = 0;
  std::uint32_t pressure_checks = 0;  // that there was a pressure_set, too: the two are changed together
};

// A frame: what it is, the version of its layout, and the numbers.
struct codec {
  static constexpr perdure::four_bytes magic = "PUM1";
  static constexpr std::byte version{1};
  static constexpr std::size_t size_bytes = perdure::frame_head::size_bytes + 1 + sizeof(state);

  perdure::result<void> encode(const state& value, perdure::byte_sink sink) const {
    const auto head = perdure::frame_head::of(magic, 1);
    if (!head) return head.error();
    PERDURE_TRY(sink(*head));
    PERDURE_TRY(sink(perdure::bytes(&version, 1)));
    return sink(perdure::bytes_of(value));
  }
  perdure::result<state> decode(perdure::bytes from) const {
    using perdure::code, perdure::failure, perdure::operation;
    const auto frame = perdure::decode_frame(from, magic, {1, sizeof(state)});
    if (!frame) return frame.error();
    if (frame->envelope.size() != 1 || frame->body.size() != sizeof(state)) return failure(code::corrupt, operation::load);
    if (*frame->envelope.data() != version) return failure(code::version_unsupported, operation::load);
    state value;
    std::memcpy(&value, frame->body.data(), sizeof(value));
    return value;
  }
};

template <perdure::Flash C>
class memory {
  using blocks = perdure::flash_blocks<C>;
  // Of values two: the one that is known to be in flash, and the one that is on its way there.
  using manifest =
      perdure::manifest<state, perdure::twin_slot<blocks>, codec, perdure::no_sync, perdure::fixed_memory<2, codec::size_bytes>>;

 public:
  explicit memory(C& chip) noexcept : blocks_(chip), all_(perdure::twin_slot<blocks>(blocks_)) {}

  // To be called once the power is there. What is read from then on stays, whenever the power goes.
  perdure::result<void> open() { return all_.open(); }
  [[nodiscard]] state now() const { return *all_.read(); }

  perdure::result<void> started() {
    return done(perdure::commit_manifest(all_, [](state& next) { ++next.starts; }));
  }
  // Flash wears out: a minute is as exact as it has to be.
  perdure::result<void> ran(std::uint32_t seconds) {
    return done(perdure::commit_manifest_if(all_, [&](state& next) {
      next.seconds_run += seconds;
      return seconds >= 60;
    }));
  }
  perdure::result<void> set_pressure(std::uint32_t pressure) {
    return done(perdure::commit_manifest(all_, [&](state& next) {
      next.pressure_set = pressure;
      next.pressure_checks = ~pressure;
    }));
  }

 private:
  static perdure::result<void> done(const perdure::result<perdure::commit_report>& report) {
    return report ? perdure::result<void>() : report.error();
  }

  blocks blocks_;
  manifest all_;
};

}  // namespace pump

#endif  // EXAMPLES_DEVICE_MANIFEST_PUMP_HPP
