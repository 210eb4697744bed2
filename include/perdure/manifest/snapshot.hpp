// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_SNAPSHOT_HPP
#define PERDURE_MANIFEST_SNAPSHOT_HPP

// snapshot<T>: one value of a manifest, as it was when it was read: whoever holds it keeps it, whatever is committed meanwhile.
// It may be copied, and held longer than the manifest lives, unless its memory is fixed (see memory.hpp).

#include <cstdint>

#include <perdure/manifest/memory.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {
struct snapshot_maker;
}

template <class T, Memory M = heap_memory>
class snapshot {
  using values = typename M::template values<T>;
  using node = typename values::node;

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
    if (node_ != nullptr && __atomic_fetch_sub(&node_->users, 1, __ATOMIC_ACQ_REL) == 1) values::drop(node_);
  }

  [[nodiscard]] const T& operator*() const noexcept { return node_->value; }
  [[nodiscard]] const T* operator->() const noexcept { return &node_->value; }
  // How many commits of this process came before it.
  [[nodiscard]] std::uint64_t generation() const noexcept { return node_->generation; }
  [[nodiscard]] bool same_as(const snapshot& other) const noexcept { return node_ == other.node_; }

 private:
  friend struct detail::snapshot_maker;

  explicit snapshot(node* made) noexcept : node_(made) {}

  node* node_;
};

namespace detail {

// Makes one, and changes it before anybody else has it. One may be empty: it was made where no memory was left, or moved from.
struct snapshot_maker {
  template <class T, class M, class... Args>
  [[nodiscard]] static snapshot<T, M> make(typename M::template values<T>& from, std::uint64_t generation, Args&&... args) {
    snapshot<T, M> made(from.make(forwarded<Args>(args)...));
    if (made.node_ != nullptr) made.node_->generation = generation;
    return made;
  }
  template <class T, class M>
  [[nodiscard]] static snapshot<T, M> none() noexcept {
    return snapshot<T, M>(nullptr);
  }
  template <class T, class M>
  [[nodiscard]] static bool is_empty(const snapshot<T, M>& one) noexcept {
    return one.node_ == nullptr;
  }
  template <class T, class M>
  [[nodiscard]] static T& value_of(snapshot<T, M>& made) noexcept {
    return made.node_->value;
  }
  template <class T, class M>
  static void number(snapshot<T, M>& made, std::uint64_t generation) noexcept {
    made.node_->generation = generation;
  }
};

}  // namespace detail

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_SNAPSHOT_HPP
