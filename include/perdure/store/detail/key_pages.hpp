// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_KEY_PAGES_HPP
#define PERDURE_STORE_DETAIL_KEY_PAGES_HPP

// for_each_object: a listing page by page, to its end.

#include <perdure/store/store.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

inline constexpr std::size_t cursor_size_max = 4096;

// Every object whose key begins so. The visitor may remove what it is shown, stop, or end it all by a failure, which is the
// answer.
// Failure: too_large, where there is more behind a key that is too long to go on from.
template <Store S>
[[nodiscard]] result<void> for_each_object(S& store, key_view prefix, std::size_t page_keys,
                                           function_ref<result<visit>(const listed_object&)> visitor) {
  path_buffer<cursor_size_max> cursor;
  for (;;) {
    result<visit> told = visit::go_on;
    bool some = false;
    const auto page = store.list(prefix, cursor, page_keys, [&](const listed_object& one) {
      cursor.clear();
      cursor.append(one.key);
      some = true;
      told = visitor(one);
      return told && *told == visit::go_on && cursor.ok() ? visit::go_on : visit::stop;
    });
    if (!told) return told.error();
    if (!page) return page.error();
    if (*page == listed::all || *told == visit::stop) return {};
    if (!cursor.ok() || !some) return failure(code::too_large, operation::list_objects).about({prefix.data(), prefix.size()});
  }
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_KEY_PAGES_HPP
