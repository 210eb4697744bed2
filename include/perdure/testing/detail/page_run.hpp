// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_PAGE_RUN_HPP
#define PERDURE_TESTING_DETAIL_PAGE_RUN_HPP

// page_run: which mixtures of many pages are looked at: all alike, alike from the front or from the back, and all alike but one.
// Of n pages that is a number that grows as n does, and not as 2^n.

#include <perdure/testing/detail/sized_files.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

class page_run {
 public:
  static constexpr std::size_t mixed_pages_max = 8;     // so few are mixed in every way
  static constexpr std::size_t mixed_pages_limit = 64;  // and of more than these, those that nobody wrote never are

  [[nodiscard]] bool may_go_on(const open_page& page, const page_option& option) const noexcept {
    const kind is = kind_of(page, option);
    switch (is == kind::any ? phase::start : phase_) {
      case phase::start:
      case phase::first:
        return true;
      case phase::second:
        return is == second_ || (length_ == 1 && (is == first_ || second_ == kind::torn));
      case phase::last:
        return is == first_;
    }
    return true;
  }
  [[nodiscard]] page_run with(const open_page& page, const page_option& option) const noexcept {
    page_run next = *this;
    const kind is = kind_of(page, option);
    if (is == kind::any) return next;
    if (phase_ == phase::start) {
      next.phase_ = phase::first;
      next.first_ = is;
    } else if (phase_ == phase::first && is != first_) {
      next.phase_ = phase::second;
      next.second_ = is;
      next.length_ = 1;
    } else if (phase_ == phase::second && is == second_) {
      ++next.length_;
    } else if (phase_ == phase::second) {
      next.phase_ = phase::last;
      next.first_ = is;
    }
    return next;
  }

 private:
  enum class phase : std::uint8_t { start, first, second, last };
  enum class kind : std::uint8_t { oldest, newest, between, torn, garbage, any };

  // Pages are alike where the same is left of them.
  [[nodiscard]] static kind kind_of(const open_page& page, const page_option& option) noexcept {
    if (option.torn) return kind::torn;
    if (option.garbage) return kind::garbage;
    const std::uint32_t newest = page.options[page.whole - 1].whole;
    if (option.whole != page.options[0].whole) return option.whole == newest ? kind::newest : kind::between;
    return option.whole == newest ? kind::any : kind::oldest;  // it looks the same whatever survived
  }

  phase phase_ = phase::start;
  kind first_ = kind::any;
  kind second_ = kind::any;
  std::uint32_t length_ = 0;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_PAGE_RUN_HPP
