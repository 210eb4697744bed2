// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_VALUE_ENCODER_HPP
#define PERDURE_MANIFEST_DETAIL_VALUE_ENCODER_HPP

// value_encoder: the bytes of a value: in a buffer of its own, or where they lie if the codec shows them there.

#include <perdure/core/codec.hpp>
#include <perdure/manifest/memory.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <class T, Codec<T> C, Memory M>
class value_encoder {
 public:
  static constexpr bool has_buffer = !ShowsBytes<C, T>;

  explicit value_encoder(C&& codec) : codec_(moved(codec)) {}

  // Good until the next one, and for as long as the value lives.
  [[nodiscard]] result<bytes> encode(const T& value, std::uint64_t size_bytes_max) {
    if constexpr (has_buffer) {
      buffer_.clear();
      PERDURE_TRY(codec_.encode(value, [&](bytes piece) -> result<void> {
        if (piece.size() > size_bytes_max - buffer_.view().size()) return too_large();
        buffer_.append(piece);
        return {};
      }));
      return buffer_.view();
    } else {
      const bytes whole = codec_.view(value);
      return whole.size() > size_bytes_max ? result<bytes>(too_large()) : whole;
    }
  }
  [[nodiscard]] result<T> decode(bytes from) const { return codec_.decode(from); }

 private:
  struct no_buffer {};

  [[nodiscard]] static failure too_large() noexcept { return failure(code::too_large, operation::commit); }

  C codec_;
  conditional<has_buffer, typename M::buffer, no_buffer> buffer_;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_VALUE_ENCODER_HPP
