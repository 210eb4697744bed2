// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/core/frame.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

namespace {
const frame_limits roomy{1 << 20, 1 << 20};

std::string framed(const std::string& envelope, const std::string& body) {
  const auto head = frame_head::of("LHV1", envelope.size());
  return std::string(reinterpret_cast<const char*>(head->data()), head->size()) + envelope + body;
}
// "code: what at byte N"
std::string refusal(const std::string& whole, const frame_limits& limits = roomy) {
  const auto parts = decode_frame(whole, "LHV1", limits);
  if (parts) return "accepted";
  const bytes what = parts.error().path();
  return std::to_string(static_cast<int>(parts.error().code())) + ": " +
         std::string(reinterpret_cast<const char*>(what.data()), what.size());
}
std::string told(enum code code, const std::string& what) { return std::to_string(static_cast<int>(code)) + ": " + what; }
TEST_CASE("frame: where the damage is, is told as a number of up to 64 bits") {
  for (std::uint64_t at = 1; at != 0; at = at >> 60 != 0 ? 0 : at * 7 + 2) {
    for (const std::uint64_t one : {at, at - 1, ~at, at << 32, at << 16}) {
      CHECK(perdure::detail::damage(code::corrupt, "x", one).path() == bytes("x at byte " + std::to_string(one)));
    }
  }
}

}  // namespace

TEST_CASE("frame: magic, the size with its highest byte first, and then the envelope") {
  CHECK(framed("abc", "de") == std::string("LHV1\0\0\0\3abcde", 13));
  CHECK(framed(std::string(0x10203, 'e'), "").substr(4, 4) == std::string("\0\1\2\3", 4));
  CHECK(frame_head::of("LHV1", std::uint64_t{1} << 32).error().code() == code::too_large);
  CHECK(frame_head::of("LHV1", UINT32_MAX)->envelope_bytes() == UINT32_MAX);
}

TEST_CASE("frame: the parts come back in place") {
  for (const char* envelope : {"", "{}", "a longer one"}) {
    for (const std::string& body : {std::string(), std::string("b"), std::string(5000, 'b')}) {
      const std::string whole = framed(envelope, body);
      const auto parts = decode_frame(whole, "LHV1", roomy);
      REQUIRE(parts);
      CHECK(parts->envelope == bytes(envelope));
      CHECK(parts->body == bytes(body));
      CHECK(static_cast<const void*>(parts->envelope.data()) == whole.data() + 8);
    }
  }
}

TEST_CASE("frame: what is refused is told with what and where") {
  const std::string whole = framed("envelope", "body");
  for (std::size_t size = 0; size < 8; ++size)
    CHECK(refusal(whole.substr(0, size)) == told(code::corrupt, "frame head at byte 0"));
  for (std::size_t size = 8; size < 16; ++size)
    CHECK(refusal(whole.substr(0, size)) == told(code::corrupt, "envelope size at byte 4"));
  for (std::size_t bit = 0; bit < 32; ++bit) {
    std::string other = whole;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    const bool later = other[3] > '1' && other[3] <= '9' && bit >= 24;
    CHECK(refusal(other) == told(later ? code::version_unsupported : code::corrupt, "magic at byte 0"));
  }
  CHECK(refusal("LHV2" + whole.substr(4)) == told(code::version_unsupported, "magic at byte 0"));
  CHECK(describe(decode_frame("x", "LHV1", roomy).error()).c_str() ==
        std::string("read of 'frame head at byte 0' failed: what is there is damaged or is not what it should be."));
}

TEST_CASE("frame: limits are the reader's, and a hostile size costs nothing") {
  const std::string whole = framed("envelope", "body");
  CHECK(refusal(whole, {8, 4}) == "accepted");
  CHECK(refusal(whole, {7, 4}) == told(code::too_large, "envelope size at byte 4"));
  CHECK(refusal(whole, {8, 3}) == told(code::too_large, "body at byte 16"));
  CHECK(refusal(std::string("LHV1\xff\xff\xff\xff body", 13), {UINT64_MAX, UINT64_MAX}) ==
        told(code::corrupt, "envelope size at byte 4"));
  // Longer than the file is damage, and no matter of limits.
  CHECK(refusal(std::string("LHV1\0\0\0\x06 body", 13), {5, 4}) == told(code::corrupt, "envelope size at byte 4"));
  CHECK(refusal(std::string("LHV1\xff\xff\xff\xff body", 13), {7, 4}) == told(code::corrupt, "envelope size at byte 4"));
}

TEST_CASE("frame: what the layout cannot see is what its page says") {
  const std::string whole = framed("envelope", "body");
  CHECK(refusal(whole.substr(0, whole.size() - 1)) == "accepted");  // a body that was cut short
  CHECK(refusal(whole + "more") == "accepted");
  std::string other = whole;
  other.back() = 'x';
  CHECK(refusal(other) == "accepted");
  other[7] = 9;  // the size in between, altered
  CHECK(refusal(other) == "accepted");
}
