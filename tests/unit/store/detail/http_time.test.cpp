// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/detail/http_time.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;
using namespace perdure::detail;

namespace {
std::string text(std::int64_t seconds) {
  const signing_time time(seconds * ns_per_second + 999'999'999);
  return {time.view().data(), time.view().size()};
}
}  // namespace

TEST_CASE("signing_time: the calendar, its leap days included") {
  CHECK(text(0) == "19700101T000000Z");
  CHECK(text(951'782'399) == "20000228T235959Z");
  CHECK(text(951'782'400) == "20000229T000000Z");
  CHECK(text(1'440'938'160) == "20150830T123600Z");
  CHECK(text(1'709'251'199) == "20240229T235959Z");
  CHECK(text(1'709'251'200) == "20240301T000000Z");
  CHECK(text(4'107'542'400) == "21000301T000000Z");
  CHECK(std::string(signing_time(-5).view().data(), 16) == "19700101T000000Z");
}

TEST_CASE("unix_of_http_date: the form that servers send, and no other") {
  CHECK(unix_of_http_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
  CHECK(unix_of_http_date("Sun, 30 Aug 2015 12:36:00 GMT") == 1'440'938'160);
  CHECK(unix_of_http_date("Thu, 29 Feb 2024 23:59:59 GMT") == 1'709'251'199);
  CHECK(unix_of_http_date("Mon, 01 Mar 2100 00:00:00 GMT") == 4'107'542'400);
  for (const path_view bad :
       {path_view(""), path_view("Sun, 30 Aug 2015 12:36:00 CET"), path_view("Sun, 30 Aux 2015 12:36:00 GMT"),
        path_view("Sun, 3x Aug 2015 12:36:00 GMT"), path_view("Sunday, 30-Aug-15 12:36:00 GMT"),
        path_view("Sun Aug 30 12:36:00 2015"), path_view("Sun, 30 Aug 1015 12:36:00 GMT")}) {
    CHECK(unix_of_http_date(bad) == -1);
  }
  for (std::int64_t day = 0; day < 40'000; day += 13) {
    const signing_time time(day * 86'400 * ns_per_second);
    const char* const months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const int month = (time.text[4] - '0') * 10 + time.text[5] - '0';
    const std::string date = "Xxx, " + std::string(time.text + 6, 2) + " " + std::string(months + 3 * (month - 1), 3) + " " +
                             std::string(time.text, 4) + " 00:00:00 GMT";
    if (unix_of_http_date(date) != day * 86'400) FAIL(date);
  }
}
