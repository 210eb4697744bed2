// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CLUSTER_ARTIFACTS_HPP
#define PERDURE_CLUSTER_ARTIFACTS_HPP

// artifacts<S>: small objects that stand beside a cluster's state for a while.
//
//   recovery/<operation>   a sidecar: what an operation of several steps makes and replaces, from before its first step until
//                          it has ended. cluster_store.hpp writes it, and reads those of operations that died
//   approvals/<hex>        a note by whoever approved what has this digest: a plan
//
// put_sidecar, sidecar, list_sidecars, retire_sidecar; approve, approval, list_approvals, retire_approval
//   Effects: one object each; a listing goes page by page, and shows nothing else that lies there.
//   Success: what was put survives, and so does that it was retired. What is absent is retired already.
//   Failure: not_found; too_large: over options.size_bytes_max, both when put and when read; else as S has it.
//   Crash: the object, whole, or none.
//   Not promised: that an approval which was retired, with an answer that was lost, may not take a later one of the same digest
//     with it: have what is approved name the version that it is for, so that it does not come twice.
//
// Threads: any, as S has it. The Store must outlive it.

#include <perdure/cluster/catalog.hpp>

namespace perdure {
inline namespace v1 {

struct artifacts_options {
  std::uint64_t size_bytes_max = std::uint64_t{1} << 24;
  std::size_t page_keys = 256;
};

using sidecar_visitor = function_ref<result<visit>(std::uint64_t operation)>;
using approval_visitor = function_ref<result<visit>(const digest&)>;

template <Store S>
class artifacts {
 public:
  explicit artifacts(S& store, const artifacts_options& options = {}) noexcept : store_(&store), options_(options) {}

  [[nodiscard]] result<void> put_sidecar(std::uint64_t operation, bytes record) {
    if (operation == 0) return failure(code::invalid_argument, operation::put);
    return put(detail::key_of_recovery(operation), record);
  }
  template <ResizableBytes C>
  [[nodiscard]] result<void> sidecar(std::uint64_t operation, C& into) {
    return get(detail::key_of_recovery(operation), into);
  }
  [[nodiscard]] result<void> retire_sidecar(std::uint64_t operation) {
    return store_->remove(detail::key_of_recovery(operation));
  }
  [[nodiscard]] result<void> list_sidecars(sidecar_visitor visitor) {
    const path_view prefix = detail::recovery_prefix;
    return detail::for_each_object(*store_, prefix, options_.page_keys, [&](const listed_object& one) -> result<visit> {
      const std::uint64_t operation = detail::decimal_of(one.key.from(prefix.size()));
      return operation == 0 ? result<visit>(visit::go_on) : visitor(operation);
    });
  }

  [[nodiscard]] result<void> approve(const digest& of, bytes note) { return put(detail::key_of_approval(of), note); }
  template <ResizableBytes C>
  [[nodiscard]] result<void> approval(const digest& of, C& into) {
    return get(detail::key_of_approval(of), into);
  }
  [[nodiscard]] result<void> retire_approval(const digest& of) { return store_->remove(detail::key_of_approval(of)); }
  [[nodiscard]] result<void> list_approvals(approval_visitor visitor) {
    const path_view prefix = detail::approvals_prefix;
    return detail::for_each_object(*store_, prefix, options_.page_keys, [&](const listed_object& one) -> result<visit> {
      const auto of = detail::digest_of_text(one.key.from(prefix.size()));
      return of ? visitor(*of) : result<visit>(visit::go_on);
    });
  }

 private:
  [[nodiscard]] result<void> put(const detail::named_key& key, bytes content) {
    if (content.size() > options_.size_bytes_max) return failure(code::too_large, operation::put).about({key.data(), key.size()});
    PERDURE_TRY(store_->put(key, content, precondition::any));
    return {};
  }
  template <class C>
  [[nodiscard]] result<void> get(const detail::named_key& key, C& into) {
    PERDURE_TRY(read_object(*store_, key, into, options_.size_bytes_max));
    return {};
  }

  S* store_;
  artifacts_options options_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CLUSTER_ARTIFACTS_HPP
