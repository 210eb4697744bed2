// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Whether an object is there must be told without reading it.
// expect: HasHead
// expect: store.head.key.. (is|would be) invalid
#include <perdure/store/store.hpp>

class my_store {
 public:
  using perdure_store = my_store;

  perdure::result<perdure::object_info> get(perdure::key_view key, perdure::mutable_bytes into);
  perdure::result<perdure::range_info> get_range(perdure::key_view key, std::uint64_t offset, perdure::mutable_bytes into);
#ifndef PERDURE_FAIL
  perdure::result<perdure::object_info> head(perdure::key_view key);
#endif
  perdure::result<perdure::etag> put(perdure::key_view key, perdure::gather content, const perdure::precondition& when);
  perdure::result<void> remove(perdure::key_view key);
  perdure::result<perdure::listed> list(perdure::key_view prefix, perdure::key_view cursor, std::size_t limit,
                                        perdure::object_visitor visitor);
  struct perdure::nonce nonce();
};
static_assert(perdure::Store<my_store>);
