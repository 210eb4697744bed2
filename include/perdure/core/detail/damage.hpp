// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_DETAIL_DAMAGE_HPP
#define PERDURE_CORE_DETAIL_DAMAGE_HPP

// What is wrong with bytes that were read, and where, in the failure that says so: "section header at byte 64" stands where a
// path would, and a file's path is put before it: "data/index: section header at byte 64".

#include <perdure/core/result.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

class damage_text {
 public:
  damage_text& append(bytes text) noexcept {
    const bytes fits = text.first(sizeof(text_) - size_);
    if (!fits.empty()) std::memcpy(text_ + size_, fits.data(), fits.size());
    size_ += fits.size();
    return *this;
  }
  damage_text& append_number(std::uint64_t number) noexcept {
    char digits[20];
    std::size_t at = sizeof(digits);
    do digits[--at] = static_cast<char>('0' + take_digit(number));
    while (number != 0);
    return append(bytes(static_cast<const char*>(digits) + at, sizeof(digits) - at));
  }
  [[nodiscard]] bytes view() const noexcept { return {text_, size_}; }

 private:
  // Sixteen bits at a time: a processor that cannot divide 64 would link a function for it, of 800 bytes.
  [[nodiscard]] static std::uint32_t take_digit(std::uint64_t& number) noexcept {
    std::uint64_t tenth = 0;
    std::uint32_t rest = 0;
    for (int shift = 48; shift >= 0; shift -= 16) {
      const std::uint32_t part = rest << 16 | static_cast<std::uint32_t>(number >> shift & 0xffff);
      tenth |= std::uint64_t{part / 10} << shift;
      rest = part % 10;
    }
    number = tenth;
    return rest;
  }

  std::size_t size_ = 0;
  char text_[160];
};

// `what` is the name of a part of the layout, of at most 24 characters.
[[nodiscard, gnu::cold, gnu::noinline]] inline failure damage(enum code code, bytes what, std::uint64_t at) noexcept {
  damage_text text;
  text.append(what).append(" at byte ").append_number(at);
  return failure(code, operation::read).about(text.view());
}

// The same, in this file. What tells of the file already is a failure of its Fs, and stays as it is.
[[nodiscard, gnu::cold, gnu::noinline]] inline failure in_file(const failure& why, bytes path) noexcept {
  const bytes has = why.path();
  const bool tells = path.size() >= has.size() && path.from(path.size() - has.size()) == has;
  if (!has.empty() && (tells || why.path_cut())) return why;
  const failure bare = failure(why.code(), why.operation(), why.system_code()).with(why.doubt());
  if (has.empty()) return bare.about(path);
  damage_text text;
  text.append(path.from(path.size() > 64 ? path.size() - 64 : 0)).append(": ").append(has);
  return bare.about(text.view());
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_DETAIL_DAMAGE_HPP
