// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_DETAIL_BYTE_BUFFER_HPP
#define PERDURE_CORE_DETAIL_BYTE_BUFFER_HPP

// byte_buffer: bytes on the heap that grow, without <vector>, and keep their memory for the next time.

#include <perdure/core/result.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

class byte_buffer {
 public:
  byte_buffer() = default;
  byte_buffer(byte_buffer&& other) noexcept
      : data_(exchanged(other.data_, nullptr)),
        size_(exchanged(other.size_, std::size_t{0})),
        capacity_(exchanged(other.capacity_, std::size_t{0})) {}
  byte_buffer& operator=(byte_buffer&& other) noexcept {
    swapped(data_, other.data_);
    swapped(size_, other.size_);
    swapped(capacity_, other.capacity_);
    return *this;
  }
  ~byte_buffer() { delete[] data_; }

  [[nodiscard]] bytes view() const noexcept { return {data_, size_}; }
  [[nodiscard]] std::byte* data() noexcept { return data_; }
  [[nodiscard]] const std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  // What is there stays; what is new holds anything.
  void resize(std::size_t size) {
    reserve(size);
    size_ = size;
  }
  void clear() noexcept { size_ = 0; }

  // So many bytes, whatever they hold.
  [[nodiscard]] mutable_bytes sized(std::size_t size) {
    size_ = 0;
    reserve(size);
    size_ = size;
    return {data_, size_};
  }
  void append(bytes more) {
    reserve(size_ + more.size());
    if (!more.empty()) std::memcpy(data_ + size_, more.data(), more.size());
    size_ += more.size();
  }

 private:
  void reserve(std::size_t wanted) {
    if (wanted <= capacity_) return;
    const std::size_t doubled = capacity_ * 2;
    const std::size_t capacity = wanted > doubled ? wanted : doubled;
    auto* const larger = new std::byte[capacity];
    if (size_ != 0) std::memcpy(larger, data_, size_);
    delete[] data_;
    data_ = larger;
    capacity_ = capacity;
  }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_DETAIL_BYTE_BUFFER_HPP
