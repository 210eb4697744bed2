// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_MEM_NAMES_HPP
#define PERDURE_FS_DETAIL_MEM_NAMES_HPP

// mem_names: names and a value for each, in order, so that a listing can go on after the last name it showed although names come
// and go meanwhile. A treap: a binary tree by name that is a heap by a random number, and so balanced. Each name is one piece of
// memory, asked for without exceptions: a full memory is a full disk.

#include <new>

#include <perdure/fs/path.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <class T>
class mem_names {
 public:
  struct entry {
    explicit entry(T&& its_value) noexcept : value(detail::moved(its_value)) {}
    [[nodiscard]] path_view name() const noexcept { return {reinterpret_cast<const char*>(this + 1), size}; }

    T value;

   private:
    friend mem_names;
    entry* left = nullptr;
    entry* right = nullptr;
    std::uint32_t priority = 0;
    std::uint32_t size = 0;  // of the name, which follows
  };

  mem_names() noexcept = default;
  mem_names(const mem_names&) = delete;
  mem_names& operator=(const mem_names&) = delete;
  // Turned into a list while it is freed: no recursion, however the tree looks.
  ~mem_names() {
    while (root_ != nullptr) {
      entry* const top = root_;
      if (top->left != nullptr) {
        root_ = top->left;
        top->left = root_->right;
        root_->right = top;
      } else {
        root_ = top->right;
        destroy(top);
      }
    }
  }

  [[nodiscard]] bool empty() const noexcept { return root_ == nullptr; }

  [[nodiscard]] entry* find(path_view name) const noexcept {
    entry* at = root_;
    while (at != nullptr) {
      const int order = compare(name, at->name());
      if (order == 0) break;
      at = order < 0 ? at->left : at->right;
    }
    return at;
  }
  // The first entry with a name behind this one; the first of all after "".
  [[nodiscard]] entry* after(path_view name) const noexcept {
    entry* found = nullptr;
    for (entry* at = root_; at != nullptr;) {
      const bool behind = compare(at->name(), name) > 0;
      if (behind) found = at;
      at = behind ? at->left : at->right;
    }
    return found;
  }

  [[nodiscard]] entry* last() const noexcept {
    entry* at = root_;
    while (at != nullptr && at->right != nullptr) at = at->right;
    return at;
  }

  // A name that is not there yet. False, and nothing changed, where there is no memory for it.
  [[nodiscard]] bool insert(path_view name, T value) noexcept {
    void* const room = ::operator new(sizeof(entry) + name.size(), std::nothrow);
    if (room == nullptr) return false;
    auto* const made = ::new (room) entry(detail::moved(value));
    std::memcpy(static_cast<void*>(made + 1), name.data(), name.size());
    made->size = static_cast<std::uint32_t>(name.size());
    made->priority = next_priority();
    entry** at = &root_;
    while (*at != nullptr && (*at)->priority >= made->priority)
      at = compare(name, (*at)->name()) < 0 ? &(*at)->left : &(*at)->right;
    // What is here is split by the name, and becomes the two sides of it.
    entry* rest = *at;
    *at = made;
    entry** less = &made->left;
    entry** more = &made->right;
    while (rest != nullptr) {
      entry**& side = compare(rest->name(), name) < 0 ? less : more;
      *side = rest;
      side = &side == &less ? &rest->right : &rest->left;
      rest = *side;
    }
    *less = nullptr;
    *more = nullptr;
    return true;
  }

  void erase(path_view name) noexcept {
    entry** at = &root_;
    while (*at != nullptr) {
      const int order = compare(name, (*at)->name());
      if (order == 0) break;
      at = order < 0 ? &(*at)->left : &(*at)->right;
    }
    entry* const gone = *at;
    if (gone == nullptr) return;
    entry* less = gone->left;
    entry* more = gone->right;
    while (less != nullptr && more != nullptr) {
      if (less->priority > more->priority) {
        *at = less;
        at = &less->right;
        less = *at;
      } else {
        *at = more;
        at = &more->left;
        more = *at;
      }
    }
    *at = less != nullptr ? less : more;
    destroy(gone);
  }

 private:
  [[nodiscard]] static int compare(path_view a, path_view b) noexcept {
    const std::size_t common = a.size() < b.size() ? a.size() : b.size();
    const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
    if (order != 0) return order;
    return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
  }
  static void destroy(entry* gone) noexcept {
    gone->~entry();
    ::operator delete(static_cast<void*>(gone));
  }
  [[nodiscard]] std::uint32_t next_priority() noexcept {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
    return random_;
  }

  entry* root_ = nullptr;
  std::uint32_t random_ = 2463534242U;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_DETAIL_MEM_NAMES_HPP
