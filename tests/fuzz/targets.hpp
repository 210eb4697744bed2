// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_FUZZ_TARGETS_HPP
#define PERDURE_TESTS_FUZZ_TARGETS_HPP

// What is done with any bytes at all, by libFuzzer (tests/fuzz/*.fuzz.cpp) and by the test that replays its corpora. A target
// returns what it found wrong, or an empty text.

#include <perdure/core/frame.hpp>
#include <perdure/fs/mem_fs.hpp>

#include <tests/support/logs.hpp>
#include <tests/support/sealed.hpp>

#include <string>

namespace tests {

using fuzz_target = std::string (*)(const std::string& input);

inline std::string fuzz_frame(const std::string& input) {
  const auto parts = perdure::decode_frame(input, "LHV1", {1 << 20, 1 << 20});
  if (!parts) return text_of(parts.error().path()).find(" at byte ") == std::string::npos ? "it does not say where" : "";
  const auto head = perdure::frame_head::of("LHV1", parts->envelope.size());
  return text_of(*head) + text_of(parts->envelope) + text_of(parts->body) == input ? "" : "accepted, and written otherwise";
}

// Read in place and in pieces, the same is said of it; and what is accepted is what a writer makes of its sections.
inline std::string fuzz_sealed(const std::string& input) {
  perdure::sealed_reading how{.kind = "FUZZ", .version = 0x7fffffff, .file_bytes_max = 1 << 20};
  const auto in_place = read_in_place(input, how);
  const auto in_pieces = read_in_pieces(input, how, 7);
  if (in_place.refusal.empty() != in_pieces.refusal.empty())
    return "accepted in one way: " + in_place.refusal + in_pieces.refusal;
  if (!in_place.refusal.empty()) return in_place.refusal.find(" at byte ") == std::string::npos ? "it does not say where" : "";
  if (in_place.all != in_pieces.all) return "the two ways differ";
  const auto head = perdure::detail::stored_at<perdure::detail::sealed_head>(reinterpret_cast<const std::byte*>(input.data()));
  if (head.layout != perdure::sealed_layout_version) return "";  // written by a later version, for readers like this one
  return sealed({"FUZZ", head.version, head.reader_version_min}, in_place.all) == input ? "" : "accepted, and written otherwise";
}

// As a segment of a log, a writer opens what an observer reads, and goes on behind it.
inline std::string fuzz_log(const std::string& input) {
  perdure::mem_fs fs;
  (void)fs.make_dir("log");
  {
    auto file = fs.open("log/0000000000000001.log", {.access = perdure::access::write, .creation = perdure::creation::create});
    if (!file || !file->write_at(0, input)) return "the file was not made";
  }
  auto before = replay(fs, "log", {.kind = "FUZZ"});
  auto log = open_log(fs, "log", {.kind = "FUZZ"});
  if (log.has_value() != before.refusal.empty()) return "one of a reader and a writer accepts it: " + before.refusal;
  if (!log) return "";
  if (!log->append("after")) return "nothing can be appended";
  before.records.push_back("after");
  const auto after = replay(fs, "log", {.kind = "FUZZ", .torn_tail = perdure::torn_tail::refuse});
  return after.records == before.records ? "" : "what was appended is not found behind the rest: " + after.refusal;
}

}  // namespace tests

#endif  // PERDURE_TESTS_FUZZ_TARGETS_HPP
