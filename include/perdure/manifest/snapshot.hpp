// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_SNAPSHOT_HPP
#define PERDURE_MANIFEST_SNAPSHOT_HPP

// snapshot<T>: one value of a manifest, as it was when it was read: whoever holds it keeps it, whatever is committed meanwhile.
// It may be copied, and held longer than the manifest lives.

#include <cstdint>
#include <new>

#include <perdure/core/basics.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {
struct snapshot_maker;
}

template <class T>
class snapshot {
 public:
  snapshot(const snapshot& other) noexcept : node_(other.node_) {
    if (node_ != nullptr) __atomic_fetch_add(&node_->users, 1, __ATOMIC_RELAXED);
  }
  snapshot(snapshot&& other) noexcept : node_(detail::exchanged(other.node_, nullptr)) {}
  snapshot& operator=(snapshot other) noexcept {
    detail::swapped(node_, other.node_);
    return *this;
  }
  ~snapshot() {
    if (node_ != nullptr && __atomic_fetch_sub(&node_->users, 1, __ATOMIC_ACQ_REL) == 1) delete node_;
  }

  [[nodiscard]] const T& operator*() const noexcept { return node_->value; }
  [[nodiscard]] const T* operator->() const noexcept { return &node_->value; }
  // How many commits of this process came before it.
  [[nodiscard]] std::uint64_t generation() const noexcept { return node_->generation; }
  [[nodiscard]] bool same_as(const snapshot& other) const noexcept { return node_ == other.node_; }

 private:
  friend struct detail::snapshot_maker;

  struct node {
    std::uint32_t users;  // in any thread
    std::uint64_t generation;
    T value;
  };
  explicit snapshot(node* made) noexcept : node_(made) {}

  node* node_;
};

namespace detail {

// Makes one, and changes it before anybody else has it. Needs memory.
struct snapshot_maker {
  template <class T, class From>
  [[nodiscard]] static snapshot<T> make(std::uint64_t generation, From&& from) {
    return snapshot<T>(new typename snapshot<T>::node{1, generation, T(forwarded<From>(from))});
  }
  template <class T>
  [[nodiscard]] static T& value_of(snapshot<T>& made) noexcept {
    return made.node_->value;
  }
};

}  // namespace detail

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_SNAPSHOT_HPP
