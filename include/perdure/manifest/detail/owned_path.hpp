// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_OWNED_PATH_HPP
#define PERDURE_MANIFEST_DETAIL_OWNED_PATH_HPP

// owned_path: a path that a long-lived object keeps, with a suffix. On the heap, without <string>.

#include <perdure/fs/path.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

class owned_path {
 public:
  owned_path(path_view path, path_view suffix)
      : text_(new char[path.size() + suffix.size() + 1]), size_(path.size() + suffix.size()) {
    if (!path.empty()) std::memcpy(text_, path.data(), path.size());
    if (!suffix.empty()) std::memcpy(text_ + path.size(), suffix.data(), suffix.size());
  }
  owned_path(owned_path&& other) noexcept
      : text_(exchanged(other.text_, nullptr)), size_(exchanged(other.size_, std::size_t{0})) {}
  owned_path& operator=(owned_path&& other) noexcept {
    swapped(text_, other.text_);
    swapped(size_, other.size_);
    return *this;
  }
  ~owned_path() { delete[] text_; }

  [[nodiscard]] path_view view() const noexcept { return {text_, size_}; }

 private:
  char* text_;
  std::size_t size_;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_OWNED_PATH_HPP
