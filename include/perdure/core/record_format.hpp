// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_RECORD_FORMAT_HPP
#define PERDURE_CORE_RECORD_FORMAT_HPP

// The layout of a log of records, version 1: segments, each a file of frames behind a head; fs/record_log.hpp writes them,
// fs/replay_log.hpp reads them.
//
// Numbers are little-endian. Checksums are CRC32C.
//   a segment's head        offset  size  what
//                              0     8  magic                 89 50 52 4C 0D 0A 1A 0A
//                              8     4  kind                  four bytes of the caller's own
//                             12     2  layout                1, of this page
//                             14     2  layout, oldest reader 1: the least layout that a reader must know
//                             16     8  log                   a number that all segments of one log share, and no other log
//                             24     8  segment               1 for the first; also in the file's name
//                             32     8  first                 the sequence number of its first record
//                             40     8  generation            a number that no other segment has, nor an earlier one of this name
//                             48     8  previous end          how many bytes of the segment before belong to the log; 0 for the
//                                                             first
//                             56     8  published             how many bytes it had when it got its name
//                             64     4  previous              checksum of the last head before: of a frame, or of a segment
//                                                             without one
//                             68     4  checksum of the 68 bytes before
//                                       These 72 bytes, and the 40 of `start`, are so in every layout to come
//   each frame                 0     4  mark                  "RECD"
//                              4     4  size of the payload   at least 1
//                              8     8  sequence              1 for the first record of the log; no gaps
//                             16     8  generation            of its segment
//                             24     8  durable               how many bytes of this segment were durable when it was written;
//                                                             0 in a frame that was there when the segment got its name
//                             32     4  previous              checksum of the head before, of a frame or of the segment
//                             36     4  attempt               how many appends to this segment had failed; never goes back
//                             40     4  checksum of the payload
//                             44     4  checksum of log, segment and offset of this frame, 8 bytes each, and the 44 bytes before
//                             48     *  payload
//   the file `start`           0     8  magic                 89 50 52 53 0D 0A 1A 0A
//                              8     4  kind
//                             12     2  layout                1
//                             14     2  layout, oldest reader 1
//                             16     8  log
//                             24     8  first segment         those before it are dropped, whether they are there or not
//                             32     4  zero
//                             36     4  checksum of the 36 bytes before
//
// Why a frame says so much: what is not synced survives a crash in any order, so that a bad frame with a good one behind it may
// be an ordinary torn tail, or the loss of what was durable. `durable` tells them apart. The place in the checksum, the
// generation, the attempt and the chain of heads refuse whatever an earlier life of the same blocks may have left there.

#include <perdure/core/crc32c.hpp>
#include <perdure/core/detail/byte_order.hpp>
#include <perdure/core/detail/damage.hpp>
#include <perdure/core/four_bytes.hpp>

