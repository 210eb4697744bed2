// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_SEALED_FORMAT_HPP
#define PERDURE_CORE_SEALED_FORMAT_HPP

// The sealed layout, version 1: named sections, a checksum for each, and a seal at the end over all lengths and their order.
// sealed_writer.hpp writes it, sealed_view.hpp reads it in place, sealed_reader.hpp reads it as it arrives.
//
// Numbers are little-endian. Checksums are CRC32C.
//   the file's head         offset  size  what
//                              0     8  magic                 89 50 52 44 0D 0A 1A 0A
//                              8     4  kind                  four bytes of the caller's own
//                             12     2  layout                1, of this page
//                             14     2  layout, oldest reader 1: the least layout that a reader must know
//                             16     4  format                the caller's own version, at least 1
//                             20     4  format, oldest reader the least version that a reader must know, 1 to format
//                             24     4  zero
//                             28     4  checksum of the 28 bytes before. These 32 bytes are so in every layout to come
//   each section, at s         0     4  mark                  "SECT"
//                              4     2  size of the name, n   1 to 128
//                              6     2  zero
//                              8     8  size of the data, d
//                             16     n  name
//                           16+n     4  checksum of the 16 + n bytes before
//                           20+n     p  zeros, to the next multiple of 64 of the file
//                      s+20+n+p     d  data
//                    s+20+n+p+d     4  checksum of the data
//   the seal, last             0     4  mark                  "SEAL"
//                              4     4  number of sections
//                              8     8  size of the whole file
//                             16     4  checksum of the head and, of each section in order, all but the zeros and the data
//                             20     4  checksum of the 20 bytes before
//
// Every byte is under a checksum or known, so that no truncation and no flipped bit passes. Sections follow each other without a
// gap. Names need not differ; who looks for a name that is there twice is told corrupt.

#include <perdure/core/crc32c.hpp>
#include <perdure/core/detail/byte_order.hpp>
#include <perdure/core/detail/damage.hpp>
#include <perdure/core/four_bytes.hpp>

