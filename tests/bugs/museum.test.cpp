// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// The museum as a whole: it has no gaps, and its page says what is there.

#include <tests/bugs/right.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace bugs_in_museum {

using namespace tests;

namespace {

const int catalogue[] = {1,  2,  4,  5,  6,  7,  8,  9,  10, 11, 12, 14, 15, 17, 18, 19, 20, 21, 22, 23, 24, 25,
                         27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 41, 42, 43, 45, 46, 47, 49, 50, 51, 52, 54, 55};

std::vector<const exhibit*> in_order() {
  std::vector<const exhibit*> all = museum();
  std::sort(all.begin(), all.end(), [](const exhibit* a, const exhibit* b) { return a->number() < b->number(); });
  return all;
}

// A message of the test framework would be folded.
void is_on_page(const std::string& table) {
  std::ifstream file(PERDURE_TESTS_DIR "/bugs/README.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  const bool is_told = (page + "\n").find(table + "\n") != std::string::npos;  // and no further row
  if (!is_told) std::puts(("The table is\n" + table).c_str());
  CHECK(is_told);
}

}  // namespace

TEST_CASE("bugs: each of the 44 of the catalogue is exhibited, once") {
  CHECK(std::size(catalogue) == 44);
  std::vector<int> shown;
  for (const exhibit* one : in_order()) shown.push_back(one->number());
  CHECK(shown == std::vector<int>(std::begin(catalogue), std::end(catalogue)));
}

TEST_CASE("bugs: the page says of each exhibit on which profiles it is found, and how many states that took") {
  std::string table = "|---|---|---|---|---|---|---|---|\n";
  for (const exhibit* one : in_order()) table += one->row() + "\n";
  is_on_page(table);
}

TEST_CASE("bugs: the page says of each protocol that is right how many states it passes") {
  std::vector<std::string> rows;
  for (const right* one : protocols()) rows.push_back(one->row());
  std::sort(rows.begin(), rows.end());
  CHECK(rows.size() >= 15);
  std::string table = "|---|---|---|---|---|\n";
  for (const std::string& row : rows) table += row + "\n";
  is_on_page(table);
}

}  // namespace bugs_in_museum
