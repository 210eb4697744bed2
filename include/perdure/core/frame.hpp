// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_FRAME_HPP
#define PERDURE_CORE_FRAME_HPP

// frame: an envelope and a body in one file, so that they cannot disagree. The layout of LHV1, with any four bytes as magic.
//
//   offset  size  what
//        0     4  magic                          "LHV1", or the caller's own
//        4     4  size of the envelope, e        unsigned, the highest byte first
//        8     e  envelope                       often JSON: parameters, versions
//    8 + e     *  body                           all the rest
//
//   frame_head::of(magic, size) -> result         the first eight bytes; envelope and body are written behind it as they are
//   decode_frame(whole, magic, limits) -> result  the two parts, in place
//   decode_frame_head(first, magic) -> result     the envelope's size, from the first eight bytes alone; nobody has limited it
//
// Effects: none. Nothing is copied, allocated or written.
// Failure: what and where, in failure::path(): corrupt "magic at byte 0" (another kind of file), "frame head at byte 0" (fewer
//   than eight bytes), "envelope size at byte 4" (longer than the file, whatever the limit); version_unsupported "magic at byte
//   0" where the magic is that of a later version (LHV2); too_large "envelope size at byte 4" or "body at byte 8 + e" for what
//   is over a limit.
//
// Not promised, for the layout has neither a checksum nor the size of the body: none of these is seen in a bare frame:
//   a flipped bit in the envelope or in the body; a body that was cut short, to nothing even, or that has something behind it;
//   bytes of envelope and body that changed places because the size between them was altered and still fits in the file; a
//   whole file of the same magic in place of this one. An envelope that carries the size and the checksum of the body, and of
//   itself, closes all but the last; sealed_writer.hpp is a layout that sees them all.

#include <perdure/core/detail/byte_order.hpp>
#include <perdure/core/detail/damage.hpp>
#include <perdure/core/four_bytes.hpp>

namespace perdure {
inline namespace v1 {

struct frame_limits {
  std::uint64_t envelope_bytes_max;  // both are the reader's to state
  std::uint64_t body_bytes_max;
};

struct frame_view {
  bytes envelope;
  bytes body;
};

class frame_head {
 public:
  static constexpr std::size_t size_bytes = 8;

  // too_large where the size has more than 32 bits.
  [[nodiscard]] static result<frame_head> of(four_bytes magic, std::uint64_t envelope_bytes) noexcept {
    if (envelope_bytes > UINT32_MAX) return failure(code::too_large, operation::write);
    return frame_head(magic, static_cast<std::uint32_t>(envelope_bytes));
  }

  [[nodiscard]] four_bytes magic() const noexcept { return stored_.magic; }
  [[nodiscard]] std::uint32_t envelope_bytes() const noexcept { return stored_.envelope_bytes; }
  [[nodiscard]] const std::byte* data() const noexcept { return reinterpret_cast<const std::byte*>(&stored_); }
  [[nodiscard]] static constexpr std::size_t size() noexcept { return size_bytes; }

 private:
  struct stored {
    four_bytes magic;
    detail::big<std::uint32_t> envelope_bytes;
  };
  static_assert(sizeof(stored) == size_bytes && alignof(stored) == 1);
  static_assert(offsetof(stored, envelope_bytes) == 4);

  frame_head(four_bytes magic, std::uint32_t envelope_bytes) noexcept : stored_{magic, envelope_bytes} {}

  stored stored_;
};

[[nodiscard]] inline result<std::uint32_t> decode_frame_head(bytes first, four_bytes magic) noexcept {
  if (first.size() < frame_head::size_bytes) return detail::damage(code::corrupt, "frame head", 0);
  const four_bytes found = four_bytes::of(first);
  if (found.is_later_than(magic)) return detail::damage(code::version_unsupported, "magic", 0);
  if (!(found == magic)) return detail::damage(code::corrupt, "magic", 0);
  return std::uint32_t{detail::stored_at<detail::big<std::uint32_t>>(first.data() + 4)};
}

[[nodiscard]] inline result<frame_view> decode_frame(bytes whole, four_bytes magic, const frame_limits& limits) noexcept {
  const auto envelope = decode_frame_head(whole, magic);
  if (!envelope) return envelope.error();
  const bytes rest = whole.from(frame_head::size_bytes);
  // Damage before size: under a larger limit it would be that, too.
  if (*envelope > rest.size() || *envelope > limits.envelope_bytes_max)
    return detail::damage(*envelope > rest.size() ? code::corrupt : code::too_large, "envelope size", 4);
  const frame_view parts{rest.first(*envelope), rest.from(*envelope)};
  if (parts.body.size() > limits.body_bytes_max) {
    return detail::damage(code::too_large, "body", frame_head::size_bytes + *envelope);
  }
  return parts;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_FRAME_HPP
