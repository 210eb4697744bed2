// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_TWIN_RECORD_HPP
#define PERDURE_MANIFEST_DETAIL_TWIN_RECORD_HPP

// twin_record: what a region of twin_slot begins with. Format version 1, numbers with their lowest byte first:
//
//    0   4  "PdTw"
//    4   1  format version
//    5   1  version of the oldest reader that understands it
//    6   1  kind
//    7   1  zero
//    8   8  identity of the device
//   16   8  sequence number: the highest one is the newest, by serial arithmetic; never 0
//   24   8  zero
//   32   8  number of the value: the sequence number that it was committed under, which its copies keep; 0: there is no value
//   40   4  bytes of the value
//   44   4  region that this was written to
//   48   4  CRC32C of the value
//   52   8  zero
//   60   4  CRC32C of the bytes 0 to 59
//   64      the value

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <perdure/core/crc32c.hpp>
#include <perdure/core/detail/byte_order.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

enum class twin_kind : std::uint8_t {
  none = 0,      // in memory alone: nothing was found
  value = 1,     // committed: the record before it was durable by then
  copy = 2,      // of the newest value, by whoever found it
  nothing = 3,   // the same, where there was none
  obsolete = 4,  // what stood here counts no more
};

struct twin_head {
  char magic[4] = {'P', 'd', 'T', 'w'};
  little<std::uint8_t> version;
  little<std::uint8_t> reader_version;
  little<std::uint8_t> kind;
  little<std::uint8_t> zero;
  little<std::uint64_t> identity;
  little<std::uint64_t> sequence;
  little<std::uint64_t> zeros;
  little<std::uint64_t> number;
  little<std::uint32_t> size_bytes;
  little<std::uint32_t> region;
  little<std::uint32_t> value_checksum;
  little<std::uint64_t> more_zeros;
  little<std::uint32_t> checksum;
};
static_assert(sizeof(twin_head) == 64 && alignof(twin_head) == 1 && offsetof(twin_head, version) == 4 &&
              offsetof(twin_head, kind) == 6 && offsetof(twin_head, identity) == 8 && offsetof(twin_head, sequence) == 16 &&
              offsetof(twin_head, number) == 32 && offsetof(twin_head, size_bytes) == 40 && offsetof(twin_head, region) == 44 &&
              offsetof(twin_head, value_checksum) == 48 && offsetof(twin_head, more_zeros) == 52 &&
              offsetof(twin_head, checksum) == 60);

// Serial arithmetic: `a` is the later one where it lies less than half the circle ahead.
[[nodiscard]] constexpr bool is_later(std::uint64_t a, std::uint64_t b) noexcept { return static_cast<std::int64_t>(a - b) > 0; }
// 0 means that there is none, and is passed over.
[[nodiscard]] constexpr std::uint64_t advanced(std::uint64_t sequence, std::uint64_t steps) noexcept {
  const std::uint64_t next = sequence + steps;
  return next < sequence || next == 0 ? next + 1 : next;
}

struct twin_record {
  static constexpr std::uint8_t version = 1;
  static constexpr std::size_t head_size = sizeof(twin_head);

  enum twin_kind kind = twin_kind::none;
  std::uint64_t identity = 0;
  std::uint64_t sequence = 0;
  std::uint64_t number = 0;
  std::uint32_t size_bytes = 0;
  std::uint32_t region = 0;
  std::uint32_t value_checksum = 0;

  // `obsolete` says something of its region alone.
  [[nodiscard]] constexpr bool counts() const noexcept { return kind != twin_kind::none && kind != twin_kind::obsolete; }

  [[nodiscard]] twin_head encoded() const noexcept {
    twin_head head;
    head.version = head.reader_version = version;
    head.kind = static_cast<std::uint8_t>(kind);
    head.identity = identity;
    head.sequence = sequence;
    head.number = number;
    head.size_bytes = size_bytes;
    head.region = region;
    head.value_checksum = value_checksum;
    head.checksum = crc32c(before_checksum(head));
    return head;
  }

  enum class found : std::uint8_t { blank, invalid, of_later_version, record };
  [[nodiscard]] found decode(const twin_head& head, std::uint64_t of_device, std::uint32_t in_region,
                             std::uint64_t capacity) noexcept {
    if (std::memcmp(head.magic, "PdTw", 4) != 0) return is_blank(head) ? found::blank : found::invalid;
    if (head.checksum != crc32c(before_checksum(head))) return found::invalid;
    // Whole, and so not what a cut left of something else.
    if (head.reader_version > version) return found::of_later_version;
    const std::uint8_t is_kind = head.kind;
    kind = static_cast<enum twin_kind>(is_kind);
    identity = head.identity;
    sequence = head.sequence;
    number = head.number;
    size_bytes = head.size_bytes;
    region = head.region;
    value_checksum = head.value_checksum;
    const bool known = is_kind >= 1 && is_kind <= 4;
    const bool ours = identity == of_device && region == in_region && sequence != 0;
    return known && ours && size_bytes <= capacity - head_size ? found::record : found::invalid;
  }

 private:
  [[nodiscard]] static bool is_blank(const twin_head& head) noexcept {
    const auto* const at = reinterpret_cast<const std::byte*>(&head);
    if (at[0] != std::byte{0} && at[0] != std::byte{0xff}) return false;
    return std::memcmp(at, at + 1, sizeof(head) - 1) == 0;
  }
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_TWIN_RECORD_HPP
