// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_USAGE_HPP
#define EXAMPLES_USAGE_HPP

// What a program says of how it is called: to who asks, on stdout, with 0; to who calls it in another way, on stderr, with 2.
// Nothing is done then, so that a word with a mistake in it is never taken for one that held.

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <system_error>

namespace examples {

inline constexpr int called_wrongly = 2;

[[nodiscard]] inline int told_usage(const char* usage, bool was_asked) {
  std::fputs(usage, was_asked ? stdout : stderr);
  return was_asked ? 0 : called_wrongly;
}

// Digits and nothing else, and no more than this.
[[nodiscard]] inline std::optional<int> number_in(const std::string& word, int most = 1'000'000'000) {
  int number = 0;
  const char* const end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number < 0 || number > most) return std::nullopt;
  return number;
}

// [NAME [NUMBER]] [--store URI], the store before, between or behind.
struct called {
  std::string name;
  std::optional<int> number;
  std::string store;
  bool asks = false;
  bool wrongly = false;
};
enum class takes : bool { no_store, a_store };

[[nodiscard]] inline called call_of(int argc, char** argv, enum takes takes) {
  called how;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--help" || word == "-h") {
      how.asks = true;
    } else if (word == "--store" && takes == takes::a_store && i + 1 < argc && how.store.empty()) {
      how.store = argv[++i];
      how.wrongly = how.wrongly || how.store.empty() || how.store.starts_with('-');
    } else if (word.empty() || word.starts_with('-')) {
      how.wrongly = true;
    } else if (how.name.empty()) {
      how.name = word;
    } else {
      const auto number = number_in(word);
      how.wrongly = how.wrongly || how.number || !number;
      how.number = number;
    }
  }
  return how;
}

// What a program shows, by name; run answers with nothing, or with what is wrong.
enum class number : std::uint8_t { none, times, seconds };  // which may follow: 1 at least, or 0
struct shown {
  const char* name;
  enum number number;
  std::string (*run)(std::optional<int>);
  bool only_by_name = false;
};

// All of them that need no name, or the one that has it. The exit status.
template <std::size_t N>
[[nodiscard]] int show_all(const called& how, const shown (&all)[N], const char* usage) {
  bool is_known = how.name.empty() && !how.number;
  for (const shown& one : all) {
    if (how.name != one.name) continue;
    is_known = !how.number || one.number == number::seconds || (one.number == number::times && *how.number > 0);
  }
  if (how.asks || how.wrongly || !is_known) return told_usage(usage, how.asks && !how.wrongly);
  bool held = true;
  for (const shown& one : all) {
    if (how.name.empty() ? one.only_by_name : how.name != one.name) continue;
    const std::string wrong = one.run(how.number);
    std::printf("%-10s %s\n", one.name, wrong.empty() ? "held" : wrong.c_str());
    held = held && wrong.empty();
  }
  return held ? 0 : 1;
}

}  // namespace examples

#endif  // EXAMPLES_USAGE_HPP
