// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_ROLLUP_STORE_EVENT_HPP
#define EXAMPLES_ROLLUP_STORE_EVENT_HPP

// What is stored, and the file that holds many of it.

#include <perdure/core/crc32c.hpp>
#include <perdure/fs/create_new.hpp>
#include <perdure/fs/read_file.hpp>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace rollup_store {

inline constexpr std::int64_t period_ns = 3'600'000'000'000;

struct event {
  std::uint64_t ingested = 0;  // when it came in: never twice, so that one that is sent again is known by it
  std::int64_t at_ns = 0;      // when it happened, as its sender says: may be late, and equal to that of another one
  std::int64_t value = 0;
  std::uint64_t sequence = 0;  // its number in the log

  [[nodiscard]] std::int64_t period() const noexcept { return at_ns / period_ns; }
};

// A segment's file: the events, and a CRC32C of them. Written once, under a name that is never given again.
template <perdure::Fs F>
perdure::result<void> write_segment(F& fs, const std::string& path, const std::vector<event>& events) {
  const perdure::bytes content = perdure::bytes_of(events);
  const std::uint32_t checksum = perdure::crc32c(content);
  const perdure::bytes parts[] = {content, perdure::bytes_of(checksum)};
  const auto done = perdure::create_new(fs, path, perdure::gather(parts, 2));
  if (!done) return done.error();
  // A state that survives must not name a file that does not.
  if (done->durability < perdure::durability::full)
    return perdure::failure(perdure::code::unsupported, perdure::operation::sync_dir).about(path);
  return {};
}

template <perdure::Fs F>
perdure::result<std::vector<event>> read_segment(F& fs, const std::string& path) {
  std::string text;
  PERDURE_TRY(perdure::read_file(fs, path, text, 1 << 28));
  const perdure::failure damaged = perdure::failure(perdure::code::corrupt, perdure::operation::read).about(path);
  std::uint32_t checksum = 0;
  if (text.size() < sizeof(checksum) || (text.size() - sizeof(checksum)) % sizeof(event) != 0) return damaged;
  const perdure::bytes content = perdure::bytes(text).first(text.size() - sizeof(checksum));
  std::memcpy(&checksum, content.end(), sizeof(checksum));
  if (checksum != perdure::crc32c(content)) return damaged;
  std::vector<event> events(content.size() / sizeof(event));
  if (!events.empty()) std::memcpy(events.data(), content.data(), content.size());
  return events;
}

}  // namespace rollup_store

#endif  // EXAMPLES_ROLLUP_STORE_EVENT_HPP
