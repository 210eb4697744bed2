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
#include <perdure/manifest/detail/little_endian.hpp>

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
  std::byte magic[4];
  std::byte version[1];
  std::byte reader_version[1];
  std::byte kind[1];
  std::byte zero[1];
  std::byte identity[8];
  std::byte sequence[8];
  std::byte zeros[8];
  std::byte number[8];
  std::byte size_bytes[4];
  std::byte region[4];
  std::byte value_checksum[4];
  std::byte more_zeros[8];
  std::byte checksum[4];
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
    twin_head head = {};
    std::memcpy(head.magic, "PdTw", 4);
    put_number(head.version, version);
    put_number(head.reader_version, version);
    put_number(head.kind, static_cast<std::uint8_t>(kind));
    put_number(head.identity, identity);
    put_number(head.sequence, sequence);
    put_number(head.number, number);
    put_number(head.size_bytes, size_bytes);
    put_number(head.region, region);
    put_number(head.value_checksum, value_checksum);
    put_number(head.checksum, head_checksum(head));
    return head;
  }

  enum class found : std::uint8_t { blank, invalid, of_later_version, record };
  [[nodiscard]] found decode(const twin_head& head, std::uint64_t of_device, std::uint32_t in_region,
                             std::uint64_t capacity) noexcept {
    if (std::memcmp(head.magic, "PdTw", 4) != 0) return is_blank(head) ? found::blank : found::invalid;
    if (number_at(head.checksum) != head_checksum(head)) return found::invalid;
    // Whole, and so not what a cut left of something else.
    if (number_at(head.reader_version) > version) return found::of_later_version;
    const auto is_kind = static_cast<std::uint8_t>(number_at(head.kind));
    kind = static_cast<enum twin_kind>(is_kind);
    identity = number_at(head.identity);
    sequence = number_at(head.sequence);
    number = number_at(head.number);
    size_bytes = static_cast<std::uint32_t>(number_at(head.size_bytes));
    region = static_cast<std::uint32_t>(number_at(head.region));
    value_checksum = static_cast<std::uint32_t>(number_at(head.value_checksum));
    const bool known = is_kind >= 1 && is_kind <= 4;
    const bool ours = identity == of_device && region == in_region && sequence != 0;
    return known && ours && size_bytes <= capacity - head_size ? found::record : found::invalid;
  }

 private:
  [[nodiscard]] static std::uint32_t head_checksum(const twin_head& head) noexcept {
    return crc32c(bytes(reinterpret_cast<const std::byte*>(&head), offsetof(twin_head, checksum)));
  }
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
