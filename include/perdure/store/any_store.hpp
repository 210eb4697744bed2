// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_ANY_STORE_HPP
#define PERDURE_STORE_ANY_STORE_HPP

// any_store: some Store, which one is known when the program runs. A model of Store itself.
//
//   perdure::any_store where(objects);                                 // refers to a model, which must outlive it
//   auto own = perdure::any_store::make<perdure::mem_store>();         // owns one; gone with the last copy
//
// A copy is the same Store, and may be made, used and dropped in any thread. Every optional operation is there, and is done as
// the free functions of store_optional.hpp do it where the model has none of its own: put_stream may be unsupported.
//
// Failure: make(): no_space where there is no memory for it.

#include <new>

#include <perdure/store/store_optional.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

struct store_table {
  result<object_info> (*get)(void*, key_view, mutable_bytes);
  result<range_info> (*get_range)(void*, key_view, std::uint64_t, mutable_bytes);
  result<object_info> (*head)(void*, key_view);
  result<etag> (*put)(void*, key_view, gather, const precondition&);
  result<void> (*remove)(void*, key_view);
  result<listed> (*list)(void*, key_view, key_view, std::size_t, object_visitor);
  struct nonce (*nonce)(void*);
  bool (*settles)(void*) noexcept;
  result<void> (*settle)(void*, key_view);
  result<void> (*settle_many)(void*, const key_view*, std::size_t);
  result<void> (*put_many)(void*, const put_item*, std::size_t);
  result<etag> (*put_stream)(void*, key_view, byte_source);
  result<void> (*remove_prefix)(void*, key_view);
};

template <class S>
inline constexpr store_table store_table_of = {
    [](void* s, key_view key, mutable_bytes into) { return static_cast<S*>(s)->get(key, into); },
    [](void* s, key_view key, std::uint64_t at, mutable_bytes into) { return static_cast<S*>(s)->get_range(key, at, into); },
    [](void* s, key_view key) { return static_cast<S*>(s)->head(key); },
    [](void* s, key_view key, gather content, const precondition& when) { return static_cast<S*>(s)->put(key, content, when); },
    [](void* s, key_view key) { return static_cast<S*>(s)->remove(key); },
    [](void* s, key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
      return static_cast<S*>(s)->list(prefix, cursor, limit, visitor);
    },
    [](void* s) { return static_cast<S*>(s)->nonce(); },
    [](void* s) noexcept { return perdure::settles(*static_cast<S*>(s)); },
    [](void* s, key_view key) { return perdure::settle(*static_cast<S*>(s), key); },
    [](void* s, const key_view* keys, std::size_t count) { return perdure::settle_many(*static_cast<S*>(s), keys, count); },
    [](void* s, const put_item* items, std::size_t count) { return perdure::put_many(*static_cast<S*>(s), items, count); },
    [](void* s, key_view key, byte_source source) { return perdure::put_stream(*static_cast<S*>(s), key, source); },
    [](void* s, key_view prefix) { return perdure::remove_prefix(*static_cast<S*>(s), prefix); },
};

// Of a model that is owned.
struct store_owner {
  explicit store_owner(void (*how)(store_owner*) noexcept) noexcept : destroy(how) {}
  void (*destroy)(store_owner*) noexcept;
  std::uint32_t references = 1;
};
template <class S>
struct owned_store : store_owner {
  template <class... Args>
  explicit owned_store(Args&&... args)
      : store_owner([](store_owner* self) noexcept { delete static_cast<owned_store*>(self); }),
        model(detail::forwarded<Args>(args)...) {}
  S model;
};

}  // namespace detail

class any_store {
 public:
  using perdure_store = any_store;

  template <class S>
    requires(!detail::is_same<detail::remove_cv<S>, any_store> && !detail::is_const<S> && Store<S>)
  any_store(S& model) noexcept : object_(&model), table_(&detail::store_table_of<S>) {}

  template <Store S, class... Args>
  [[nodiscard]] static result<any_store> make(Args&&... args) {
    auto* const owner = new (std::nothrow) detail::owned_store<S>(detail::forwarded<Args>(args)...);
    if (owner == nullptr) return failure(code::no_space, operation::none);
    any_store made(owner->model);
    made.owner_ = owner;
    return made;
  }

  any_store(const any_store& other) noexcept : object_(other.object_), table_(other.table_), owner_(other.owner_) {
    if (owner_ != nullptr) __atomic_add_fetch(&owner_->references, 1U, __ATOMIC_RELAXED);
  }
  any_store& operator=(const any_store& other) noexcept {
    any_store copy(other);
    detail::swapped(object_, copy.object_);
    detail::swapped(table_, copy.table_);
    detail::swapped(owner_, copy.owner_);
    return *this;
  }
  ~any_store() {
    if (owner_ != nullptr && __atomic_sub_fetch(&owner_->references, 1U, __ATOMIC_ACQ_REL) == 0) owner_->destroy(owner_);
  }

  [[nodiscard]] result<object_info> get(key_view key, mutable_bytes into) const { return table_->get(object_, key, into); }
  [[nodiscard]] result<range_info> get_range(key_view key, std::uint64_t offset, mutable_bytes into) const {
    return table_->get_range(object_, key, offset, into);
  }
  [[nodiscard]] result<object_info> head(key_view key) const { return table_->head(object_, key); }
  [[nodiscard]] result<etag> put(key_view key, gather content, const precondition& when) const {
    return table_->put(object_, key, content, when);
  }
  [[nodiscard]] result<void> remove(key_view key) const { return table_->remove(object_, key); }
  [[nodiscard]] result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) const {
    return table_->list(object_, prefix, cursor, limit, visitor);
  }
  [[nodiscard]] struct nonce nonce() const { return table_->nonce(object_); }

  [[nodiscard]] bool settles() const noexcept { return table_->settles(object_); }
  [[nodiscard]] result<void> settle(key_view key) const { return table_->settle(object_, key); }
  [[nodiscard]] result<void> settle_many(const key_view* keys, std::size_t count) const {
    return table_->settle_many(object_, keys, count);
  }
  [[nodiscard]] result<void> put_many(const put_item* items, std::size_t count) const {
    return table_->put_many(object_, items, count);
  }
  [[nodiscard]] result<etag> put_stream(key_view key, byte_source source) const {
    return table_->put_stream(object_, key, source);
  }
  [[nodiscard]] result<void> remove_prefix(key_view prefix) const { return table_->remove_prefix(object_, prefix); }

 private:
  void* object_;
  const detail::store_table* table_;
  detail::store_owner* owner_ = nullptr;
};

static_assert(Store<any_store>);

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_ANY_STORE_HPP
