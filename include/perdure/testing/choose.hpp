// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_CHOOSE_HPP
#define PERDURE_TESTING_CHOOSE_HPP

// choice_source: the one place where a run of the lab asks which way to go. Whatever could go two ways calls choose(n); what was
// answered is the tape, and the same tape gives the same run.
//
//   choice_source source;
//   do {
//     const auto which = source.choose(3);   // 0, then 1, then 2
//   } while (source.next());                 // depth first, through every path
//
// A tape is printed as numbers between dots, and after a slash a digest of what was asked, by which a replay is told from one in
// a test that has changed meanwhile: 7.2.0.1/9f3c. Four or more that are the same are told once: 7.0*12.1/9f3c

#include <cstdint>
#include <string>
#include <vector>

#include <perdure/testing/detail/lab_hash.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

using tape = std::vector<std::uint32_t>;

class choice_source {
 public:
  choice_source() = default;
  explicit choice_source(tape forced) : forced_(std::move(forced)), is_replay_(true) {}

  // Only the first so many choices of a path are gone in every way; behind them it is always 0.
  void go_no_deeper_than(std::size_t choices) noexcept { depth_max_ = choices; }
  // There was a choice behind them, on some path.
  [[nodiscard]] bool left_out() const noexcept { return left_out_; }

  // One of 0 .. ways - 1. Where there is but one way nothing is asked.
  [[nodiscard]] std::uint32_t choose(std::uint32_t ways) {
    if (ways <= 1) return 0;
    if (at_ >= depth_max_) {
      left_out_ = true;
      return 0;
    }
    if (at_ == asked_.size()) {
      std::uint32_t first = at_ < forced_.size() ? forced_[at_] : 0;
      if (first >= ways) {
        first = ways - 1;
        differs_ = true;
      }
      asked_.push_back({first, ways});
    }
    return asked_[at_++].answer;
  }

  // On to the next path; false when there is none. In a replay there is but one.
  [[nodiscard]] bool next() {
    while (!is_replay_ && !asked_.empty() && asked_.back().answer + 1 == asked_.back().ways) asked_.pop_back();
    if (is_replay_ || asked_.empty()) return false;
    ++asked_.back().answer;
    changed_at_ = asked_.size() - 1;
    at_ = 0;
    return true;
  }
  void restart() noexcept { at_ = 0; }
  // Which answer is another one than on the path before: up to there the two are the same.
  [[nodiscard]] std::size_t changed_at() const noexcept { return changed_at_; }

  [[nodiscard]] tape answers() const {
    tape all;
    for (const question& one : asked_) all.push_back(one.answer);
    return all;
  }
  // The tape asked for a way that this run does not have.
  [[nodiscard]] bool differs() const noexcept { return differs_; }

 private:
  struct question {
    std::uint32_t answer;
    std::uint32_t ways;
  };
  tape forced_;
  bool is_replay_ = false;
  bool differs_ = false;
  std::vector<question> asked_;
  std::size_t at_ = 0;
  std::size_t changed_at_ = 0;
  std::size_t depth_max_ = SIZE_MAX;
  bool left_out_ = false;
};

struct replay_token {
  tape digits;
  std::uint32_t digest = 0;  // 0: none was given

  [[nodiscard]] std::string text() const {
    std::string all;
    for (std::size_t at = 0, same = 0; at < digits.size(); at += same) {
      for (same = 1; at + same < digits.size() && digits[at + same] == digits[at]; ++same) {
      }
      if (same < 4) same = 1;
      all += (all.empty() ? "" : ".") + std::to_string(digits[at]);
      if (same > 1) all += '*' + std::to_string(same);
    }
    all += '/';
    for (int shift = 12; shift >= 0; shift -= 4) all += "0123456789abcdef"[(digest >> shift) & 15];
    return all;
  }
  // Takes a whole line, too: "replay: 7.2.0.1/9f3c". An empty tape, where there is no number in it.
  [[nodiscard]] static replay_token parse(const std::string& text) {
    replay_token token;
    const std::string word = "replay:";
    std::size_t at = text.find(word);
    at = at == std::string::npos ? 0 : at + word.size();
    while (at < text.size() && text[at] == ' ') ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      const std::uint32_t digit = number(text, at);
      std::uint32_t same = 1;
      if (at < text.size() && text[at] == '*') same = number(text, ++at);
      token.digits.insert(token.digits.end(), same < same_max ? same : same_max, digit);
      if (at < text.size() && text[at] == '.') ++at;
    }
    if (at < text.size() && text[at] == '/') {
      for (++at; at < text.size(); ++at) {
        const std::string hex = "0123456789abcdef";
        const std::size_t value = hex.find(text[at]);
        if (value == std::string::npos) break;
        token.digest = token.digest << 4 | static_cast<std::uint32_t>(value);
      }
    }
    return token;
  }

 private:
  static constexpr std::uint32_t same_max = 1'000'000;
  [[nodiscard]] static std::uint32_t number(const std::string& text, std::size_t& at) {
    std::uint32_t is = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
      is = is * 10 + static_cast<std::uint32_t>(text[at] - '0');
    return is;
  }
};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_CHOOSE_HPP
