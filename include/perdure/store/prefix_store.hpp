// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_PREFIX_STORE_HPP
#define PERDURE_STORE_PREFIX_STORE_HPP

// prefix_store<S>: the objects of an S whose keys begin with a prefix, under what is left of their keys. A model of Store itself.
//
//   perdure::prefix_store jobs(objects, "team-a/jobs/");
//   auto put = jobs.put("17", job, perdure::precondition::absent);   // objects has it under team-a/jobs/17
//
// Effects: as S, with each key, prefix and cursor behind the prefix of this one, which ends where it is said to end: say
//   "jobs/", or "jobs2" belongs to it, too. No key leads out of it. It refers to S, which must outlive it.
// Failure: as S. What a failure is about is the whole key, as S has it. A prefix that is not UTF-8 is an invalid_argument, one of
//   more than 512 bytes too_large, both at each call. A put_many whose keys there is no memory for: no_space, nothing put.
// Not promised: law S9 of 512 bytes for every key, where S keeps no longer ones: then it is too_large, as its prefix is a part of
//   it. That what others do in S under this prefix follows anything but the laws.

#include <new>

#include <perdure/store/key.hpp>
#include <perdure/store/store_optional.hpp>

namespace perdure {
inline namespace v1 {

template <Store S>
class prefix_store {
  using whole_key = path_buffer<key_size_portable + 1024>;

 public:
  using perdure_store = prefix_store;

  prefix_store(S& base, key_view prefix) noexcept : base_(&base) { prefix_.append(prefix); }

  [[nodiscard]] result<object_info> get(key_view key, mutable_bytes into) {
    return with(key, operation::get, [&](key_view whole) { return base_->get(whole, into); });
  }
  [[nodiscard]] result<range_info> get_range(key_view key, std::uint64_t offset, mutable_bytes into) {
    return with(key, operation::get, [&](key_view whole) { return base_->get_range(whole, offset, into); });
  }
  [[nodiscard]] result<object_info> head(key_view key) {
    return with(key, operation::head, [&](key_view whole) { return base_->head(whole); });
  }
  [[nodiscard]] result<etag> put(key_view key, gather content, const precondition& when) {
    return with(key, operation::put, [&](key_view whole) { return base_->put(whole, content, when); });
  }
  [[nodiscard]] result<void> remove(key_view key) {
    return with(key, operation::remove_object, [&](key_view whole) { return base_->remove(whole); });
  }
  [[nodiscard]] result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
    // A cursor of the prefix alone is in front of every key of ours, and behind the one of S that has nothing left.
    whole_key from;
    PERDURE_TRY(compose(from, cursor, operation::list_objects));
    whole_key begin;
    PERDURE_TRY(compose(begin, prefix, operation::list_objects));
    return base_->list(begin, from, limit,
                       [&](const listed_object& one) { return visitor({one.key.from(prefix_.size()), one.size_bytes}); });
  }
  [[nodiscard]] struct nonce nonce() { return base_->nonce(); }

  [[nodiscard]] bool settles() const noexcept { return perdure::settles(*base_); }
  [[nodiscard]] result<void> settle(key_view key) {
    return with(key, operation::settle, [&](key_view whole) { return perdure::settle(*base_, whole); });
  }
  [[nodiscard]] result<etag> put_stream(key_view key, byte_source source) {
    return with(key, operation::put, [&](key_view whole) { return perdure::put_stream(*base_, whole, source); });
  }
  // One batch stays one batch: that is what it is for.
  [[nodiscard]] result<void> put_many(const put_item* items, std::size_t count)
    requires requires(S& base) { base.put_many(items, count); }
  {
    std::size_t room = 0;
    for (std::size_t i = 0; i < count; ++i) room += sizeof(put_item) + prefix_.size() + items[i].key.size();
    if (room == 0) return base_->put_many(items, 0);
    void* const memory = ::operator new(room, std::nothrow);
    if (memory == nullptr) return failure(code::no_space, operation::put);
    const auto done = put_all(items, count, memory);
    ::operator delete(memory);
    return done;
  }
  [[nodiscard]] result<void> settle_many(const key_view* keys, std::size_t count)
    requires requires(S& base) { base.settle_many(keys, count); }
  {
    std::size_t room = 0;
    for (std::size_t i = 0; i < count; ++i) room += sizeof(key_view) + prefix_.size() + keys[i].size();
    if (room == 0) return base_->settle_many(keys, 0);
    void* const memory = ::operator new(room, std::nothrow);
    if (memory == nullptr) return failure(code::no_space, operation::settle);
    const auto done = settle_all(keys, count, memory);
    ::operator delete(memory);
    return done;
  }
  [[nodiscard]] result<void> remove_prefix(key_view prefix)
    requires requires(S& base) { base.remove_prefix(prefix); }
  {
    return with(prefix, operation::remove_object, [&](key_view whole) { return base_->remove_prefix(whole); });
  }

 private:
  // The prefix and what is given, both of which are the beginnings of keys.
  [[nodiscard]] result<void> compose(whole_key& whole, key_view key, enum operation operation) const {
    if (!prefix_.ok()) return failure(code::too_large, operation);
    PERDURE_TRY(check_prefix(prefix_, operation, key_size_portable));
    PERDURE_TRY(check_prefix(key, operation, SIZE_MAX));
    whole.append(prefix_).append(key);
    if (!whole.ok()) return failure(code::too_large, operation).about({key.data(), key.size()});
    return {};
  }
  template <class Call>
  [[nodiscard]] auto with(key_view key, enum operation operation, Call&& call) const -> decltype(call(key)) {
    if (key.empty()) return failure(code::invalid_argument, operation);
    whole_key whole;
    PERDURE_TRY(compose(whole, key, operation));
    return call(key_view(whole));
  }
  // The items first, and behind them the text of their keys.
  [[nodiscard]] result<void> put_all(const put_item* items, std::size_t count, void* memory) {
    auto* const composed = static_cast<put_item*>(memory);
    char* text = reinterpret_cast<char*>(composed + count);
    for (std::size_t i = 0; i < count; ++i) {
      const put_item& one = items[i];
      if (one.key.empty()) return failure(code::invalid_argument, operation::put);
      whole_key whole;
      PERDURE_TRY(compose(whole, one.key, operation::put));
      std::memcpy(text, whole.data(), whole.size());
      ::new (static_cast<void*>(composed + i)) put_item{{text, whole.size()}, one.content};
      text += whole.size();
    }
    return base_->put_many(composed, count);
  }
  [[nodiscard]] result<void> settle_all(const key_view* keys, std::size_t count, void* memory) {
    auto* const composed = static_cast<key_view*>(memory);
    char* text = reinterpret_cast<char*>(composed + count);
    for (std::size_t i = 0; i < count; ++i) {
      if (keys[i].empty()) return failure(code::invalid_argument, operation::settle);
      whole_key whole;
      PERDURE_TRY(compose(whole, keys[i], operation::settle));
      std::memcpy(text, whole.data(), whole.size());
      ::new (static_cast<void*>(composed + i)) key_view(text, whole.size());
      text += whole.size();
    }
    return base_->settle_many(composed, count);
  }

  S* base_;
  path_buffer<key_size_portable> prefix_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_PREFIX_STORE_HPP
