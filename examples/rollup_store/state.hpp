// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_ROLLUP_STORE_STATE_HPP
#define EXAMPLES_ROLLUP_STORE_STATE_HPP

// The one manifest: which files count, and up to where. Everything that the six actors do ends as a change of this value.

#include <perdure/core/codec.hpp>
#include <perdure/core/crc32c.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace rollup_store {

struct segment {
  std::uint64_t id = 0;     // its file is segments/<id>
  std::uint64_t first = 0;  // the numbers in the log that it covers; a duplicate among them is not in the file
  std::uint64_t last = 0;
};
// The sum of one period's events, of those with numbers in (after, last].
struct rollup {
  std::int64_t period = 0;
  std::uint64_t after = 0;
  std::uint64_t last = 0;
  std::uint64_t count = 0;
  std::int64_t sum = 0;
};
// A compaction's old file. Who reads may be at it still, so that it goes in the sweep after the next.
struct replaced {
  std::uint64_t id = 0;
  bool final = false;
};
enum class phase : char { closing = 'c', closed = 'C' };  // a period that is not listed is open
struct period {
  phase now = phase::closing;
  std::uint64_t count = 0;  // of its events, once it is closed
};

struct state {
  std::uint64_t version = 0;     // how many commits there have been
  std::uint64_t generation = 0;  // how often the segments have changed
  std::uint64_t sealed = 0;      // the log up to here is in segments
  std::uint64_t watermark = 0;   // and up to here in rollups
  std::vector<segment> segments;
  std::vector<rollup> rollups;
  std::vector<replaced> garbage;
  std::map<std::int64_t, period> periods;

  [[nodiscard]] bool names(std::uint64_t id) const {
    return std::any_of(segments.begin(), segments.end(), [&](const segment& one) { return one.id == id; }) ||
           std::any_of(garbage.begin(), garbage.end(), [&](const replaced& one) { return one.id == id; });
  }
};

// Held against every value before it may be saved: a bug in one actor is then its own failure, and not everybody's data.
inline perdure::result<void> check(const state& next) {
  const perdure::failure wrong(perdure::code::invalid_argument, perdure::operation::commit);
  std::uint64_t covered = 0;
  std::set<std::uint64_t> files;
  for (const segment& one : next.segments) {
    if (one.first != covered + 1 || one.last < one.first || !files.insert(one.id).second) return wrong.about("segments");
    covered = one.last;
  }
  for (const replaced& one : next.garbage) {
    if (!files.insert(one.id).second) return wrong.about("garbage");
  }
  if (covered != next.sealed || next.watermark > next.sealed) return wrong.about("sealed");
  for (const rollup& one : next.rollups) {
    if (one.after >= one.last || one.last > next.watermark) return wrong.about("rollups");
  }
  return {};
}

// As text, a line for each thing, with its CRC32C at the end. Any other codec is one argument of the manifest:
// perdure::json_codec<state>, say.
struct state_codec {
  perdure::result<void> encode(const state& value, perdure::byte_sink sink) const {
    std::ostringstream text;
    text << "rollup_store 1 " << value.version << ' ' << value.generation << ' ' << value.sealed << ' ' << value.watermark
         << '\n';
    for (const auto& one : value.segments) text << "segment " << one.id << ' ' << one.first << ' ' << one.last << '\n';
    for (const auto& one : value.rollups)
      text << "rollup " << one.period << ' ' << one.after << ' ' << one.last << ' ' << one.count << ' ' << one.sum << '\n';
    for (const auto& one : value.garbage) text << "replaced " << one.id << ' ' << one.final << '\n';
    for (const auto& [number, one] : value.periods)
      text << "period " << number << ' ' << static_cast<char>(one.now) << ' ' << one.count << '\n';
    const std::string lines = text.str();
    PERDURE_TRY(sink(lines));
    return sink("end " + std::to_string(perdure::crc32c(lines)) + "\n");
  }

  perdure::result<state> decode(perdure::bytes from) const {
    const perdure::failure damaged(perdure::code::corrupt, perdure::operation::read);
    const std::string all(reinterpret_cast<const char*>(from.data()), from.size());
    const std::size_t end = all.rfind("end ");
    if (end == std::string::npos || all.substr(end) != "end " + std::to_string(perdure::crc32c(all.substr(0, end))) + "\n")
      return damaged;
    std::istringstream text(all.substr(0, end));
    std::string word;
    int format = 0;
    state value;
    text >> word >> format >> value.version >> value.generation >> value.sealed >> value.watermark;
    if (word != "rollup_store") return damaged;
    if (format != 1) return perdure::failure(perdure::code::version_unsupported, perdure::operation::read);
    while (text >> word) {
      if (word == "segment") {
        segment& one = value.segments.emplace_back();
        text >> one.id >> one.first >> one.last;
      } else if (word == "rollup") {
        rollup& one = value.rollups.emplace_back();
        text >> one.period >> one.after >> one.last >> one.count >> one.sum;
      } else if (word == "replaced") {
        replaced& one = value.garbage.emplace_back();
        text >> one.id >> one.final;
      } else if (word == "period") {
        std::int64_t number = 0;
        char now = 0;
        text >> number >> now;
        period& one = value.periods[number];
        one.now = static_cast<phase>(now);
        text >> one.count;
      } else {
        return damaged;
      }
      if (!text) return damaged;
    }
    return value;
  }
};

}  // namespace rollup_store

#endif  // EXAMPLES_ROLLUP_STORE_STATE_HPP
