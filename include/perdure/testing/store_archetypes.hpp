// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_STORE_ARCHETYPES_HPP
#define PERDURE_TESTING_STORE_ARCHETYPES_HPP

// poorest_store: a legal model of Store that is as unhelpful as the law allows. An algorithm over Store that is instantiated with
// it, and tested on it, needs no more than the concept gives.
//
//   perdure::mem_store memory;
//   perdure::testing::poorest_store store(memory);
//
// Required operations alone; keys of at most 512 bytes; pages of at most 3; no sizes in a listing; no etag where none has to be
// told. An etag is a digest of the bytes, so that it comes back with them; a put that does not match is a conflict, also where
// there is no object at all. Nonces do not say who the writer is.
//
// It keeps its objects in the model that it wraps, which must outlive it.

#include <string>

#include <perdure/core/sha256.hpp>
#include <perdure/store/key.hpp>
#include <perdure/store/read_object.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

template <Store Base>
class poorest_store {
 public:
  using perdure_store = poorest_store;
  static constexpr std::size_t page_max = 3;

  explicit poorest_store(Base& base) noexcept : base_(&base) {}

  [[nodiscard]] result<object_info> get(key_view key, mutable_bytes into) {
    PERDURE_TRY(check_key(key, operation::get, key_size_portable));
    auto got = base_->get(key, into);
    if (got) got->etag = digest_of(into.first(static_cast<std::size_t>(got->size_bytes)));
    return got;
  }
  [[nodiscard]] result<range_info> get_range(key_view key, std::uint64_t offset, mutable_bytes into) {
    PERDURE_TRY(check_key(key, operation::get, key_size_portable));
    return base_->get_range(key, offset, into);
  }
  [[nodiscard]] result<object_info> head(key_view key) {
    PERDURE_TRY(check_key(key, operation::head, key_size_portable));
    auto told = base_->head(key);
    if (told) told->etag = {};
    return told;
  }
  [[nodiscard]] result<etag> put(key_view key, gather content, const precondition& when) {
    PERDURE_TRY(check_key(key, operation::put, key_size_portable));
    if (when.is_void()) return failure(code::invalid_argument, operation::put);
    if (when.is_any() || when.is_absent()) {
      const auto put = base_->put(key, content, when);
      if (!put) return put.error();
      return when.is_any() ? etag() : digest_of(content);
    }
    // The digest is of one version of the wrapped model, and the put is onto that one.
    for (;;) {
      std::string now;
      const auto there = read_object(*base_, key, now, size_max);
      if (!there && there.error().code() == code::not_found) return lost(key);
      if (!there) return failure(there.error().code(), operation::put).about({key.data(), key.size()});
      if (!(digest_of(now) == when.version())) return lost(key);
      const auto put = base_->put(key, content, precondition::matches(there->etag));
      if (put) return digest_of(content);
      if (!is_lost(put.error())) return put.error();
    }
  }
  [[nodiscard]] result<void> remove(key_view key) {
    PERDURE_TRY(check_key(key, operation::remove_object, key_size_portable));
    return base_->remove(key);
  }
  [[nodiscard]] result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
    PERDURE_TRY(check_prefix(prefix, operation::list_objects, key_size_portable));
    PERDURE_TRY(check_prefix(cursor, operation::list_objects, key_size_portable));
    return base_->list(prefix, cursor, limit < page_max ? limit : page_max,
                       [&](const listed_object& one) { return visitor({one.key}); });
  }
  [[nodiscard]] struct nonce nonce() { return {.serial = base_->nonce().serial}; }

 private:
  static constexpr std::uint64_t size_max = 1 << 30;

  [[nodiscard]] static failure lost(key_view key) noexcept {
    return failure(code::conflict, operation::put).about({key.data(), key.size()});
  }
  [[nodiscard]] static etag digest_of(gather content) noexcept {
    sha256 all;
    for (const bytes& part : content) all.update(part);
    return *etag::of(bytes(all.finish().bytes, 32));
  }

  Base* base_;
};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_STORE_ARCHETYPES_HPP
