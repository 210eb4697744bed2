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

[[nodiscard]] inline std::uint64_t rolled_over(std::uint64_t hash, std::byte next) noexcept {
  return (hash << 1) + gear.of[std::to_integer<std::size_t>(next)];
}
// Only the last 64 bytes count: a byte's part has been shifted out behind that.
[[nodiscard]] inline std::uint64_t rolled_up_to(const std::byte* data, std::size_t at) noexcept {
  std::uint64_t hash = 0;
  for (std::size_t i = at > 64 ? at - 64 : 0; i < at; ++i) hash = rolled_over(hash, data[i]);
  return hash;
}

// The hash goes on from one call to the next. Is there a cut in (at, end]? Then `at` is the first one, else the end. Each step
// has to wait for the one before it, so that two are made side by side: in a part, and in the one behind it.
[[nodiscard]] inline bool find_cut(const std::byte* data, std::size_t& at, std::size_t end, std::uint64_t limit,
                                   std::uint64_t& hash) noexcept {
  constexpr std::size_t part_min = 256;
  constexpr std::size_t part_max = 4096;
  const auto cut = [&at](std::size_t place) { return at = place, true; };
  std::uint64_t rolled = hash;
  std::size_t next = at;
  while (end - next >= 2 * part_min) {
    const std::size_t part = end - next < 2 * part_max ? (end - next) / 2 : part_max;
    const std::byte* const first = data + next;
    const std::byte* const second = first + part;
    std::uint64_t ahead = rolled_up_to(data, next + part);
    std::size_t later = 0;
    for (std::size_t i = 0; i < part; ++i) {
      rolled = rolled_over(rolled, first[i]);
      ahead = rolled_over(ahead, second[i]);
      if (rolled < limit) return cut(next + i + 1);
      if (ahead < limit && later == 0) [[unlikely]] later = next + part + i + 1;
    }
    if (later != 0) return cut(later);
    rolled = ahead;
    next += 2 * part;
  }
  for (; next != end; ++next) {
    rolled = rolled_over(rolled, data[next]);
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
  std::uint64_t hash = detail::rolled_up_to(most.data(), how.min_bytes);
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
