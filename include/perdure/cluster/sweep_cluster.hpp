// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CLUSTER_SWEEP_CLUSTER_HPP
#define PERDURE_CLUSTER_SWEEP_CLUSTER_HPP

// sweep_cluster(cluster) -> cluster_swept: deletes what nothing names. Between a begin and an end, and instead of a commit.
//
//   const auto mine = cluster.begin(claim);                    // this has finished or undone what sidecars tell
//   if (mine && mine->done) swept = perdure::sweep_cluster(cluster);
//
// Effects
//   1  reads the state, and that no later operation has begun; since begin no earlier one can commit any more
//   2  goes through catalog/ and graphs/, page by page, and deletes each payload and each whole root, of an operation before this
//      one, that the state does not name. Nothing else is touched: not what a later operation makes, which has taken the lock
//      over while this one stood still; not what no operation has made
//   3  retires sidecars that could not be read: there is nothing left that they could have told
// Success: what was garbage when 1 was done is gone, but for what an operation that died sends late: the next sweep finds that.
// Failure: `unchanged`, for no state is: conflict: a later operation has taken over; invalid_argument: no begin, or a commit
//   since; else as the Store and the state_names have it. Some of the garbage may be gone.
// Crash: any part of the garbage may be gone, and of a root any part of its objects.
// Not promised: that who reads an older state finds what that named.

#include <perdure/cluster/cluster_store.hpp>

namespace perdure {
inline namespace v1 {

struct cluster_swept {
  std::size_t payloads = 0;  // deleted
  std::size_t roots = 0;
  std::size_t sidecars = 0;
  std::size_t payloads_kept = 0;
};

namespace detail {

// The root of the first key behind the cursor; empty at the end. What is in no root is passed over, with the cursor.
template <Store S>
[[nodiscard]] result<path_buffer<root_name_max>> next_root(S& store, path_buffer<key_size_portable + 1024>& cursor) {
  path_buffer<root_name_max> root;
  for (;;) {
    const auto page = store.list(roots_prefix, cursor, 1, [&](const listed_object& one) {
      cursor.clear();
      cursor.append(one.key);
      root.append(root_of(one.key));
      return visit::go_on;
    });
    if (!page) return page.error();
    if (!cursor.ok()) return failure(code::too_large, operation::list_objects).about({roots_prefix.data(), roots_prefix.size()});
    if (root.size() != 0 || *page == listed::all) return root;
  }
}

template <Store S, Clock C>
[[nodiscard]] result<cluster_swept> sweep_steps(cluster_store<S, C>& cluster) {
  cluster_swept done;
  PERDURE_TRY(cluster.fence());  // 1
  detail::name_set kept;
  PERDURE_TRY(cluster.for_each_name(cluster.entry(), [&](const cluster_name& one) -> result<void> {
    return kept.add(detail::key_of(one)) ? result<void>() : detail::no_memory();
  }));
  const std::uint64_t mine = cluster.operation();

  result<void> went;  // 2
  PERDURE_TRY(cluster.catalog().list([&](const payload_id& id) {
    const auto name = detail::key_of(id);
    if (kept.has(name) || id.operation >= mine) return ++done.payloads_kept, visit::go_on;
    went = cluster.discard(name);
    return went ? (++done.payloads, visit::go_on) : visit::stop;
  }));
  PERDURE_TRY(went);
  path_buffer<key_size_portable + 1024> cursor;
  for (;;) {
    const auto root = detail::next_root(cluster.store(), cursor);
    if (!root) return root.error();
    if (root->size() == 0) break;
    const auto name = detail::prefix_of_root(*root);
    if (!kept.has(name) && operation_of_root(*root) < mine) {
      PERDURE_TRY(cluster.discard(name));
      ++done.roots;
    }
    // Past all of it at once: '0' follows '/'.
    cursor.clear();
    cursor.append(key_view(name).first(name.size() - 1)).append("0");
  }

  const auto retire = [&](std::uint64_t other) -> result<visit> {  // 3
    if (other >= mine) return visit::go_on;
    PERDURE_TRY(cluster.artifacts().retire_sidecar(other));
    return ++done.sidecars, visit::go_on;
  };
  PERDURE_TRY(cluster.artifacts().list_sidecars(retire));
  return done;
}

}  // namespace detail

template <Store S, Clock C>
[[nodiscard]] result<cluster_swept> sweep_cluster(cluster_store<S, C>& cluster) {
  const auto done = detail::sweep_steps(cluster);
  if (!done) return done.error().with(doubt::none);
  return done;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CLUSTER_SWEEP_CLUSTER_HPP
