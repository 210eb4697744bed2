// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_READ_OBJECT_HPP
#define PERDURE_STORE_READ_OBJECT_HPP

// read_object(store, key, container, size_bytes_max) -> object_info
//
// Effects: gets the object into a std::string or std::vector, which is resized to it. One that grows meanwhile is asked for
//   again.
// Success: the bytes of one version, and its etag.
// Failure: too_large where it has more than size_bytes_max; busy where it kept growing; not_found and the rest as the Store has
//   them. What the container holds is then unspecified.
// Crash: a read proves that something is visible, not that it is durable: settle() does.
// Not promised: the container's own allocation may throw.

#include <perdure/fs/read_file.hpp>
#include <perdure/store/store.hpp>

namespace perdure {
inline namespace v1 {

template <Store S, ResizableBytes C>
[[nodiscard]] result<object_info> read_object(S& store, key_view key, C& into, std::uint64_t size_bytes_max) {
  constexpr int attempts_max = 8;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const auto there = store.head(key);
    if (!there) return there.error();
    if (there->size_bytes > size_bytes_max || there->size_bytes > SIZE_MAX / 2)
      return failure(code::too_large, operation::get).about({key.data(), key.size()});
    into.resize(static_cast<std::size_t>(there->size_bytes));
    const auto got = store.get(key, into);
    if (!got && got.error().code() == code::too_large) continue;
    if (got) into.resize(static_cast<std::size_t>(got->size_bytes));
    return got;
  }
  return failure(code::busy, operation::get).about({key.data(), key.size()});
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_READ_OBJECT_HPP
