// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_LEDGER_RECORD_HPP
#define PERDURE_MANIFEST_DETAIL_LEDGER_RECORD_HPP

// What a ledger keeps in its slot. Format 1, numbers little-endian:
//
//   byte  size
//      0     8   "perdureL"
//      8     2   format version; 10: of the oldest reader that understands it
//     12     4   0
//     16     8   serial: how many states there have been, this one included; 0 where only a fence has been put, and no state yet
//     24     8   fence: the highest token that a writer has shown
//     32    32   SHA-256 of the state, which is its version; zeros where there is none
//     64     8   size of the state
//     72     4   CRC32C of the 72 bytes before
//     76         the state

#include <perdure/core/crc32c.hpp>
#include <perdure/core/detail/byte_order.hpp>
#include <perdure/core/result.hpp>
#include <perdure/core/sha256.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

struct ledger_head {
  char magic[8] = {'p', 'e', 'r', 'd', 'u', 'r', 'e', 'L'};
  little<std::uint16_t> format;
  little<std::uint16_t> format_reader_min;
  little<std::uint32_t> zero;
  little<std::uint64_t> serial;
  little<std::uint64_t> fence;
  digest version;
  little<std::uint64_t> size_bytes;
  little<std::uint32_t> checksum;
};
static_assert(sizeof(ledger_head) == 76 && alignof(ledger_head) == 1 && offsetof(ledger_head, format) == 8 &&
              offsetof(ledger_head, serial) == 16 && offsetof(ledger_head, fence) == 24 && offsetof(ledger_head, version) == 32 &&
              offsetof(ledger_head, size_bytes) == 64 && offsetof(ledger_head, checksum) == 72);

inline constexpr std::uint16_t ledger_format = 1;

[[nodiscard]] inline ledger_head encode_ledger(std::uint64_t serial, std::uint64_t fence, const digest& version,
                                               std::uint64_t size_bytes) noexcept {
  ledger_head head;
  head.format = head.format_reader_min = ledger_format;
  head.serial = serial;
  head.fence = fence;
  head.version = version;
  head.size_bytes = size_bytes;
  head.checksum = crc32c(before_checksum(head));
  return head;
}

// corrupt, or version_unsupported. The state is what follows the head.
[[nodiscard]] inline result<ledger_head> decode_ledger(bytes record) noexcept {
  const failure damaged(code::corrupt, operation::load);
  if (record.size() < offsetof(ledger_head, zero)) return damaged;
  ledger_head head;
  std::memcpy(&head, record.data(), record.size() < sizeof(head) ? record.size() : sizeof(head));
  if (std::memcmp(head.magic, ledger_head().magic, sizeof(head.magic)) != 0) return damaged;
  // Of a later format not even the size of the head is known.
  if (head.format_reader_min > ledger_format) return failure(code::version_unsupported, operation::load);
  if (record.size() < sizeof(head) || head.checksum != crc32c(before_checksum(head))) return damaged;
  const bytes state = record.from(sizeof(ledger_head));
  if (head.size_bytes != state.size()) return damaged;
  if (head.serial == UINT64_MAX) return damaged;  // there is none after it
  const bool is_sound = head.serial != 0 ? sha256_of(state) == head.version : state.empty() && head.version == digest();
  if (!is_sound) return damaged;
  return head;
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_LEDGER_RECORD_HPP
