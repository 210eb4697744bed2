// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_S3_BODY_HPP
#define PERDURE_STORE_DETAIL_S3_BODY_HPP

// s3_body: bytes on the heap that grow up to a bound. Too many, or no memory for them: ok() turns false, and it takes no more.

#include <new>

#include <perdure/fs/path.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

class s3_body {
 public:
  explicit s3_body(std::size_t size_max) noexcept : size_max_(size_max) {}
  s3_body(const s3_body&) = delete;
  s3_body& operator=(const s3_body&) = delete;
  ~s3_body() { ::operator delete(data_); }

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bytes view() const noexcept { return {data_, size_}; }
  void truncate(std::size_t size) noexcept {
    if (size < size_) size_ = size;
  }

  s3_body& append(bytes more) noexcept {
    if (more.empty() || !reserve(more.size())) return *this;
    std::memcpy(data_ + size_, more.data(), more.size());
    size_ += more.size();
    return *this;
  }
  s3_body& append(path_view more) noexcept { return append(bytes(more.data(), more.size())); }
  s3_body& append(const char* more) noexcept { return append(path_view(more)); }
  // All of the bound, to be filled from outside; empty where there is no memory for it.
  [[nodiscard]] mutable_bytes whole() noexcept {
    size_ = 0;
    return reserve(size_max_) ? mutable_bytes(data_, size_max_) : mutable_bytes();
  }

 private:
  [[nodiscard]] bool reserve(std::size_t more) noexcept {
    if (!ok_ || more > size_max_ - size_) return ok_ = false;
    if (more <= capacity_ - size_) return true;
    std::size_t capacity = capacity_ < size_max_ / 2 ? capacity_ * 2 : size_max_;
    if (capacity < size_ + more) capacity = size_ + more;
    auto* const larger = static_cast<std::byte*>(::operator new(capacity, std::nothrow));
    if (larger == nullptr) return ok_ = false;
    if (size_ != 0) std::memcpy(larger, data_, size_);
    ::operator delete(data_);
    data_ = larger;
    capacity_ = capacity;
    return true;
  }

  std::size_t size_max_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  bool ok_ = true;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_S3_BODY_HPP