namespace perdure {
inline namespace v1 {

inline constexpr std::uint16_t sealed_layout_version = 1;
inline constexpr std::size_t section_name_size_max = 128;
inline constexpr std::size_t section_alignment_bytes = 64;  // of the data, in the file

// What the writer says of the file.
struct sealed_format {
  four_bytes kind;
  std::uint32_t version = 1;
  std::uint32_t reader_version_min = 1;  // a reader of an earlier version refuses it: version_unsupported
};

enum class unknown_sections : std::uint8_t {
  keep,    // they are shown like the others, so that who writes the file again can copy them
  refuse,  // version_unsupported
};
enum class section_checks : std::uint8_t {
  at_open,  // the checksums of all data, before anything is shown
  at_find,  // each when its section is found, for a large map of which little is read. Everything else is checked at once
};

// What the reader expects of the file, and what it will bear with. Sizes are limits, never sizes of memory.
struct sealed_reading {
  four_bytes kind;
  std::uint32_t version = 1;     // the format that this reader knows
  std::uint64_t file_bytes_max;  // larger is too_large; so is a section that claims to be larger
  std::uint32_t sections_max = 256;
  enum unknown_sections unknown_sections = unknown_sections::keep;
  const bytes* known = nullptr;  // the names that it knows, for unknown_sections::refuse
  std::size_t known_count = 0;
  enum section_checks section_checks = section_checks::at_open;  // of sealed_view
};

namespace detail {

inline constexpr unsigned char sealed_magic[8] = {0x89, 0x50, 0x52, 0x44, 0x0d, 0x0a, 0x1a, 0x0a};

struct sealed_head {
  unsigned char magic[8];
  four_bytes kind;
  little<std::uint16_t> layout;
  little<std::uint16_t> layout_reader_min;
  little<std::uint32_t> version;
  little<std::uint32_t> reader_version_min;
  little<std::uint32_t> zero;
  little<std::uint32_t> checksum;
};
static_assert(sizeof(sealed_head) == 32 && alignof(sealed_head) == 1);
static_assert(offsetof(sealed_head, kind) == 8 && offsetof(sealed_head, layout) == 12);
static_assert(offsetof(sealed_head, layout_reader_min) == 14 && offsetof(sealed_head, version) == 16);
static_assert(offsetof(sealed_head, reader_version_min) == 20 && offsetof(sealed_head, zero) == 24);
static_assert(offsetof(sealed_head, checksum) == 28);

struct section_head {
  four_bytes mark;
  little<std::uint16_t> name_size;
  little<std::uint16_t> zero;
  little<std::uint64_t> data_bytes;
};
static_assert(sizeof(section_head) == 16 && alignof(section_head) == 1);
static_assert(offsetof(section_head, name_size) == 4 && offsetof(section_head, zero) == 6);
static_assert(offsetof(section_head, data_bytes) == 8);

struct seal {
  four_bytes mark;
  little<std::uint32_t> sections;
  little<std::uint64_t> file_bytes;
  little<std::uint32_t> order_checksum;
  little<std::uint32_t> checksum;
};
static_assert(sizeof(seal) == 24 && alignof(seal) == 1);
static_assert(offsetof(seal, sections) == 4 && offsetof(seal, file_bytes) == 8);
static_assert(offsetof(seal, order_checksum) == 16 && offsetof(seal, checksum) == 20);

inline constexpr four_bytes section_mark = "SECT";
inline constexpr four_bytes seal_mark = "SEAL";
inline constexpr std::size_t checksum_bytes = 4;
inline constexpr std::size_t section_head_bytes_max = sizeof(section_head) + section_name_size_max + checksum_bytes;

// How many zeros there are between a section's head that ends here and its data.
[[nodiscard]] constexpr std::size_t section_padding(std::uint64_t end_of_head) noexcept {
  return static_cast<std::size_t>((0 - end_of_head) % section_alignment_bytes);
}

[[nodiscard]] inline result<sealed_head> decode_sealed_head(bytes first, const sealed_reading& how) noexcept {
  if (first.size() < sizeof(sealed_head)) return damage(code::corrupt, "file head", 0);
  const auto head = stored_at<sealed_head>(first.data());
  if (std::memcmp(head.magic, sealed_magic, sizeof(sealed_magic)) != 0) return damage(code::corrupt, "magic", 0);
  if (head.checksum != crc32c(before_checksum(head))) return damage(code::corrupt, "file head", 0);
  if (!(head.kind == how.kind)) return damage(code::corrupt, "kind", 8);
  if (head.layout_reader_min > sealed_layout_version) return damage(code::version_unsupported, "layout", 14);
  if (head.reader_version_min > how.version) return damage(code::version_unsupported, "format", 20);
  const bool sound = head.layout_reader_min != 0 && head.layout_reader_min <= head.layout && head.reader_version_min != 0 &&
                     head.reader_version_min <= head.version && head.zero == 0;
  return sound ? result<sealed_head>(head) : damage(code::corrupt, "file head", 0);
}

// The fixed part of a section's head, at this offset of the file.
[[nodiscard]] inline result<section_head> decode_section_head(bytes fixed, std::uint64_t at) noexcept {
  if (fixed.size() < sizeof(section_head)) return damage(code::corrupt, "section head", at);
  const auto head = stored_at<section_head>(fixed.data());
  const bool sound =
      head.mark == section_mark && head.name_size >= 1 && head.name_size <= section_name_size_max && head.zero == 0;
  return sound ? result<section_head>(head) : damage(code::corrupt, "section head", at);
}

[[nodiscard]] inline result<void> admit_section(bytes name, std::uint64_t at, const sealed_reading& how) noexcept {
  if (how.unknown_sections == unknown_sections::keep) return {};
  for (std::size_t i = 0; i < how.known_count; ++i) {
    if (how.known[i] == name) return {};
  }
  return damage(code::version_unsupported, "unknown section", at);
}

[[nodiscard]] inline bool all_zero(bytes padding) noexcept {
  unsigned char any = 0;
  for (const std::byte b : padding) any = static_cast<unsigned char>(any | static_cast<unsigned char>(b));
  return any == 0;
}

}  // namespace detail

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_SEALED_FORMAT_HPP
