// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_STORE_OPTIONAL_HPP
#define PERDURE_STORE_STORE_OPTIONAL_HPP

// What only some models of Store do in a way of their own. Each is a member of the model where it has one, and is called through
// the free function here, which does the same by the required operations where that can be done, and says how.
//
//   settle(store, key)                  what is there under this key now, an object or nothing, survives from now on, whoever put
//                                       or removed it. A model in which everything that is visible is durable has no such
//                                       member, and the answer is success
//   settles(store) -> bool              whether settle has anything to do: false where all that is visible is durable. Who wraps
//                                       a model answers for it. Else: whether the model has a settle of its own
//   settle_many(store, keys, count)     as a settle of each, with durability bought once where the model can. Else: one by one
//   put_many(store, items, count)       as a put of each, without conditions and in no order, with durability bought once where
//                                       the model can. Success: all of them survive. Failure: each is there, whole, or not; the
//                                       doubt is the worst of theirs, and `visible` where some were put and some not. Else: one
//                                       by one
//   put_stream(store, key, byte_source) -> etag
//                                       an object that need not fit in memory, without a condition. It appears whole, at the end.
//                                       A failure of the source is the failure, and nothing is put. Else: unsupported
//   remove_prefix(store, prefix)        every object whose key begins so and that is there throughout. Failure: some of them are
//                                       gone, doubt visible. Else: page by page. An empty prefix is an invalid_argument: say
//                                       what you mean

#include <perdure/store/store.hpp>

namespace perdure {
inline namespace v1 {

template <Store S>
[[nodiscard]] result<void> settle(S& store, key_view key) {
  if constexpr (requires { store.settle(key); }) {
    return store.settle(key);
  } else {
    return {};
  }
}

template <Store S>
[[nodiscard]] bool settles(S& store) noexcept {
  if constexpr (requires { store.settles(); }) {
    return store.settles();
  } else {
    return requires(key_view key) { store.settle(key); };
  }
}

template <Store S>
[[nodiscard]] result<void> settle_many(S& store, const key_view* keys, std::size_t count) {
  if constexpr (requires { store.settle_many(keys, count); }) {
    return store.settle_many(keys, count);
  } else if constexpr (requires { store.settle(keys[0]); }) {
    for (std::size_t i = 0; i < count; ++i) PERDURE_TRY(store.settle(keys[i]));
  }
  return {};
}

template <Store S>
[[nodiscard]] result<void> put_many(S& store, const put_item* items, std::size_t count) {
  if constexpr (requires { store.put_many(items, count); }) {
    return store.put_many(items, count);
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      const auto put = store.put(items[i].key, items[i].content, precondition::any);
      if (put) continue;
      return i != 0 && put.error().doubt() == doubt::none ? put.error().with(doubt::visible) : put.error();
    }
    return {};
  }
}

template <Store S>
[[nodiscard]] result<etag> put_stream(S& store, key_view key, byte_source source) {
  if constexpr (requires { store.put_stream(key, source); }) {
    return store.put_stream(key, source);
  } else {
    return failure(code::unsupported, operation::put).about({key.data(), key.size()});
  }
}

namespace detail {

// The keys of one page, removed when the page has been shown: what is removed under a listing need not be shown or left out.
inline constexpr std::size_t removed_at_once = 16;

template <Store S>
[[nodiscard]] result<std::size_t> remove_some(S& store, key_view prefix) {
  path_buffer<1024> keys[removed_at_once];
  std::size_t count = 0;
  bool too_long = false;
  const auto shown = store.list(prefix, {}, removed_at_once, [&](const listed_object& one) {
    if (count == removed_at_once) return visit::stop;
    too_long = !keys[count].append(one.key).ok();
    if (too_long) return visit::stop;
    ++count;
    return visit::go_on;
  });
  if (!shown) return shown.error();
  for (std::size_t i = 0; i < count; ++i) PERDURE_TRY(store.remove(keys[i]));
  if (too_long) return failure(code::too_large, operation::remove_object).about({prefix.data(), prefix.size()});
  return count;
}

}  // namespace detail

template <Store S>
[[nodiscard]] result<void> remove_prefix(S& store, key_view prefix) {
  if (prefix.empty()) return failure(code::invalid_argument, operation::remove_object);
  if constexpr (requires { store.remove_prefix(prefix); }) {
    return store.remove_prefix(prefix);
  } else {
    for (bool some = false;; some = true) {
      const auto removed = detail::remove_some(store, prefix);
      if (!removed) return some ? removed.error().with(doubt::visible) : removed.error();
      if (*removed == 0) return {};
    }
  }
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_STORE_OPTIONAL_HPP
