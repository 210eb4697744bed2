// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_TEMP_NAME_HPP
#define PERDURE_FS_TEMP_NAME_HPP

// temp_name: the name of a file that is being written, and whose it is.
//
//   .perdure-<place>-<process>-<started>-<serial>.tmp      each a number to the base 32 (0 to 9, a to v) without leading zeros
//
// The numbers are those of the nonce. It does not hold the target's name, so that a target may have the longest name there is.
// The directory is the target's. posix_fs's names rarely pass 39 bytes: longer ones Linux keeps apart from their directory entry.

#include <perdure/fs/fs_types.hpp>

namespace perdure {
inline namespace v1 {

class temp_name {
 public:
  static constexpr std::size_t size_max = 9 + 4 * 13 + 3 + 4;

  temp_name() noexcept = default;
  explicit temp_name(const nonce& of) noexcept {
    char* end = put(text_, prefix);
    end = put_number(end, of.place);
    *end++ = '-';
    end = put_number(end, of.process);
    *end++ = '-';
    end = put_number(end, of.started);
    *end++ = '-';
    end = put_number(end, of.serial);
    size_ = static_cast<std::size_t>(put(end, suffix) - text_);
  }

  [[nodiscard]] const char* data() const noexcept { return text_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // The nonce of a name that this class made; not_found for every other name.
  [[nodiscard]] static result<nonce> parse(path_view name) noexcept {
    const failure other(code::not_found, operation::none);
    if (name.size() < prefix.size() + suffix.size()) return other;
    if (!(name.first(prefix.size()) == prefix) || !(name.from(name.size() - suffix.size()) == suffix)) return other;
    std::uint64_t parts[4] = {};
    std::size_t at = prefix.size();
    const std::size_t end = name.size() - suffix.size();
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t start = at;
      for (; at < end && digit(name[at]) < 32; ++at) parts[i] = parts[i] << 5 | digit(name[at]);
      const std::size_t digits = at - start;
      if (digits == 0 || digits > 13 || (digits == 13 && digit(name[start]) > 15)) return other;  // more than 64 bits
      if (name[start] == '0' && digits > 1) return other;
      if (i < 3 && (at == end || name[at++] != '-')) return other;
    }
    if (at != end) return other;
    return nonce{parts[0], parts[1], parts[2], parts[3]};
  }

 private:
  static constexpr path_view prefix = ".perdure-";
  static constexpr path_view suffix = ".tmp";

  [[nodiscard]] static char* put(char* at, path_view text) noexcept {
    std::memcpy(at, text.data(), text.size());
    return at + text.size();
  }
  [[nodiscard]] static char* put_number(char* at, std::uint64_t value) noexcept {
    char* end = at + 1;
    for (std::uint64_t rest = value >> 5; rest != 0; rest >>= 5) ++end;
    for (char* digit = end; digit != at; value >>= 5) *--digit = "0123456789abcdefghijklmnopqrstuv"[value & 31];
    return end;
  }
  [[nodiscard]] static constexpr std::uint64_t digit(char c) noexcept {
    if (c >= '0' && c <= '9') return static_cast<std::uint64_t>(c - '0');
    if (c >= 'a' && c <= 'v') return static_cast<std::uint64_t>(c - 'a' + 10);
    return 32;
  }

  std::size_t size_ = 0;
  char text_[size_max];
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_TEMP_NAME_HPP
