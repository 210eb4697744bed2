// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_DISK_QUOTED_HPP
#define PERDURE_TESTING_DETAIL_DISK_QUOTED_HPP

// Bytes and numbers, for people: short, whatever they are.

#include <cstdint>
#include <string>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

[[nodiscard]] inline std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

// What somebody else named: as it is, but for what would begin a new line or speak to the terminal.
[[nodiscard]] inline std::string one_line(const std::string& name) {
  std::string all;
  for (const char byte : name) {
    const auto value = static_cast<unsigned char>(byte);
    const char* const hex = "0123456789abcdef";
    if (byte == '\n') {
      all += "\\n";
    } else if (value < 0x20 || value == 0x7f) {
      all += std::string("\\x") + hex[value >> 4] + hex[value & 15];
    } else {
      all += byte;
    }
  }
  return all;
}

// "text" x 3 where a byte comes often, \xee where it is none to print; the end is left out where it is long.
[[nodiscard]] inline std::string quoted(const std::string& bytes) {
  constexpr std::size_t run_min = 8;
  constexpr std::size_t shown_max = 60;
  const auto spelled = [](char byte) -> std::string {
    const auto value = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\') return std::string("\\") + byte;
    if (byte == '\n') return "\\n";
    if (value >= 0x20 && value < 0x7f) return std::string(1, byte);
    const char* const hex = "0123456789abcdef";
    return std::string("\\x") + hex[value >> 4] + hex[value & 15];
  };
  std::string all;
  std::string open;
  const auto close = [&] {
    if (!open.empty()) all += (all.empty() ? "\"" : " \"") + open + "\"";
    open.clear();
  };
  for (std::size_t at = 0; at < bytes.size();) {
    if (all.size() + open.size() > shown_max) {
      close();
      return all + " and " + with_commas(bytes.size() - at) + " more bytes";
    }
    std::size_t run = 1;
    while (at + run < bytes.size() && bytes[at + run] == bytes[at]) ++run;
    if (run >= run_min) {
      close();
      all += (all.empty() ? "\"" : " \"") + spelled(bytes[at]) + "\" x " + with_commas(run);
      at += run;
    } else {
      open += spelled(bytes[at++]);
    }
  }
  close();
  return all.empty() ? "\"\"" : all;
}

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_DISK_QUOTED_HPP
