// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_SHA256_HPP
#define PERDURE_CORE_SHA256_HPP

// SHA-256 (FIPS 180-4): the name that a content-addressed store gives to bytes.
//
//   sha256_of(data)                         the digest of bytes that are all here
//   sha256 h; h.update(a); h.update(b);     of bytes that come in pieces; h.finish() is the digest of what came so far, and
//   h.finish()                              more may follow
//   sha256_of_many(inputs, out, count)      of many independent inputs, out[i] of inputs[i], several at a time: two streams
//                                           keep the CPU's SHA instructions busier than one, and where it has 512-bit
//                                           registers sixteen streams go faster still, so give it 16 inputs or more
//   to_hex(digest, buffer)                  its 64 characters; `parse_digest` takes exactly what this writes
//
// Which instructions are taken is decided by what the CPU can do, once for the program. Any alignment is good, nothing outside
// of the input is read, nothing is allocated; any number of threads may call at once, each on a sha256 object of its own.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <perdure/config.hpp>
#include <perdure/core/basics.hpp>
#include <perdure/core/bytes.hpp>
#include <perdure/core/detail/sha256_paths.hpp>
#include <perdure/core/result.hpp>

namespace perdure {
inline namespace v1 {

struct digest {
  static constexpr std::size_t hex_size = 64;

  std::byte bytes[32] = {};

  [[nodiscard]] friend bool operator==(const digest& a, const digest& b) noexcept {
    return std::memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
  }
};
static_assert(sizeof(digest) == 32 && alignof(digest) == 1);

namespace detail {

inline digest sha256_digest(const std::uint32_t* state) noexcept {
  digest out;
  sha256_write(state, out.bytes);
  return out;
}

inline void sha256_of_many_with(sha256_path path, const bytes* inputs, digest* out, std::size_t count) noexcept {
  sha256_job jobs[sha256_streams_max];
  sha256_job* order[sha256_streams_max];  // those at work first
  for (std::size_t i = 0; i < sha256_streams_max; ++i) order[i] = &jobs[i];
  const std::size_t streams = sha256_streams(path);
  std::size_t busy = 0;
  for (std::size_t next = 0;;) {
    for (; busy < streams && next != count; ++busy, ++next) order[busy]->start(inputs[next], out[next].bytes);
    if (busy == 0) return;
    const std::size_t together = sha256_together(path, busy);
    std::size_t blocks = order[0]->blocks;
    for (std::size_t i = 1; i < together; ++i) blocks = order[i]->blocks < blocks ? order[i]->blocks : blocks;
    sha256_advance_with(path, order, together, blocks);
    for (std::size_t i = together; i-- != 0;) {
      if (order[i]->ended(blocks)) swapped(order[i], order[--busy]);
    }
  }
}

}  // namespace detail

class sha256 {
 public:
  sha256() noexcept { std::memcpy(state_, detail::sha256_initial, sizeof(state_)); }

  void update(bytes data) noexcept {
    if (data.empty()) return;
    const detail::sha256_path path = detail::sha256_chosen();
    const auto held = static_cast<std::size_t>(size_ % sizeof(held_));
    size_ += data.size();
    if (held != 0) {
      const bytes head = data.first(sizeof(held_) - held);
      std::memcpy(held_ + held, head.data(), head.size());
      if (held + head.size() != sizeof(held_)) return;
      detail::sha256_blocks_with(path, state_, held_, 1);
      data = data.from(head.size());
    }
    const std::size_t blocks = data.size() / sizeof(held_);
    if (blocks != 0) detail::sha256_blocks_with(path, state_, data.data(), blocks);
    const bytes rest = data.from(blocks * sizeof(held_));
    if (!rest.empty()) std::memcpy(held_, rest.data(), rest.size());
  }

  // The digest of all that came so far. The object is as before: more may follow.
  [[nodiscard]] digest finish() const noexcept {
    std::uint32_t state[8];
    std::memcpy(state, state_, sizeof(state));
    const detail::sha256_tail tail(held_, size_);
    detail::sha256_blocks_with(detail::sha256_chosen(), state, tail.data, tail.blocks);
    return detail::sha256_digest(state);
  }

 private:
  std::uint32_t state_[8];
  std::uint64_t size_ = 0;
  std::byte held_[64];
};

[[nodiscard]] inline digest sha256_of(bytes data) noexcept {
  const detail::sha256_path path = detail::sha256_chosen();
  std::uint32_t state[8];
  std::memcpy(state, detail::sha256_initial, sizeof(state));
  const std::size_t blocks = data.size() / 64;
  const detail::sha256_tail tail(data.data() + 64 * blocks, data.size());
  if (blocks != 0) detail::sha256_blocks_with(path, state, data.data(), blocks);
  detail::sha256_blocks_with(path, state, tail.data, tail.blocks);
  return detail::sha256_digest(state);
}

inline void sha256_of_many(const bytes* inputs, digest* out, std::size_t count) noexcept {
  detail::sha256_of_many_with(detail::sha256_chosen(), inputs, out, count);
}

// Writes 64 characters, lower case, no NUL, and returns a view of them. A smaller buffer is a programmer's error.
inline bytes to_hex(const digest& value, mutable_bytes buffer) noexcept {
  PERDURE_ASSERT(buffer.size() >= digest::hex_size, "to_hex needs 64 characters");
  constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < sizeof(value.bytes); ++i) {
    const auto byte = std::to_integer<unsigned>(value.bytes[i]);
    buffer.data()[2 * i] = static_cast<std::byte>(digits[byte >> 4]);
    buffer.data()[2 * i + 1] = static_cast<std::byte>(digits[byte & 0xF]);
  }
  return buffer.first(digest::hex_size);
}

// Success: the digest whose to_hex is `text`, all of it. A digest has one text: upper case is refused, for names that differ
// are different files.
// Failure: invalid_argument.
[[nodiscard]] inline result<digest> parse_digest(bytes text) noexcept {
  const failure refused(code::invalid_argument, operation::none);
  if (text.size() != digest::hex_size) return refused;
  digest value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto character = std::to_integer<unsigned>(text.data()[i]);
    unsigned nibble = 0;
    if (character - '0' < 10) {
      nibble = character - '0';
    } else if (character - 'a' < 6) {
      nibble = character - 'a' + 10;
    } else {
      return refused;
    }
    value.bytes[i / 2] = value.bytes[i / 2] << 4 | static_cast<std::byte>(nibble);
  }
  return value;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_SHA256_HPP