namespace perdure {
inline namespace v1 {

inline constexpr std::uint16_t record_layout_version = 1;
inline constexpr std::size_t record_head_bytes = 48;   // in front of each payload
inline constexpr std::size_t segment_head_bytes = 72;  // in front of each segment

namespace detail {

inline constexpr unsigned char segment_magic[8] = {0x89, 0x50, 0x52, 0x4c, 0x0d, 0x0a, 0x1a, 0x0a};
inline constexpr unsigned char start_magic[8] = {0x89, 0x50, 0x52, 0x53, 0x0d, 0x0a, 0x1a, 0x0a};
inline constexpr four_bytes record_mark = "RECD";

struct segment_head {
  unsigned char magic[8];
  four_bytes kind;
  little<std::uint16_t> layout;
  little<std::uint16_t> layout_reader_min;
  little<std::uint64_t> log;
  little<std::uint64_t> segment;
  little<std::uint64_t> first;
  little<std::uint64_t> generation;
  little<std::uint64_t> previous_end;
  little<std::uint64_t> published;
  little<std::uint32_t> previous;
  little<std::uint32_t> checksum;
};
static_assert(sizeof(segment_head) == segment_head_bytes && alignof(segment_head) == 1);
static_assert(offsetof(segment_head, kind) == 8 && offsetof(segment_head, layout) == 12);
static_assert(offsetof(segment_head, layout_reader_min) == 14 && offsetof(segment_head, log) == 16);
static_assert(offsetof(segment_head, segment) == 24 && offsetof(segment_head, first) == 32);
static_assert(offsetof(segment_head, generation) == 40 && offsetof(segment_head, previous_end) == 48);
static_assert(offsetof(segment_head, published) == 56 && offsetof(segment_head, previous) == 64);
static_assert(offsetof(segment_head, checksum) == 68);

struct record_head {
  four_bytes mark;
  little<std::uint32_t> payload_bytes;
  little<std::uint64_t> sequence;
  little<std::uint64_t> generation;
  little<std::uint64_t> durable;
  little<std::uint32_t> previous;
  little<std::uint32_t> attempt;
  little<std::uint32_t> payload_checksum;
  little<std::uint32_t> checksum;
};
static_assert(sizeof(record_head) == record_head_bytes && alignof(record_head) == 1);
static_assert(offsetof(record_head, payload_bytes) == 4 && offsetof(record_head, sequence) == 8);
static_assert(offsetof(record_head, generation) == 16 && offsetof(record_head, durable) == 24);
static_assert(offsetof(record_head, previous) == 32 && offsetof(record_head, attempt) == 36);
static_assert(offsetof(record_head, payload_checksum) == 40 && offsetof(record_head, checksum) == 44);

struct log_start {
  unsigned char magic[8];
  four_bytes kind;
  little<std::uint16_t> layout;
  little<std::uint16_t> layout_reader_min;
  little<std::uint64_t> log;
  little<std::uint64_t> first_segment;
  little<std::uint32_t> zero;
  little<std::uint32_t> checksum;
};
static_assert(sizeof(log_start) == 40 && alignof(log_start) == 1);
static_assert(offsetof(log_start, kind) == 8 && offsetof(log_start, layout) == 12 && offsetof(log_start, log) == 16);
static_assert(offsetof(log_start, layout_reader_min) == 14 && offsetof(log_start, first_segment) == 24);
static_assert(offsetof(log_start, zero) == 32 && offsetof(log_start, checksum) == 36);

// Where a frame stands; it is valid nowhere else.
struct record_place {
  little<std::uint64_t> log;
  little<std::uint64_t> segment;
  little<std::uint64_t> offset;
};
static_assert(sizeof(record_place) == 24);

[[nodiscard]] inline std::uint32_t checksum_of(const record_head& head, const record_place& at) noexcept {
  return crc32c(before_checksum(head), crc32c(stored_bytes(at)));
}
// A head that was written for this place. Its payload, and what came before it, are the reader's to look at.
[[nodiscard]] inline bool is_sound(const record_head& head, const record_place& at) noexcept {
  return head.mark == record_mark && head.checksum == checksum_of(head, at) && head.payload_bytes != 0 &&
         head.durable <= at.offset;
}

inline void finish(segment_head& head) noexcept {
  std::memcpy(head.magic, segment_magic, sizeof(segment_magic));
  head.layout = record_layout_version;
  head.layout_reader_min = record_layout_version;
  head.checksum = crc32c(before_checksum(head));
}
inline void finish(log_start& start) noexcept {
  std::memcpy(start.magic, start_magic, sizeof(start_magic));
  start.layout = record_layout_version;
  start.layout_reader_min = record_layout_version;
  start.checksum = crc32c(before_checksum(start));
}

// What the two have in common: what they are, whose, and in which layout.
template <class T>
[[nodiscard]] result<T> decode_log_file(bytes first, const unsigned char (&magic)[8], four_bytes kind, bytes what) noexcept {
  if (first.size() < sizeof(T)) return damage(code::corrupt, what, 0);
  const T head = stored_at<T>(first.data());
  if (std::memcmp(head.magic, magic, sizeof(magic)) != 0) return damage(code::corrupt, "magic", 0);
  if (head.checksum != crc32c(before_checksum(head))) return damage(code::corrupt, what, 0);
  if (!(head.kind == kind)) return damage(code::corrupt, "kind", 8);
  if (head.layout_reader_min > record_layout_version) return damage(code::version_unsupported, "layout", 14);
  return head;
}

[[nodiscard]] inline result<segment_head> decode_segment_head(bytes first, four_bytes kind, std::uint64_t segment) noexcept {
  const auto head = decode_log_file<segment_head>(first, segment_magic, kind, "segment head");
  if (!head) return head;
  const bool sound = head->segment == segment && head->first != 0 && head->published >= segment_head_bytes;
  return sound ? head : damage(code::corrupt, "segment head", 0);
}
[[nodiscard]] inline result<log_start> decode_log_start(bytes whole, four_bytes kind) noexcept {
  auto start = decode_log_file<log_start>(whole, start_magic, kind, "start");
  if (!start) return start;
  const bool sound = start->first_segment != 0 && whole.size() == sizeof(log_start);
  return sound ? start : damage(code::corrupt, "start", 0);
}

}  // namespace detail

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_RECORD_FORMAT_HPP
