// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_VERSION_POINTER_HPP
#define PERDURE_MANIFEST_DETAIL_VERSION_POINTER_HPP

// version_pointer: what the file `current` of a versioned_slot holds: which versions there are, the newest first, and by what to
// know each of them. Numbers are little-endian.
//
//   offset     size  of the first format
//   0          8     "perdureV"
//   8          4     format, 1
//   12         4     count of versions, 0 to 32
//   16         48    of each version: its number (8 bytes, 1 or more), its size in bytes (8), its SHA-256 (32)
//   16+48n     4     CRC32C of all bytes before
//
// The numbers descend. There is nothing behind it. Every format begins with the first two fields and ends with the checksum, so
// that damage is told from what a later version wrote. Without a version it says that there is no value.

#include <perdure/core/crc32c.hpp>
#include <perdure/core/sha256.hpp>
#include <perdure/fs/path.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

struct version_entry {
  std::uint64_t number = 0;
  std::uint64_t size_bytes = 0;
  digest of = {};
  friend bool operator==(const version_entry&, const version_entry&) = default;
};

class version_pointer {
 public:
  static constexpr std::size_t count_max = 32;
  static constexpr std::size_t head_size = 16;
  static constexpr std::size_t entry_size = 48;
  static constexpr std::size_t tail_size = 4;
  static constexpr std::size_t size_max = head_size + count_max * entry_size + tail_size;
  static constexpr std::uint32_t format = 1;

  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] const version_entry& operator[](std::size_t at) const noexcept { return entries_[at]; }
  // Of none: number 0, which no version has.
  [[nodiscard]] version_entry newest() const noexcept { return count_ != 0 ? entries_[0] : version_entry(); }
  [[nodiscard]] bool names(std::uint64_t number) const noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      if (entries_[i].number == number) return true;
    }
    return false;
  }
  // This one in front, and of the others as many as make `keep` with it.
  [[nodiscard]] version_pointer with(const version_entry& next, std::size_t keep) const noexcept {
    version_pointer then;
    then.entries_[0] = next;
    for (then.count_ = 1; then.count_ < keep && then.count_ <= count_; ++then.count_) {
      then.entries_[then.count_] = entries_[then.count_ - 1];
    }
    return then;
  }

  [[nodiscard]] bytes encode(std::byte (&into)[size_max]) const noexcept {
    std::memcpy(into, magic, sizeof(magic));
    put(into + 8, format, 4);
    put(into + 12, count_, 4);
    std::byte* at = into + head_size;
    for (std::size_t i = 0; i < count_; ++i, at += entry_size) {
      put(at, entries_[i].number, 8);
      put(at + 8, entries_[i].size_bytes, 8);
      std::memcpy(at + 16, entries_[i].of.bytes, 32);
    }
    const auto size = static_cast<std::size_t>(at - into);
    put(at, crc32c(bytes(into, size)), tail_size);
    return {into, size + tail_size};
  }

  // corrupt, or version_unsupported.
  [[nodiscard]] static result<version_pointer> decode(bytes text) noexcept {
    const failure damaged(code::corrupt, operation::load);
    if (text.size() < head_size + tail_size || std::memcmp(text.data(), magic, sizeof(magic)) != 0) return damaged;
    const std::size_t size = text.size() - tail_size;
    if (get(text.data() + size, tail_size) != crc32c(text.first(size))) return damaged;
    const std::uint64_t written_as = get(text.data() + 8, 4);
    if (written_as != format) return written_as > format ? failure(code::version_unsupported, operation::load) : damaged;
    version_pointer found;
    found.count_ = static_cast<std::size_t>(get(text.data() + 12, 4));
    if (found.count_ > count_max || size != head_size + found.count_ * entry_size) return damaged;
    const std::byte* at = text.data() + head_size;
    for (std::size_t i = 0; i < found.count_; ++i, at += entry_size) {
      version_entry& one = found.entries_[i];
      one.number = get(at, 8);
      one.size_bytes = get(at + 8, 8);
      std::memcpy(one.of.bytes, at + 16, 32);
      if (one.number == 0 || (i != 0 && one.number >= found.entries_[i - 1].number)) return damaged;
    }
    return found;
  }

 private:
  static constexpr char magic[8] = {'p', 'e', 'r', 'd', 'u', 'r', 'e', 'V'};

  static void put(std::byte* at, std::uint64_t value, std::size_t size) noexcept {
    for (std::size_t i = 0; i < size; ++i) at[i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
  }
  [[nodiscard]] static std::uint64_t get(const std::byte* at, std::size_t size) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- != 0;) value = value << 8 | static_cast<std::uint64_t>(at[i]);
    return value;
  }

  std::size_t count_ = 0;
  version_entry entries_[count_max] = {};
};

// The file of a version is called by its number: v1, v2, v10.
class version_name {
 public:
  static constexpr std::size_t size_max = 21;

  explicit version_name(std::uint64_t number) noexcept {
    do {
      text_[--begin_] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    text_[--begin_] = 'v';
  }
  [[nodiscard]] path_view view() const noexcept { return {text_ + begin_, size_max - begin_}; }

  // The number of a name that this class makes; 0 for every other name.
  [[nodiscard]] static std::uint64_t parse(path_view name) noexcept {
    if (name.size() < 2 || name.size() > size_max || name[0] != 'v') return 0;
    std::uint64_t number = 0;
    for (std::size_t i = 1; i < name.size(); ++i) {
      const auto digit = static_cast<unsigned>(name[i]) - '0';
      if (digit > 9 || (digit == 0 && i == 1) || number > (UINT64_MAX - digit) / 10) return 0;
      number = number * 10 + digit;
    }
    return number;
  }

 private:
  std::size_t begin_ = size_max;
  char text_[size_max];
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_VERSION_POINTER_HPP
