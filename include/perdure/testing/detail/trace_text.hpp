// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_TRACE_TEXT_HPP
#define PERDURE_TESTING_DETAIL_TRACE_TEXT_HPP

// What was done until the power went, an operation a line, with what became of each.

#include <string>
#include <vector>

#include <perdure/testing/detail/disk_states.hpp>
#include <perdure/testing/detail/disk_text.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

class trace_text {
 public:
  // `states` shows the disk that survived.
  trace_text(const std::vector<trace_line>& trace, const power_cut& cut, const disk_states& states, const disk_tree& tree)
      : trace_(trace), cut_(cut), fates_(std::size_t{cut.op} + 1), parts_(fates_.size()) {
    states.each_choice([&](const chain& one, std::uint32_t low, std::uint32_t top, std::uint32_t chosen, bool torn) {
      for (std::uint32_t count = 1; count <= top; ++count) {
        const std::uint32_t op = one.versions[count].op;
        if (op >= fates_.size()) continue;
        const fate its = count <= low                            ? was_durable
                         : chosen == disk_states::nothing_chosen ? nameless
                         : count <= chosen                       ? survived
                         : torn && count == chosen + 1           ? torn_apart
                                                                 : lost;
        fates_[op] |= its;
        if (its == lost) parts_[op] += (parts_[op].empty() ? "" : ", ") + part(one, tree);
      }
    });
  }

  [[nodiscard]] std::string text() const {
    return trace_tail(trace_, cut_.lines, [&](const trace_line& one) { return line(one); }) + "      ---- the power goes ----\n";
  }

 private:
  enum fate : std::uint8_t { was_durable = 1, survived = 2, lost = 4, torn_apart = 8, nameless = 16 };
  static constexpr std::size_t column = 60;

  [[nodiscard]] std::string line(const trace_line& one) const {
    std::string text = one.numbered();
    if (one.op == 0) return text;
    const std::string became = one.op < fates_.size() ? told(fates_[one.op], parts_[one.op]) : "";
    if (!became.empty()) text += std::string(text.size() < column ? column - text.size() : 0, ' ') + "  " + became;
    return text;
  }
  [[nodiscard]] static std::string part(const chain& one, const disk_tree& tree) {
    switch (one.kind) {
      case chain_kind::entry:
        return one_line(tree[one.owner].entries[one.index].name);
      case chain_kind::size:
        return "the size";
      case chain_kind::page:
        return "page " + std::to_string(one.index);
      default:
        return "an attribute";
    }
  }
  [[nodiscard]] static std::string told(std::uint8_t fate, const std::string& lost_parts) {
    if (fate == 0) return "";
    if ((fate & torn_apart) != 0) return "torn";
    if (fate == was_durable) return "durable";
    if (fate == lost) return "LOST";
    if ((fate & nameless) != 0) return "LOST with its name";
    return (fate & lost) != 0 ? "LOST for " + lost_parts : "survived";
  }

  const std::vector<trace_line>& trace_;
  const power_cut& cut_;
  std::vector<std::uint8_t> fates_;
  std::vector<std::string> parts_;  // of each operation, what was lost
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_TRACE_TEXT_HPP
