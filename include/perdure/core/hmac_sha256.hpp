// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_HMAC_SHA256_HPP
#define PERDURE_CORE_HMAC_SHA256_HPP

// hmac_sha256_of(key, data): the digest that only who has the key can work out (RFC 2104, over SHA-256). Both of any size.
//
// Not promised: that the time it takes says nothing about the key's size; that copies of the key's blocks are wiped from the
// stack.

#include <perdure/core/sha256.hpp>

namespace perdure {
inline namespace v1 {

[[nodiscard]] inline digest hmac_sha256_of(bytes key, bytes data) noexcept {
  std::byte block[64] = {};
  if (key.size() > sizeof(block)) {
    const digest shorter = sha256_of(key);
    std::memcpy(block, shorter.bytes, sizeof(shorter.bytes));
  } else if (!key.empty()) {
    std::memcpy(block, key.data(), key.size());
  }
  std::byte padded[64];
  const auto pad = [&](std::byte with) {
    for (std::size_t i = 0; i < sizeof(block); ++i) padded[i] = block[i] ^ with;
    return bytes(padded, sizeof(padded));
  };
  sha256 inner;
  inner.update(pad(std::byte{0x36}));
  inner.update(data);
  const digest inside = inner.finish();
  sha256 outer;
  outer.update(pad(std::byte{0x5c}));
  outer.update(bytes(inside.bytes, sizeof(inside.bytes)));
  return outer.finish();
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_HMAC_SHA256_HPP
