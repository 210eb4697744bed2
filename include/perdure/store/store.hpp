// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_STORE_HPP
#define PERDURE_STORE_STORE_HPP

// Store: objects under keys, each replaced whole, by whoever reaches them. A bucket, a directory, memory.
//
// A model is written against the laws below; testing/store_laws.hpp checks those that a running program can see, and
// testing/crash_store.hpp shows a caller all that they allow. "Survives" means: a power cut or a crash of any machine at any
// later moment, followed by a restart, shows it. "Fails" means: a result with a failure; nothing is thrown.
//
// The laws
//  S1  Visible at once. What a call that succeeded did, every later get, head and list sees, from every machine.
//  S2  Whole objects. Each get, get_range and head, and each key of a listing, is of one version, whole: never of none or of
//      half while an object is replaced, nor after a crash during a put. Two calls may be of two versions.
//  S3  Success is durable. Once `put` has succeeded the object survives; once `remove` has, its absence does. Being visible is
//      less: what a get shows may be of a writer that has not returned, and never will. settle() (store_optional.hpp) makes it
//      durable.
//  S4  Conditions hold. A put with a precondition takes effect only at a moment when the precondition is true, and no other put
//      or remove comes between the two. That holds for all threads, processes and machines that the Store spans: of any that
//      race by `absent`, or by `matches` of one version, at most one takes effect. A Store that cannot keep this answers
//      unsupported.
//  S5  Honest outcomes. A failure with doubt `none` means that the call has not taken effect and never will. What fails because
//      of its precondition has doubt none and is told as already_exists (absent), as conflict (matches), or as not_found
//      (matches, where there is no object at all; conflict is as good). `busy` decides nothing: too many requests, or another
//      one at the same time; the same call may succeed when it is made again. What only looks, unsupported and invalid_argument
//      have doubt none.
//  S6  An unknown may come late. A put or remove that failed with doubt `visible` may have happened, may never happen, or may
//      happen at ANY later moment: after reads that did not see it, after later calls of the same caller and of others that
//      succeeded, and when whoever sent it is dead. Its precondition is judged when it takes effect. Doubt `durable`: it is
//      visible, and may be gone after a crash.
//  S7  Sent once. A Store does not make a mutating call twice by itself, unless it can tell its own work when it meets it: else a
//      put that was kept would be answered with a conflict against itself. Where something below may have done so, every
//      already_exists, conflict and not_found has doubt visible.
//  S8  Versions. Two objects of one key with one etag have the same bytes; what differs has another etag. An etag may come back
//      when the same bytes do: a value that is swapped carries a nonce, so that it never comes back.
//  S9  Keys are not empty, are UTF-8 without a NUL (else invalid_argument), and are compared byte by byte. '/' is no more than
//      a character: "a", "a/b", "a//b", "../a", "." and "A" are all objects, and none leaves the Store's root. Any key of up to
//      512 bytes can be kept, longer ones up to the Store's own limit (else too_large).
//  S10 A listing shows keys in ascending byte order, only those that begin with the prefix and come behind the cursor, and no
//      more than the limit; those that are there throughout exactly once, over all pages. What comes or goes meanwhile may be
//      shown or not. A page may be shorter than the limit; one that says `more` has shown something, or was stopped. A page costs
//      no more than the page. Prefix and cursor are empty or as a key is. The visitor may call the Store.
//  S11 Whole transfers. get fills the buffer with the whole object or fails, get_range with all that there is from the offset
//      on. An answer that ends early is an io failure, and then the buffer holds anything.
//  S12 A nonce is not given twice, by any process that reaches the Store.
//
// Threads: every operation may be called from any thread at any time.
//
// Required                                                   fails also with
//   get(key, mutable_bytes) -> object_info                   not_found, too_large (for the buffer). Its etag is always told
//   get_range(key, offset, mutable_bytes) -> range_info      not_found. Behind the end there are 0 bytes
//   head(key) -> object_info                                 not_found
//   put(key, gather, precondition) -> etag                   already_exists, conflict, not_found: S5; no_space, too_large. The
//                                                            etag may be left empty where the precondition is `any`
//   remove(key)                                              what is absent is removed already. It has no condition: release
//                                                            by putting a tombstone what others compare and swap
//   list(prefix, cursor, limit, object_visitor) -> listed    a limit of 0 is an invalid_argument
//   nonce() -> struct nonce                                  cannot fail
// Any of them may fail with permission, busy, timed_out, io, invalid_argument, too_large and unsupported.
//
// Not promised: that a get_range goes on where the last one of the same object ended (name the version in the key, or get it
// whole); anything about who else may read or write the objects; times.

#include <perdure/store/store_types.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

template <class S>
concept HasGet = requires(S& store, key_view key, mutable_bytes into) {
  { store.get(key, into) } -> results_in<object_info>;
};
template <class S>
concept HasGetRange = requires(S& store, key_view key, mutable_bytes into) {
  { store.get_range(key, std::uint64_t{}, into) } -> results_in<range_info>;
};
template <class S>
concept HasHead = requires(S& store, key_view key) {
  { store.head(key) } -> results_in<object_info>;
};
template <class S>
concept HasPut = requires(S& store, key_view key, gather content, const precondition& when) {
  { store.put(key, content, when) } -> results_in<etag>;
};
template <class S>
concept HasRemoveObject = requires(S& store, key_view key) {
  { store.remove(key) } -> results_in<void>;
};
template <class S>
concept HasList = requires(S& store, key_view key, object_visitor visitor) {
  { store.list(key, key, std::size_t{}, visitor) } -> results_in<listed>;
};
template <class S>
concept HasStoreNonce = requires(S& store) {
  { store.nonce() } -> detail::same_as<nonce>;
};

// Conformance is declared, for syntax cannot see whether a condition holds: `using perdure_store = my_store;` in class my_store.
// The name of the class itself, so that a class derived from a model is not one by accident.
template <class S>
concept DeclaresStore =
    requires { typename S::perdure_store; } && detail::same_as<typename S::perdure_store, detail::remove_cv<S>>;

}  // namespace detail

template <class S>
concept Store = detail::DeclaresStore<S> && detail::HasGet<S> && detail::HasGetRange<S> && detail::HasHead<S> &&
                detail::HasPut<S> && detail::HasRemoveObject<S> && detail::HasList<S> && detail::HasStoreNonce<S>;

// Did this put lose to another one, for certain? What fails otherwise decides nothing, or is unknown.
[[nodiscard]] constexpr bool is_lost(const failure& put) noexcept {
  const enum code code = put.code();
  return put.doubt() == doubt::none && put.operation() == operation::put &&
         (code == code::conflict || code == code::already_exists || code == code::not_found);
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_STORE_HPP
