// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_COMPRESSOR_HPP
#define PERDURE_STORE_COMPRESSOR_HPP

// Compressor: how a content_store makes its chunks smaller, where it does. Names stay those of the content itself.
//
//   C1  compress(from, into) -> size    writes less than from.size() bytes and says how many; 0 where it cannot, or will not
//   C2  expand(from, into) -> result    fills `into` with what was compressed, or fails: corrupt, where these bytes are none of
//                                       its work or of another size. Nothing behind `into` is touched, whatever `from` holds
//   C3  expanded_size(from) -> result   how much expand would have to fill; corrupt where these bytes are none of its work
// All are const and may be called from several threads at once.
//
// What is kept of a chunk is its bytes or fewer: so a chunk that has its full size is as it is, and a store that compresses reads
// what one that does not has kept. The other way round, a compressed chunk is corrupt to whoever has no compressor.

#include <perdure/core/bytes.hpp>
#include <perdure/core/result.hpp>

namespace perdure {
inline namespace v1 {

template <class C>
concept Compressor = requires(const C& compressor, bytes from, mutable_bytes into) {
  { compressor.compress(from, into) } -> detail::same_as<std::size_t>;
  { compressor.expand(from, into) } -> detail::same_as<result<void>>;
  { compressor.expanded_size(from) } -> detail::same_as<result<std::uint64_t>>;
};

struct no_compressor {
  [[nodiscard]] std::size_t compress(bytes, mutable_bytes) const noexcept { return 0; }
  [[nodiscard]] result<void> expand(bytes, mutable_bytes) const noexcept { return failure(code::corrupt, operation::get); }
  [[nodiscard]] result<std::uint64_t> expanded_size(bytes) const noexcept { return failure(code::corrupt, operation::get); }
};
static_assert(Compressor<no_compressor>);

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_COMPRESSOR_HPP
