// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_EXT_ZSTD_COMPRESSOR_HPP
#define PERDURE_EXT_ZSTD_COMPRESSOR_HPP

// zstd_compressor(level): a Compressor (store/compressor.hpp) by zstd 1.4 or later (Debian: libzstd-dev; link with -lzstd).
//
//   perdure::content_store<perdure::fs_store<perdure::posix_fs>, perdure::zstd_compressor> objects(store, {}, {3});
//
// The level is zstd's own, 1 to 19, and may be another one each time; below 1 it is faster still. What is kept of a chunk depends
// on level and version of zstd, its name never. A chunk that would not shrink by a thirty-second is kept as it is: it is read
// without zstd then. Each thread that calls holds one context of zstd for each direction, from its first call to its end.
// What is kept is a frame of zstd's, and behind it one that zstd skips, of 12 bytes: 0x184d2a50, 4, and the CRC32C of the first
// one, little-endian. Some bits of a frame mean nothing to zstd: that one of those was altered is seen, too.
// Not promised: that two writers keep the same bytes of one chunk.

#include <zstd.h>

#include <perdure/core/crc32c.hpp>
#include <perdure/core/detail/byte_order.hpp>
#include <perdure/store/compressor.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

struct zstd_seal {
  little<std::uint32_t> magic;
  little<std::uint32_t> size_bytes;
  little<std::uint32_t> checksum;

  [[nodiscard]] static zstd_seal of(bytes frame) noexcept { return {0x184d2a50U, 4U, crc32c(frame)}; }
};
static_assert(sizeof(zstd_seal) == 12 && alignof(zstd_seal) == 1 && offsetof(zstd_seal, checksum) == 8);

}  // namespace detail

class zstd_compressor {
 public:
  zstd_compressor(int level = 1) noexcept : level_(level) {}

  [[nodiscard]] std::size_t compress(bytes from, mutable_bytes into) const noexcept {
    ZSTD_CCtx* const with = contexts().to_compress();
    const std::size_t most = from.size() - from.size() / 32;
    const mutable_bytes kept = into.first(most);
    if (with == nullptr || from.size() < 32 || kept.size() < sizeof(detail::zstd_seal)) return 0;
    const mutable_bytes room = kept.first(kept.size() - sizeof(detail::zstd_seal));
    const std::size_t size = ZSTD_compressCCtx(with, room.data(), room.size(), from.data(), from.size(), level_);
    if (ZSTD_isError(size) != 0U) return 0;  // most often because the room was too small
    const auto seal = detail::zstd_seal::of(bytes(room).first(size));
    std::memcpy(into.data() + size, &seal, sizeof(seal));
    return size + sizeof(seal);
  }
  [[nodiscard]] result<void> expand(bytes from, mutable_bytes into) const noexcept {
    ZSTD_DCtx* const with = contexts().to_expand();
    if (with == nullptr) return failure(code::no_space, operation::get);
    const bytes frame = from.first(from.size() < sizeof(detail::zstd_seal) ? 0 : from.size() - sizeof(detail::zstd_seal));
    const auto seal = detail::zstd_seal::of(frame);
    if (!(from.from(frame.size()) == stored_bytes(seal))) return failure(code::corrupt, operation::get);
    const std::size_t size = ZSTD_decompressDCtx(with, into.data(), into.size(), frame.data(), frame.size());
    if (ZSTD_isError(size) != 0U || size != into.size()) return failure(code::corrupt, operation::get);
    return {};
  }
  [[nodiscard]] result<std::uint64_t> expanded_size(bytes from) const noexcept {
    const unsigned long long size = ZSTD_getFrameContentSize(from.data(), from.size());
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) return failure(code::corrupt, operation::get);
    return std::uint64_t{size};
  }

 private:
  class thread_contexts {
   public:
    thread_contexts() = default;
    thread_contexts(const thread_contexts&) = delete;
    thread_contexts& operator=(const thread_contexts&) = delete;
    ~thread_contexts() {
      ZSTD_freeCCtx(compress_);
      ZSTD_freeDCtx(expand_);
    }
    [[nodiscard]] ZSTD_CCtx* to_compress() noexcept {
      if (compress_ == nullptr) compress_ = ZSTD_createCCtx();
      return compress_;
    }
    [[nodiscard]] ZSTD_DCtx* to_expand() noexcept {
      if (expand_ == nullptr) expand_ = ZSTD_createDCtx();
      return expand_;
    }

   private:
    ZSTD_CCtx* compress_ = nullptr;
    ZSTD_DCtx* expand_ = nullptr;
  };
  [[nodiscard]] static thread_contexts& contexts() noexcept {
    static thread_local thread_contexts own;
    return own;
  }

  int level_;
};
static_assert(Compressor<zstd_compressor>);

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_EXT_ZSTD_COMPRESSOR_HPP
