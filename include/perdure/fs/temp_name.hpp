// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_TEMP_NAME_HPP
#define PERDURE_FS_TEMP_NAME_HPP

// temp_name: the name of a file that is being written, and whose it is.
//
//   .perdure-<place>-<process>-<started>-<serial>.tmp      each a hexadecimal number without leading zeros, as in nonce
//
// It does not hold the target's name, so that a target may have the longest name there is. The directory is the target's.

#include <perdure/fs/fs_types.hpp>

namespace perdure {
inline namespace v1 {

class temp_name {
 public:
  static constexpr std::size_t size_max = 9 + 4 * 16 + 3 + 4;

  explicit temp_name(const nonce& of) noexcept {
    text_.append(prefix);
    const std::uint64_t parts[] = {of.place, of.process, of.started, of.serial};
    for (std::size_t i = 0; i < 4; ++i) {
      if (i != 0) text_.append("-");
      append_hex(parts[i]);
    }
    text_.append(suffix);
  }

  [[nodiscard]] const char* data() const noexcept { return text_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }

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
      for (; at < end && digit(name[at]) < 16; ++at) parts[i] = parts[i] << 4 | digit(name[at]);
      if (at == start || at - start > 16 || (name[start] == '0' && at - start > 1)) return other;
      if (i < 3 && (at == end || name[at++] != '-')) return other;
    }
    if (at != end) return other;
    return nonce{parts[0], parts[1], parts[2], parts[3]};
  }

 private:
  static constexpr path_view prefix = ".perdure-";
  static constexpr path_view suffix = ".tmp";

  void append_hex(std::uint64_t value) noexcept {
    char digits[16];
    std::size_t at = 16;
    do digits[--at] = "0123456789abcdef"[value & 15];
    while ((value >>= 4) != 0);
    text_.append(path_view(digits + at, 16 - at));
  }
  [[nodiscard]] static constexpr std::uint64_t digit(char c) noexcept {
    if (c >= '0' && c <= '9') return static_cast<std::uint64_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint64_t>(c - 'a' + 10);
    return 16;
  }

  path_buffer<size_max> text_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_TEMP_NAME_HPP
