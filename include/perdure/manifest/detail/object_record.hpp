// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_OBJECT_RECORD_HPP
#define PERDURE_MANIFEST_DETAIL_OBJECT_RECORD_HPP

// What an object_slot puts before its value, in one object with it. Format 1, numbers little-endian:
//
//   byte  size
//      0     4   "PdSo"
//      4     1   format version; 5: of the oldest reader that understands it
//      6     1   1: a value follows. 2: there is nothing, and this object says so (number 0, no marks, no bytes)
//      7     1   0
//      8     8   number: how many values there have been, this one included
//     16    16   the mark of this very put, so that no two puts ever have the same bytes, and no etag comes back
//     32   256   the marks of the last 16 values, the newest first; zeros where there were fewer
//    288     8   size of the value
//    296     4   CRC32C of the value
//    300     4   CRC32C of the 300 bytes before
//    304         the value
//
// By its number a value has one place in the ring of every later object, up to 15 values later: whether a put whose answer was
// lost took effect is looked up there, also when others have written since.

#include <perdure/core/crc32c.hpp>
#include <perdure/core/detail/byte_order.hpp>
#include <perdure/core/result.hpp>
#include <perdure/core/sha256.hpp>
#include <perdure/fs/fs_types.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// A nonce in half of its size: as unique as SHA-256 is.
struct object_mark {
  std::byte made[16] = {};
  friend bool operator==(const object_mark&, const object_mark&) = default;

  [[nodiscard]] static object_mark of(const nonce& one) noexcept {
    little<std::uint64_t> parts[4] = {one.place, one.process, one.started, one.serial};
    object_mark mark;
    std::memcpy(mark.made, sha256_of(stored_bytes(parts)).bytes, sizeof(mark.made));
    return mark;
  }
};

struct object_head {
  char magic[4] = {'P', 'd', 'S', 'o'};
  little<std::uint8_t> version;
  little<std::uint8_t> reader_version;
  little<std::uint8_t> kind;
  little<std::uint8_t> zero;
  little<std::uint64_t> number;
  object_mark put;
  object_mark ring[16];
  little<std::uint64_t> size_bytes;
  little<std::uint32_t> value_checksum;
  little<std::uint32_t> checksum;
};
static_assert(sizeof(object_head) == 304 && alignof(object_head) == 1 && offsetof(object_head, kind) == 6 &&
              offsetof(object_head, number) == 8 && offsetof(object_head, put) == 16 && offsetof(object_head, ring) == 32 &&
              offsetof(object_head, size_bytes) == 288 && offsetof(object_head, value_checksum) == 296 &&
              offsetof(object_head, checksum) == 300);

struct object_record {
  static constexpr std::uint8_t version = 1;
  static constexpr std::size_t head_size = sizeof(object_head);
  static constexpr std::size_t ring_size = 16;

  std::uint64_t number = 0;  // 0: there is nothing
  object_mark ring[ring_size] = {};

  // The record of the value that comes after this one.
  [[nodiscard]] object_record followed_by(const object_mark& next) const noexcept {
    object_record made;
    made.number = number + 1;
    made.ring[0] = next;
    for (std::size_t i = 1; i < ring_size; ++i) made.ring[i] = ring[i - 1];
    return made;
  }

  enum class memory : std::uint8_t { has_it, has_another, has_none };
  // Was the value of this number the one with that mark?
  [[nodiscard]] memory of(std::uint64_t that, const object_mark& mark) const noexcept {
    if (that > number) return memory::has_another;
    if (number - that >= ring_size) return memory::has_none;
    return ring[number - that] == mark ? memory::has_it : memory::has_another;
  }

  [[nodiscard]] object_head encoded(const object_mark& put, bytes value) const noexcept {
    object_head head;
    head.version = head.reader_version = version;
    head.kind = number != 0 ? 1 : 2;
    head.number = number;
    head.put = put;
    for (std::size_t i = 0; i < ring_size; ++i) head.ring[i] = ring[i];
    head.size_bytes = value.size();
    head.value_checksum = crc32c(value);
    head.checksum = crc32c(before_checksum(head));
    return head;
  }

  // `object` is all of it; returns the value in it.
  [[nodiscard]] result<bytes> decode(bytes object) noexcept {
    const failure damaged(code::corrupt, operation::load);
    if (object.size() < head_size) return damaged;
    const auto head = stored_at<object_head>(object.data());
    if (std::memcmp(head.magic, "PdSo", 4) != 0) return damaged;
    // Of a later format not even the place of the checksum is known.
    if (head.reader_version > version) return failure(code::version_unsupported, operation::load);
    const bytes value = object.from(head_size);
    if (head.checksum != crc32c(before_checksum(head))) return damaged;
    if (head.size_bytes != value.size() || head.value_checksum != crc32c(value)) return damaged;
    const bool is_nothing = head.kind == 2 && head.number == 0 && value.empty();
    if (!is_nothing && (head.kind != 1 || head.number == 0)) return damaged;
    number = head.number;
    for (std::size_t i = 0; i < ring_size; ++i) ring[i] = head.ring[i];
    return value;
  }
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_OBJECT_RECORD_HPP
