// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_HTTP_TIME_HPP
#define PERDURE_STORE_DETAIL_HTTP_TIME_HPP

// signing_time: "20150830T123600Z", as a signature wants it. unix_of_http_date: what a server's Date header says.

#include <perdure/core/clock.hpp>
#include <perdure/fs/path.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

struct signing_time {
  char text[16];

  // Of years 1970 to 9999; what lies outside is the nearest of these.
  explicit signing_time(std::int64_t unix_ns) noexcept {
    const std::int64_t seconds = unix_ns < 0 ? 0 : unix_ns / ns_per_second;
    // Days of a calendar whose years begin in March, so that the leap day is the last one.
    const std::int64_t days = seconds / 86'400 + 719'468;
    const std::int64_t era = days / 146'097;
    const std::int64_t of_era = days % 146'097;
    const std::int64_t year = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
    const std::int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    const std::int64_t month = (5 * of_year + 2) / 153;
    const std::int64_t day = of_year - (153 * month + 2) / 5 + 1;
    put(0, 4, era * 400 + year + (month >= 10 ? 1 : 0));
    put(4, 2, month < 10 ? month + 3 : month - 9);
    put(6, 2, day);
    text[8] = 'T';
    put(9, 2, seconds % 86'400 / 3600);
    put(11, 2, seconds % 3600 / 60);
    put(13, 2, seconds % 60);
    text[15] = 'Z';
  }
  [[nodiscard]] path_view view() const noexcept { return {text, 16}; }
  [[nodiscard]] path_view day() const noexcept { return {text, 8}; }

 private:
  void put(std::size_t at, std::size_t digits, std::int64_t value) noexcept {
    for (std::size_t i = digits; i-- != 0; value /= 10) text[at + i] = static_cast<char>('0' + value % 10);
  }
};

// Seconds since 1970 of "Sun, 30 Aug 2015 12:36:00 GMT"; -1 of anything else.
[[nodiscard]] inline std::int64_t unix_of_http_date(path_view text) noexcept {
  if (text.size() != 29 || !(text.from(25) == path_view(" GMT")) || text[16] != ' ' || text[19] != ':' || text[22] != ':')
    return -1;
  bool good = true;
  const auto number = [&](std::size_t at, std::size_t digits) {
    std::int64_t value = 0;
    for (std::size_t i = at; i < at + digits; ++i) {
      good = good && text[i] >= '0' && text[i] <= '9';
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  constexpr char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::int64_t month = 0;
  while (month < 12 && !(path_view(months + 3 * month, 3) == text.from(8).first(3))) ++month;
  const std::int64_t day = number(5, 2);
  std::int64_t year = number(12, 4);
  const std::int64_t of_day = number(17, 2) * 3600 + number(20, 2) * 60 + number(23, 2);
  if (!good || month == 12 || year < 1970) return -1;
  if (month < 2) --year;
  const std::int64_t of_year = (153 * (month < 2 ? month + 10 : month - 2) + 2) / 5 + day - 1;
  const std::int64_t days = year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719'468;
  return days * 86'400 + of_day;
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_HTTP_TIME_HPP
