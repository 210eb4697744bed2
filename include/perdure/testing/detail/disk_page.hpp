// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_DISK_PAGE_HPP
#define PERDURE_TESTING_DETAIL_DISK_PAGE_HPP

// disk_page: up to 4096 bytes of a file, shared by every state of the disk that has them, and never changed once shared.
// Without a page, and past what a page holds, there are zeros.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include <perdure/core/bytes.hpp>
#include <perdure/testing/detail/lab_hash.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

inline constexpr std::size_t page_size = 4096;

// Counted without atomics: whoever touches a page holds the lock of its disk, or is the explorer.
class disk_page {
 public:
  disk_page() noexcept = default;
  disk_page(const disk_page& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) ++block_->owners;
  }
  disk_page(disk_page&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  disk_page& operator=(const disk_page& other) noexcept {
    disk_page copy(other);
    std::swap(block_, copy.block_);
    return *this;
  }
  disk_page& operator=(disk_page&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~disk_page() {
    if (block_ != nullptr && --block_->owners == 0) ::operator delete(block_);
  }

  [[nodiscard]] std::size_t size() const noexcept { return block_ != nullptr ? block_->size : 0; }
  [[nodiscard]] const std::byte* data() const noexcept { return reinterpret_cast<const std::byte*>(block_ + 1); }

  void read(std::size_t offset, std::byte* into, std::size_t count) const noexcept {
    const std::size_t here = offset < size() ? (count < size() - offset ? count : size() - offset) : 0;
    if (here != 0) std::memcpy(into, data() + offset, here);
    if (here != count) std::memset(into + here, 0, count - here);
  }

  void write(std::size_t offset, bytes from) {
    if (from.empty()) return;
    const std::size_t end = offset + from.size();
    own(end > size() ? end : size());
    std::memcpy(writable() + offset, from.data(), from.size());
  }
  void fill(std::size_t offset, std::size_t end, std::byte with) {
    if (offset >= end) return;
    own(end > size() ? end : size());
    std::memset(writable() + offset, static_cast<int>(with), end - offset);
  }
  void cut(std::size_t end) {
    if (end >= size()) return;
    if (end == 0) {
      *this = disk_page();
      return;
    }
    own(size());
    block_->size = static_cast<std::uint32_t>(end);
  }

  // Of what a file shows that ends `visible` bytes into this page. Zeros at the end do not count, for a page may hold them or
  // not.
  [[nodiscard]] std::uint64_t hash(std::size_t visible) const noexcept {
    if (block_ == nullptr) return 0;
    if (visible < block_->size) return hash_first(visible);
    if (!block_->hashed) {
      block_->hash = hash_first(block_->size);
      block_->hashed = true;
    }
    return block_->hash;
  }

 private:
  struct alignas(8) block {
    std::uint64_t hash;
    std::uint32_t owners;
    std::uint32_t size;
    std::uint32_t capacity;
    bool hashed;
  };

  [[nodiscard]] std::byte* writable() noexcept { return reinterpret_cast<std::byte*>(block_ + 1); }
  [[nodiscard]] std::uint64_t hash_first(std::size_t end) const noexcept {
    const std::byte* const bytes = data();
    while (end > 0 && bytes[end - 1] == std::byte{0}) --end;
    return end == 0 ? 0 : hash_of(bytes, end);
  }
  // Makes the page this object's alone, `wanted` bytes long; what is added is zeros.
  void own(std::size_t wanted) {
    if (block_ == nullptr || block_->owners > 1 || block_->capacity < wanted) {
      std::size_t capacity = 64;
      while (capacity < wanted) capacity *= 2;
      auto* const fresh = static_cast<block*>(::operator new(sizeof(block) + capacity));
      ::new (static_cast<void*>(fresh))
          block{0, 1, static_cast<std::uint32_t>(size()), static_cast<std::uint32_t>(capacity), false};
      if (size() != 0) std::memcpy(fresh + 1, data(), size());
      *this = disk_page(fresh);
    }
    if (wanted > block_->size) std::memset(writable() + block_->size, 0, wanted - block_->size);
    if (wanted > block_->size) block_->size = static_cast<std::uint32_t>(wanted);
    block_->hashed = false;
  }
  explicit disk_page(block* fresh) noexcept : block_(fresh) {}

  block* block_ = nullptr;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_DISK_PAGE_HPP
