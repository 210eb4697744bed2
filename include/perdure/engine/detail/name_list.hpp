// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_DETAIL_NAME_LIST_HPP
#define PERDURE_ENGINE_DETAIL_NAME_LIST_HPP

// name_list: names, sorted byte by byte once they are all there, and then found. append_name, append_name_of: a name as a part of
// a key, and back.

#include <perdure/core/detail/byte_buffer.hpp>
#include <perdure/store/key.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// One level of keys: a name has no '/' in its key, so that what others keep below the prefix is no name. What a terminal or a
// shell would trip over is escaped, too.
[[nodiscard]] constexpr bool is_plain_in_a_key(char c) noexcept {
  return static_cast<unsigned char>(c) >= 0x20 && c != '/' && c != '%' && c != '\x7f';
}

template <std::size_t N>
void append_name(path_buffer<N>& to, path_view name) noexcept {
  constexpr char digits[] = "0123456789ABCDEF";
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto value = static_cast<unsigned char>(name[i]);
    const char escaped[3] = {'%', digits[value >> 4], digits[value & 15]};
    to.append(is_plain_in_a_key(name[i]) ? name.from(i).first(1) : path_view(escaped, sizeof(escaped)));
  }
}

// False for what append_name does not write, so that no two keys have one name.
template <std::size_t N>
[[nodiscard]] bool append_name_of(path_buffer<N>& to, path_view escaped) noexcept {
  const auto digit = [](char h) { return h >= '0' && h <= '9' ? h - '0' : h >= 'A' && h <= 'F' ? h - 'A' + 10 : -1; };
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    char c = escaped[i];
    if (c == '%') {
      if (escaped.size() - i < 3 || digit(escaped[i + 1]) < 0 || digit(escaped[i + 2]) < 0) return false;
      c = static_cast<char>(digit(escaped[i + 1]) << 4 | digit(escaped[i + 2]));
      if (c == '\0' || is_plain_in_a_key(c)) return false;
      i += 2;
    } else if (!is_plain_in_a_key(c)) {
      return false;
    }
    to.append({&c, 1});
  }
  return to.ok() && to.size() != 0;
}

class name_list {
 public:
  name_list() noexcept = default;
  name_list(const name_list&) = delete;
  name_list& operator=(const name_list&) = delete;
  ~name_list() { delete[] names_; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] path_view operator[](std::size_t at) const noexcept {
    return {reinterpret_cast<const char*>(text_.view().data()) + names_[at].offset, names_[at].size};
  }

  void add(path_view name) {
    if (size_ == capacity_) grow();
    names_[size_++] = {text_.view().size(), name.size()};
    text_.append(bytes(name.data(), name.size()));
  }

  // A heap, so that no order of theirs makes it slow.
  void sort() noexcept {
    for (std::size_t top = size_ / 2; top-- != 0;) sift(top, size_);
    for (std::size_t end = size_; end-- > 1;) {
      swapped(names_[0], names_[end]);
      sift(0, end);
    }
  }

  // Of one that is sorted: the first that is not less, or size().
  [[nodiscard]] std::size_t first_from(path_view name) const noexcept {
    std::size_t from = 0;
    for (std::size_t to = size_; from < to;) {
      const std::size_t middle = from + (to - from) / 2;
      if (compare_keys((*this)[middle], name) < 0)
        from = middle + 1;
      else
        to = middle;
    }
    return from;
  }

 private:
  struct entry {
    std::size_t offset;
    std::size_t size;
  };

  void grow() {
    capacity_ = capacity_ == 0 ? 64 : capacity_ * 2;
    auto* const larger = new entry[capacity_];
    for (std::size_t i = 0; i < size_; ++i) larger[i] = names_[i];
    delete[] names_;
    names_ = larger;
  }
  void sift(std::size_t top, std::size_t end) noexcept {
    for (std::size_t child = 2 * top + 1; child < end; child = 2 * top + 1) {
      if (child + 1 < end && compare_keys((*this)[child], (*this)[child + 1]) < 0) ++child;
      if (compare_keys((*this)[top], (*this)[child]) >= 0) return;
      swapped(names_[top], names_[child]);
      top = child;
    }
  }

  byte_buffer text_;
  entry* names_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_DETAIL_NAME_LIST_HPP
