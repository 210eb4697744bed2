// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_FAULT_WORDS_HPP
#define PERDURE_TESTING_DETAIL_FAULT_WORDS_HPP

// The words of which fault rules are made.

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <perdure/core/failure.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// In the order of the enumerators.
inline constexpr const char* operation_words[] = {
    "none",      "open",          "read",           "write",          "size",     "truncate", "sync",     "close", "map",
    "lock",      "clone",         "get_attributes", "set_attributes", "stat",     "rename",   "remove",   "link",  "make_link",
    "read_link", "make_dir",      "remove_dir",     "list",           "open_dir", "sync_dir", "sync_all", "get",   "head",
    "put",       "remove_object", "list_objects",   "settle",         "load",     "replace",  "commit"};
static_assert(sizeof(operation_words) / sizeof(operation_words[0]) == static_cast<std::size_t>(last_operation) + 1);
inline constexpr const char* code_words[] = {"",
                                             "not_found",
                                             "already_exists",
                                             "conflict",
                                             "busy",
                                             "corrupt",
                                             "version_unsupported",
                                             "no_space",
                                             "permission",
                                             "not_a_directory",
                                             "is_a_directory",
                                             "not_empty",
                                             "invalid_argument",
                                             "invalid_storage_root",
                                             "unsupported",
                                             "too_large",
                                             "cancelled",
                                             "timed_out",
                                             "io",
                                             "sync_lost"};
inline constexpr const char* doubt_words[] = {"none", "visible", "durable"};

[[nodiscard]] inline const char* word_of(enum operation one) { return operation_words[static_cast<std::size_t>(one)]; }
[[nodiscard]] inline const char* word_of(enum code one) { return code_words[static_cast<std::size_t>(one)]; }
[[nodiscard]] inline const char* word_of(enum doubt one) { return doubt_words[static_cast<std::size_t>(one)]; }

template <class Enum, std::size_t N>
[[nodiscard]] std::optional<Enum> among(const char* const (&words)[N], std::string_view word, std::size_t first) {
  for (std::size_t i = first; i < N; ++i) {
    if (word == words[i]) return static_cast<Enum>(i);
  }
  return std::nullopt;
}
[[nodiscard]] inline std::optional<enum operation> operation_of(std::string_view word) {
  return among<enum operation>(operation_words, word, 1);
}
[[nodiscard]] inline std::optional<enum code> code_of_word(std::string_view word) {
  return among<enum code>(code_words, word, 1);
}

// The errno that a POSIX system answers most often for this code.
[[nodiscard]] inline std::int32_t errno_of(enum code code) {
  switch (code) {
    case code::not_found:
      return ENOENT;
    case code::already_exists:
      return EEXIST;
    case code::busy:
      return EBUSY;
    case code::no_space:
      return ENOSPC;
    case code::permission:
      return EACCES;
    case code::not_a_directory:
      return ENOTDIR;
    case code::is_a_directory:
      return EISDIR;
    case code::not_empty:
      return ENOTEMPTY;
    case code::invalid_argument:
      return EINVAL;
    case code::unsupported:
      return ENOTSUP;
    case code::too_large:
      return ENAMETOOLONG;
    case code::cancelled:
      return ECANCELED;
    case code::timed_out:
      return ETIMEDOUT;
    case code::io:
    case code::sync_lost:
      return EIO;
    default:
      return 0;
  }
}

// Does the whole path match? ? is any character but '/', * any number of those, ** any number of any.
[[nodiscard]] inline bool path_matches(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  if (pattern[0] == '*') {
    const bool deep = pattern.size() > 1 && pattern[1] == '*';
    const std::string_view rest = pattern.substr(deep ? 2 : 1);
    for (std::size_t taken = 0;; ++taken) {
      if (path_matches(rest, path.substr(taken))) return true;
      if (taken == path.size() || (!deep && path[taken] == '/')) return false;
    }
  }
  if (path.empty() || (pattern[0] == '?' ? path[0] == '/' : path[0] != pattern[0])) return false;
  return path_matches(pattern.substr(1), path.substr(1));
}

// 10000 of a million is "0.01".
[[nodiscard]] inline std::string parts_per_million(std::uint32_t parts) {
  std::string digits = std::to_string(parts % 1'000'000);
  digits.insert(0, 6 - digits.size(), '0');
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  return std::to_string(parts / 1'000'000) + "." + digits;
}

// A line, word by word. What is not as it was asked for turns good() false, and is 0.
class word_reader {
 public:
  explicit word_reader(std::string line) : line_(std::move(line)) {}

  [[nodiscard]] bool good() const noexcept { return good_; }

  [[nodiscard]] std::string next() {
    skip_spaces();
    const std::size_t begin = at_;
    while (at_ < line_.size() && !is_space(line_[at_])) ++at_;
    return line_.substr(begin, at_ - begin);
  }
  [[nodiscard]] std::uint64_t number() {
    skip_spaces();
    const std::size_t begin = at_;
    std::uint64_t value = 0;
    for (; at_ < line_.size() && line_[at_] >= '0' && line_[at_] <= '9'; ++at_) {
      const auto digit = static_cast<std::uint64_t>(line_[at_] - '0');
      if (value > (UINT64_MAX - digit) / 10) good_ = false;
      value = value * 10 + digit;
    }
    if (at_ == begin) good_ = false;
    return value;
  }
  [[nodiscard]] std::uint64_t number_after(char separator) {
    if (at_ == line_.size() || line_[at_] != separator) return good_ = false, 0;
    ++at_;
    return number();
  }
  [[nodiscard]] std::uint32_t parts_per_million() {
    const std::uint64_t whole = number();
    std::uint64_t parts = 0;
    if (at_ < line_.size() && line_[at_] == '.') {
      const std::size_t begin = ++at_;
      parts = number();
      if (at_ - begin > 6) good_ = false;
      for (std::size_t digits = at_ - begin; digits < 6; ++digits) parts *= 10;
    }
    if (whole > 1 || (whole == 1 && parts != 0)) good_ = false;
    return good_ ? static_cast<std::uint32_t>(whole * 1'000'000 + parts) : 0;
  }
  [[nodiscard]] enum doubt doubt() {
    const auto found = among<enum doubt>(doubt_words, next(), 0);
    if (!found) good_ = false;
    return found.value_or(doubt::none);
  }

 private:
  [[nodiscard]] static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }
  void skip_spaces() {
    while (at_ < line_.size() && is_space(line_[at_])) ++at_;
  }

  std::string line_;
  std::size_t at_ = 0;
  bool good_ = true;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_FAULT_WORDS_HPP
