// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_CHUNKER_HPP
#define PERDURE_CORE_CHUNKER_HPP

// chunk_size(window, how): where the first chunk of a content ends.
//
// With cut_by::content the place depends on the bytes in front of it alone, so that an insertion changes the chunks around it
// and no others: a hash rolls over the last 64 bytes, and where it falls below a limit there is a cut. Between min_bytes and
// average_bytes the limit is a sixteenth of what it is behind that, which keeps sizes near to the average. With cut_by::size
// every chunk has average_bytes.
//
// The window holds max_bytes, or all that is left of the content; the answer is then final, whatever comes behind it. Of an
// empty window it is 0. Pure: no memory, no state. The same bytes are cut in the same way for ever: names depend on it.

#include <cstddef>
#include <cstdint>

#include <perdure/core/bytes.hpp>

namespace perdure {
inline namespace v1 {

enum class cut_by : std::uint8_t { content, size };

struct chunking {
  static constexpr std::size_t limit_bytes = std::size_t{16} << 20;

  enum cut_by cut_by = cut_by::content;
  std::size_t min_bytes = std::size_t{64} << 10;
  std::size_t average_bytes = std::size_t{256} << 10;
  std::size_t max_bytes = std::size_t{1} << 20;

  [[nodiscard]] constexpr bool is_valid() const noexcept {
    return min_bytes != 0 && min_bytes <= average_bytes && average_bytes <= max_bytes && max_bytes <= limit_bytes &&
           (cut_by == cut_by::size || average_bytes >= 4);
  }
};

namespace detail {

// What a byte adds to the hash: 256 numbers without a pattern, made here.
struct gear_table {
  std::uint64_t of[256] = {};
  constexpr gear_table() noexcept {
    std::uint64_t seed = 0;
    for (auto& one : of) {
      std::uint64_t mixed = seed += 0x9e3779b97f4a7c15U;
      mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
      mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
      one = mixed ^ (mixed >> 31);
    }
  }
};
inline constexpr gear_table gear;

// The hash goes on from one call to the next: twice itself, and a byte's number. Is there a cut in (at, end]? Then `at` is the
// first one, else the end. Four bytes at a time, so that what they add up to need not wait for the hash.
[[nodiscard]] inline bool find_cut(const std::byte* data, std::size_t& at, std::size_t end, std::uint64_t limit,
                                   std::uint64_t& hash) noexcept {
  const auto number = [data](std::size_t i) { return gear.of[std::to_integer<std::size_t>(data[i])]; };
  std::uint64_t rolled = hash;
  std::size_t next = at;
  const auto cut = [&at](std::size_t place) { return at = place, true; };
  for (; end - next >= 4; next += 4) {
    const std::uint64_t one = number(next);
    const std::uint64_t three = number(next + 2);
    const std::uint64_t two = (one << 1) + number(next + 1);
    const std::uint64_t four = (two << 2) + (three << 1) + number(next + 3);
    if ((rolled << 1) + one < limit) return cut(next + 1);
    if ((rolled << 2) + two < limit) return cut(next + 2);
    if ((rolled << 3) + (two << 1) + three < limit) return cut(next + 3);
    rolled = (rolled << 4) + four;
    if (rolled < limit) return cut(next + 4);
  }
  for (; next != end; ++next) {
    rolled = (rolled << 1) + number(next);
    if (rolled < limit) return cut(next + 1);
  }
  hash = rolled;
  at = end;
  return false;
}

}  // namespace detail

[[nodiscard]] inline std::size_t chunk_size(bytes window, const chunking& how) noexcept {
  const bytes most = window.first(how.max_bytes);
  if (how.cut_by == cut_by::size) return most.first(how.average_bytes).size();
  if (most.size() <= how.min_bytes) return most.size();
  // Only the last 64 bytes count: a byte's part has been shifted out behind that.
  std::uint64_t hash = 0;
  const std::size_t warm = how.min_bytes > 64 ? how.min_bytes - 64 : 0;
  for (std::size_t i = warm; i < how.min_bytes; ++i) {
    hash = (hash << 1) + detail::gear.of[std::to_integer<std::size_t>(most.data()[i])];
  }
  const std::uint64_t rare = UINT64_MAX / how.average_bytes / 4;
  const std::uint64_t often = UINT64_MAX / how.average_bytes * 4;
  const std::size_t turn = how.average_bytes < most.size() ? how.average_bytes : most.size();
  std::size_t at = how.min_bytes;
  if (!detail::find_cut(most.data(), at, turn, rare, hash)) (void)detail::find_cut(most.data(), at, most.size(), often, hash);
  return at;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_CHUNKER_HPP
