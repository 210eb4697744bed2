// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CLUSTER_CATALOG_HPP
#define PERDURE_CLUSTER_CATALOG_HPP

// catalog<S>: payloads that a cluster's state names, whole, under their digests; each is verified whenever it is read.
//
//   perdure::catalog payloads(store);
//   auto id = payloads.put(bytes, operation);        // of the lock that is held: cluster_store.hpp
//   auto got = payloads.get(*id, text);              // exactly those bytes, or a failure
//
// put(payload, operation) -> payload_id
//   Effects: one object that nobody has put yet, catalog/sha256/<hex>/<operation>. Where it is there already, because the same
//     operation has put it before, its bytes are compared, and it is made durable; what is damaged is put again.
//   Success: it survives. Failure: as S has it; `unknown`: the same again settles it. too_large: over options.payload_bytes_max.
// get(id, container, size_bytes_max): Failure: not_found; corrupt: other bytes are there; too_large; else as S has it.
// remove(id): what is absent is removed already.
// list(visitor): each payload that is there, whether anything names it or not. What else lies under catalog/ is not shown.
// Crash: the object, whole, or none.
// Not promised: that an object is kept that no state names, and no recovery sidecar: that is sweep_cluster.hpp's to say.
//
// Threads: any, as S has it. The Store must outlive it.

#include <perdure/cluster/detail/cluster_keys.hpp>
#include <perdure/core/detail/byte_buffer.hpp>
#include <perdure/store/detail/key_pages.hpp>
#include <perdure/store/read_object.hpp>
#include <perdure/store/store_optional.hpp>

namespace perdure {
inline namespace v1 {

struct catalog_options {
  std::uint64_t payload_bytes_max = std::uint64_t{1} << 30;
  std::size_t page_keys = 256;  // of a listing
};

using payload_visitor = function_ref<visit(const payload_id&)>;

template <Store S>
class catalog {
 public:
  explicit catalog(S& store, const catalog_options& options = {}) noexcept : store_(&store), options_(options) {}

  [[nodiscard]] result<payload_id> put(bytes payload, std::uint64_t operation) {
    if (operation == 0) return failure(code::invalid_argument, operation::put);
    if (payload.size() > options_.payload_bytes_max) return failure(code::too_large, operation::put);
    const payload_id id{sha256_of(payload), operation};
    const auto key = detail::key_of(id);
    const auto put = store_->put(key, payload, precondition::absent);
    if (put) return id;
    if (put.error().code() != code::already_exists) return put.error();
    detail::byte_buffer there;
    const auto got = get(id, there, options_.payload_bytes_max);
    if (got) {
      PERDURE_TRY(settle(*store_, key));
      return id;
    }
    const enum code why = got.error().code();
    if (why != code::corrupt && why != code::too_large && why != code::not_found) return got.error();
    PERDURE_TRY(store_->put(key, payload, precondition::any));
    return id;
  }

  template <ResizableBytes C>
  [[nodiscard]] result<void> get(const payload_id& id, C& into, std::uint64_t size_bytes_max) {
    const auto key = detail::key_of(id);
    PERDURE_TRY(read_object(*store_, key, into, size_bytes_max));
    if (sha256_of(bytes(into)) == id.of) return {};
    return failure(code::corrupt, operation::get).about({key.data(), key.size()});
  }

  [[nodiscard]] result<void> remove(const payload_id& id) { return store_->remove(detail::key_of(id)); }

  [[nodiscard]] result<void> list(payload_visitor visitor) {
    const path_view prefix = detail::catalog_prefix;
    return detail::for_each_object(*store_, prefix, options_.page_keys, [&](const listed_object& one) -> result<visit> {
      const payload_id id = detail::payload_of(one.key);
      return id.operation == 0 ? visit::go_on : visitor(id);
    });
  }

 private:
  S* store_;
  catalog_options options_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CLUSTER_CATALOG_HPP
