// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_MEM_STORE_HPP
#define PERDURE_STORE_MEM_STORE_HPP

// mem_store: objects in memory, and a model of Store (store.hpp). For tests, and as the ephemeral mode of a program that keeps
// nothing.
//
//   perdure::mem_store store;                          // empty; gone with the last copy of it
//   perdure::mem_store small({.capacity_bytes = 1 << 20});
//
// A copy is the same objects. An etag is a number that is never given twice, so that none comes back. One lock guards all of it,
// for a call here is a memcpy; a visitor is called without it. Locks come by the Sync policy. It lives within one process and
// ends with it: there is no crash that this outlives, and no outcome is ever unknown.
//
// Failure: no_space where capacity_bytes, or the memory itself, is full; too_large for a key of more than 1,024 bytes.

#include <perdure/core/native_sync.hpp>
#include <perdure/store/detail/mem_object.hpp>
#include <perdure/store/key.hpp>
#include <perdure/store/store.hpp>

namespace perdure {
inline namespace v1 {

template <Sync S = native_sync>
class basic_mem_store {
 public:
  using perdure_store = basic_mem_store;
  static constexpr std::size_t key_size_max = 1024;

  explicit basic_mem_store(const mem_store_options& options = {}) : core_(new detail::mem_store_core<S>(options)) {}

  [[nodiscard]] std::uint64_t used_bytes() const {
    const scoped_lock lock(core_->mutex);
    return core_->used_bytes;
  }

  [[nodiscard]] result<object_info> get(key_view key, mutable_bytes into) const {
    const scoped_lock lock(core_->mutex);
    const auto there = find(key, operation::get);
    if (!there) return there.error();
    const bytes content = (*there)->view();
    if (content.size() > into.size()) return no(code::too_large, operation::get, key);
    if (!content.empty()) std::memcpy(into.data(), content.data(), content.size());
    return object_info{content.size(), (*there)->version()};
  }
  [[nodiscard]] result<range_info> get_range(key_view key, std::uint64_t offset, mutable_bytes into) const {
    const scoped_lock lock(core_->mutex);
    const auto there = find(key, operation::get);
    if (!there) return there.error();
    const bytes content = (*there)->view();
    const bytes part =
        content.from(offset < content.size() ? static_cast<std::size_t>(offset) : content.size()).first(into.size());
    if (!part.empty()) std::memcpy(into.data(), part.data(), part.size());
    return range_info{part.size(), content.size()};
  }
  [[nodiscard]] result<object_info> head(key_view key) const {
    const scoped_lock lock(core_->mutex);
    const auto there = find(key, operation::head);
    if (!there) return there.error();
    return object_info{(*there)->view().size(), (*there)->version()};
  }

  [[nodiscard]] result<etag> put(key_view key, gather content, const precondition& when) {
    PERDURE_TRY(check_key(key, operation::put, key_size_max));
    if (when.is_void()) return no(code::invalid_argument, operation::put, key);
    const std::uint64_t size = content.size();
    // Copied before the lock is taken: whoever only looks does not wait for it.
    detail::mem_ref<detail::mem_object> made(detail::mem_object::make(content));
    if (made == nullptr) return no(code::no_space, operation::put, key);
    const scoped_lock lock(core_->mutex);
    auto* const there = core_->objects.find(key);
    if (when.is_absent() && there != nullptr) return no(code::already_exists, operation::put, key);
    if (!when.is_any() && !when.is_absent()) {
      if (there == nullptr) return no(code::not_found, operation::put, key);
      if (!(there->value->version() == when.version())) return no(code::conflict, operation::put, key);
    }
    const std::uint64_t had = there != nullptr ? there->value->view().size() : 0;
    if (size > had && size - had > core_->capacity_bytes - core_->used_bytes) return no(code::no_space, operation::put, key);
    made->generation = ++core_->generation;
    const etag version = made->version();
    if (there != nullptr) {
      there->value = detail::moved(made);
    } else if (!core_->objects.insert(key, detail::moved(made))) {
      return no(code::no_space, operation::put, key);
    }
    core_->used_bytes = core_->used_bytes - had + size;
    return version;
  }

  [[nodiscard]] result<void> remove(key_view key) {
    PERDURE_TRY(check_key(key, operation::remove_object, key_size_max));
    const scoped_lock lock(core_->mutex);
    if (auto* const there = core_->objects.find(key)) {
      core_->used_bytes -= there->value->view().size();
      core_->objects.erase(key);
    }
    return {};
  }

  [[nodiscard]] result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) const {
    PERDURE_TRY(check_prefix(prefix, operation::list_objects, key_size_max));
    PERDURE_TRY(check_prefix(cursor, operation::list_objects, key_size_max));
    if (limit == 0) return no(code::invalid_argument, operation::list_objects, prefix);
    // The prefix is a key, too; behind it come all that begin with it.
    bool at_prefix = detail::compare_keys(cursor, prefix) < 0 && !prefix.empty();
    path_buffer<key_size_max> key;
    key.append(detail::compare_keys(cursor, prefix) < 0 ? prefix : cursor);
    for (std::size_t shown = 0;; ++shown) {
      std::uint64_t size = 0;
      {
        const scoped_lock lock(core_->mutex);
        const auto* next = at_prefix ? core_->objects.find(key) : nullptr;
        if (next == nullptr) next = core_->objects.after(key);
        if (next == nullptr || !detail::begins_with(next->name(), prefix)) return listed::all;
        if (shown == limit) return listed::more;
        at_prefix = false;
        key.clear();
        key.append(next->name());
        size = next->value->view().size();
      }
      if (visitor({key, size}) == visit::stop) return listed::more;
    }
  }

  [[nodiscard]] struct nonce nonce() {
    const scoped_lock lock(core_->mutex);
    return {core_->instance, 1, 1, ++core_->serial};
  }

 private:
  [[nodiscard]] static failure no(enum code code, enum operation operation, key_view key) noexcept {
    return failure(code, operation).about({key.data(), key.size()});
  }
  [[nodiscard]] result<const detail::mem_object*> find(key_view key, enum operation operation) const {
    PERDURE_TRY(check_key(key, operation, key_size_max));
    const auto* const there = core_->objects.find(key);
    if (there == nullptr) return no(code::not_found, operation, key);
    return there->value.get();
  }

  detail::mem_ref<detail::mem_store_core<S>> core_;
};

#if PERDURE_HAS_POSIX || !defined(_WIN32)
using mem_store = basic_mem_store<>;
static_assert(Store<mem_store>);
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_MEM_STORE_HPP
