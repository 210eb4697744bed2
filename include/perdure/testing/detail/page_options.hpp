// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_PAGE_OPTIONS_HPP
#define PERDURE_TESTING_DETAIL_PAGE_OPTIONS_HPP

// page_options: what one page of a file may hold after a power cut, given the size that survived: each version of it, each torn,
// and garbage for zeros in what was never written.

#include <vector>

#include <perdure/testing/detail/effect_log.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

struct page_option {
  disk_page page;
  std::uint64_t hash = 0;   // of what of it can be seen
  std::uint32_t whole = 0;  // this version is there, whole
  std::uint32_t needs = 0;  // and, of this one, a part
  bool torn = false;
  bool garbage = false;
};

struct page_view {
  std::uint32_t low = 0;    // the versions that may be there
  std::uint32_t top = 0;    //
  std::size_t visible = 0;  // where the file ends in this page
  std::size_t settled = 0;  // before this, nothing is unknown
};

inline constexpr std::byte garbage_byte{0xee};

class page_options {
 public:
  page_options(const profile& rules, const page_view& view, bool entangled) noexcept
      : rules_(rules), view_(view), entangled_(entangled) {}

  // Whole ones first: where no more pages may be torn, the torn ones are then those left out.
  [[nodiscard]] std::vector<page_option> of(const std::vector<version>& versions) {
    for (std::uint32_t count = view_.low; count <= view_.top; ++count) {
      const version& is = versions[count];
      add(is.page, is.written, {}, count, count);
    }
    for (std::uint32_t count = view_.low + 1; count <= view_.top; ++count) tear(versions[count - 1], versions[count], count);
    return std::move(options_);
  }
  // A page that nobody wrote since the recording began.
  [[nodiscard]] std::vector<page_option> of(const disk_page& page) {
    add(page, {}, {}, 0, 0);
    return std::move(options_);
  }

 private:
  struct overlay {
    const version* from = nullptr;
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  void tear(const version& was, const version& is, std::uint32_t count) {
    const std::size_t unit = rules_.tear_unit_bytes;
    if (is.from == is.to || unit >= page_size) return;
    const std::size_t first = is.from / unit;
    const std::size_t last = (is.to - std::size_t{1}) / unit;
    if (first == last) return;
    const std::size_t half = first + (last - first + 1) / 2;
    add(was.page, was.written, {&is, is.from, (first + 1) * unit}, count - 1, count);
    if (half > first + 1) add(was.page, was.written, {&is, is.from, half * unit}, count - 1, count);
    add(was.page, was.written, {&is, last * unit, is.to}, count - 1, count);
  }

  void add(const disk_page& page, const extents& written, const overlay& part, std::uint32_t whole, std::uint32_t needs) {
    disk_page zeros = page;
    lay(zeros, part);
    push({zeros, 0, whole, needs, part.from != nullptr, false});
    if (!rules_.garbage) return;
    bool unknown = false;
    disk_page garbage = page;
    written.gaps(static_cast<std::uint32_t>(view_.settled), static_cast<std::uint32_t>(view_.visible),
                 [&](std::uint32_t from, std::uint32_t to) {
                   garbage.fill(from, to, garbage_byte);
                   unknown = true;
                 });
    if (!unknown) return;
    lay(garbage, part);
    push({garbage, 0, whole, needs, part.from != nullptr, true});
  }
  static void lay(disk_page& page, const overlay& part) {
    if (part.from == nullptr) return;
    std::byte piece[page_size];
    part.from->page.read(part.begin, piece, part.end - part.begin);
    page.write(part.begin, bytes(piece, part.end - part.begin));
  }
  void push(page_option option) {
    option.hash = option.page.hash(view_.visible);
    for (const page_option& other : options_) {
      const bool same_place = !entangled_ || (other.whole == option.whole && other.needs == option.needs);
      if (other.hash == option.hash && same_place) return;
    }
    options_.push_back(std::move(option));
  }

  const profile& rules_;
  page_view view_;
  bool entangled_;
  std::vector<page_option> options_;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_PAGE_OPTIONS_HPP
