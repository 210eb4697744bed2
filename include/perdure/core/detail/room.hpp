// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_DETAIL_ROOM_HPP
#define PERDURE_CORE_DETAIL_ROOM_HPP

// room<T>: an array on the heap that grows and says when there is no memory; of values that may be copied as bytes.

#include <new>

#include <perdure/core/bytes.hpp>
#include <perdure/core/result.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

[[nodiscard]] inline failure no_memory() noexcept { return failure(code::no_space, operation::none); }

template <class T>
  requires is_trivially_copyable<T>
class room {
 public:
  room() noexcept = default;
  room(room&& other) noexcept
      : data_(exchanged(other.data_, nullptr)),
        size_(exchanged(other.size_, std::size_t{0})),
        capacity_(exchanged(other.capacity_, std::size_t{0})) {}
  room& operator=(room&& other) noexcept {
    swapped(data_, other.data_);
    swapped(size_, other.size_);
    swapped(capacity_, other.capacity_);
    return *this;
  }
  ~room() { ::operator delete(data_); }

  [[nodiscard]] T* data() noexcept { return data_; }
  [[nodiscard]] const T* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return data_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return data_[i]; }
  [[nodiscard]] T* begin() noexcept { return data_; }
  [[nodiscard]] T* end() noexcept { return data_ + size_; }
  [[nodiscard]] const T* begin() const noexcept { return data_; }
  [[nodiscard]] const T* end() const noexcept { return data_ + size_; }
  void clear() noexcept { size_ = 0; }
  void truncate(std::size_t size) noexcept { size_ = size < size_ ? size : size_; }

  // What is new holds anything.
  [[nodiscard]] bool resize(std::size_t size) noexcept {
    if (!reserve(size)) return false;
    size_ = size;
    return true;
  }
  [[nodiscard]] bool push(const T& one) noexcept {
    const T kept = one;  // it may be one of ours
    if (size_ == capacity_ && !reserve(size_ < 8 ? 16 : size_ * 2)) return false;
    ::new (static_cast<void*>(data_ + size_++)) T(kept);
    return true;
  }
  [[nodiscard]] bool reserve(std::size_t capacity) noexcept {
    if (capacity <= capacity_) return true;
    if (capacity > SIZE_MAX / 2 / sizeof(T)) return false;
    auto* const larger = static_cast<T*>(::operator new(capacity * sizeof(T), std::nothrow));
    if (larger == nullptr) return false;
    if (size_ != 0) std::memcpy(static_cast<void*>(larger), data_, size_ * sizeof(T));
    ::operator delete(data_);
    data_ = larger;
    capacity_ = capacity;
    return true;
  }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_DETAIL_ROOM_HPP
