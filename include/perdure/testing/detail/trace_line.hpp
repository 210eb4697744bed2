// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_TRACE_LINE_HPP
#define PERDURE_TESTING_DETAIL_TRACE_LINE_HPP

// trace_line: a line of what a workload did, for people.

#include <cstdint>
#include <string>
#include <vector>

#include <perdure/testing/detail/disk_quoted.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

struct trace_line {
  std::uint32_t op = 0;  // 0: what happened between operations
  std::string text;

  // With its number in a column of its own.
  [[nodiscard]] std::string numbered() const {
    if (op == 0) return "      -- " + one_line(text);
    const std::string number = std::to_string(op);
    return std::string(number.size() < 4 ? 4 - number.size() : 0, ' ') + number + "  " + one_line(text);
  }
};

inline constexpr std::size_t trace_lines_max = 80;

// The last ones of these, up to `end`; of each, what `line` makes of it.
template <class Line>
[[nodiscard]] std::string trace_tail(const std::vector<trace_line>& trace, std::size_t end, Line&& line) {
  const std::size_t begin = end > trace_lines_max ? end - trace_lines_max : 0;
  std::string all = begin == 0 ? "" : "      (" + std::to_string(begin) + " lines before)\n";
  for (std::size_t i = begin; i < end; ++i) all += line(trace[i]) + "\n";
  return all;
}
[[nodiscard]] inline std::string trace_tail(const std::vector<trace_line>& trace) {
  return trace_tail(trace, trace.size(), [](const trace_line& one) { return one.numbered(); });
}

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_TRACE_LINE_HPP
