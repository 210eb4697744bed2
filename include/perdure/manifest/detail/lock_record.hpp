// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_LOCK_RECORD_HPP
#define PERDURE_MANIFEST_DETAIL_LOCK_RECORD_HPP

// What a slot_lock keeps in its slot, all 300 bytes of it always. Format 1, numbers little-endian:
//
//   byte  size
//      0     8   "perdureK"
//      8     2   format version; 10: of the oldest reader that understands it
//     12     1   1: held. 2: free, and the rest tells who had it last
//     13     1   size of the holder's text; 14: of the host's
//     15     1   0
//     16    16   id of the holder
//     32     8   token: higher than that of every earlier holder
//     40     8   process
//     48     8   taken: nanoseconds since 1970, by the holder's clock; for people
//     56     8   lease in nanoseconds; 0: none
//     64     8   renewals of this lease
//     72   128   holder, and zeros
//    200    96   host, and zeros
//    296     4   CRC32C of the 296 bytes before

#include <perdure/core/crc32c.hpp>
#include <perdure/core/detail/byte_order.hpp>
#include <perdure/core/result.hpp>
#include <perdure/manifest/lock_holder.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

struct lock_record {
  char magic[8] = {'p', 'e', 'r', 'd', 'u', 'r', 'e', 'K'};
  little<std::uint16_t> format;
  little<std::uint16_t> format_reader_min;
  little<std::uint8_t> state;
  little<std::uint8_t> holder_size;
  little<std::uint8_t> host_size;
  little<std::uint8_t> zero;
  lock_id id;
  little<std::uint64_t> token;
  little<std::uint64_t> process;
  little<std::uint64_t> taken_unix_ns;
  little<std::uint64_t> lease_ns;
  little<std::uint64_t> renewals;
  char holder[lock_holder::name_size_max] = {};
  char host[lock_holder::host_size_max] = {};
  little<std::uint32_t> checksum;
};
static_assert(sizeof(lock_record) == 300 && alignof(lock_record) == 1 && offsetof(lock_record, state) == 12 &&
              offsetof(lock_record, id) == 16 && offsetof(lock_record, token) == 32 && offsetof(lock_record, lease_ns) == 56 &&
              offsetof(lock_record, holder) == 72 && offsetof(lock_record, host) == 200 &&
              offsetof(lock_record, checksum) == 296);

inline constexpr std::uint16_t lock_format = 1;
inline constexpr std::uint8_t lock_is_held = 1;
inline constexpr std::uint8_t lock_is_free = 2;

[[nodiscard]] inline lock_record encode_lock(const lock_holder& of) noexcept {
  lock_record record;
  record.format = record.format_reader_min = lock_format;
  record.state = of.is_held ? lock_is_held : lock_is_free;
  record.id = of.id;
  record.token = of.token;
  record.process = of.process;
  record.taken_unix_ns = static_cast<std::uint64_t>(of.taken_unix_ns);
  record.lease_ns = static_cast<std::uint64_t>(of.lease_ns);
  record.renewals = of.renewals;
  record.holder_size = static_cast<std::uint8_t>(of.name().size());
  record.host_size = static_cast<std::uint8_t>(of.host().size());
  if (!of.name().empty()) std::memcpy(record.holder, of.name().data(), of.name().size());
  if (!of.host().empty()) std::memcpy(record.host, of.host().data(), of.host().size());
  record.checksum = crc32c(before_checksum(record));
  return record;
}

// corrupt, or version_unsupported.
[[nodiscard]] inline result<lock_holder> decode_lock(bytes stored) noexcept {
  const failure damaged(code::corrupt, operation::load);
  if (stored.size() < 12) return damaged;
  lock_record record;
  std::memcpy(&record, stored.data(), stored.size() < sizeof(record) ? stored.size() : sizeof(record));
  if (std::memcmp(record.magic, lock_record().magic, sizeof(record.magic)) != 0) return damaged;
  // Of a later format not even the size is known.
  if (record.format_reader_min > lock_format) return failure(code::version_unsupported, operation::load);
  if (stored.size() != sizeof(record) || record.checksum != crc32c(before_checksum(record))) return damaged;
  if (record.state != lock_is_held && record.state != lock_is_free) return damaged;
  if (record.holder_size > sizeof(record.holder) || record.host_size > sizeof(record.host)) return damaged;
  if (record.lease_ns > INT64_MAX || record.token == 0) return damaged;
  lock_holder of;
  of.is_held = record.state == lock_is_held;
  of.id = record.id;
  of.token = record.token;
  of.process = record.process;
  of.taken_unix_ns = static_cast<std::int64_t>(std::uint64_t{record.taken_unix_ns});
  of.lease_ns = static_cast<std::int64_t>(std::uint64_t{record.lease_ns});
  of.renewals = record.renewals;
  of.set_name({record.holder, record.holder_size});
  of.set_host({record.host, record.host_size});
  return of;
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_LOCK_RECORD_HPP
