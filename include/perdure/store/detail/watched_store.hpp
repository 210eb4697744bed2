// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_WATCHED_STORE_HPP
#define PERDURE_STORE_DETAIL_WATCHED_STORE_HPP

// watched_store: every call of a Store, told to the class derived from it when it has been made: what counting_store and
// tracing_store have in common. Self has `std::int64_t before()`, and `void after(std::int64_t, const store_call&)`.

#include <perdure/store/store_optional.hpp>

namespace perdure {
inline namespace v1 {

// One call of a Store, as it ended. What it points to is valid during the visit.
struct store_call {
  enum operation operation = operation::none;
  key_view key;                  // or the prefix of a listing; of put_many, the first
  std::size_t objects = 1;       // of put_many: all; of a listing: how many were shown
  std::uint64_t size_bytes = 0;  // of content: that was got, or that was to be put
  const failure* fails = nullptr;
  std::int64_t elapsed_ns = 0;  // where somebody has a clock
};

namespace detail {

template <class Self, Store S>
class watched_store {
 public:
  [[nodiscard]] result<object_info> get(key_view key, mutable_bytes into) {
    return watched({operation::get, key}, [&](store_call& call) {
      auto got = base_->get(key, into);
      if (got) call.size_bytes = got->size_bytes;
      return got;
    });
  }
  [[nodiscard]] result<range_info> get_range(key_view key, std::uint64_t offset, mutable_bytes into) {
    return watched({operation::get, key}, [&](store_call& call) {
      auto got = base_->get_range(key, offset, into);
      if (got) call.size_bytes = got->count;
      return got;
    });
  }
  [[nodiscard]] result<object_info> head(key_view key) {
    return watched({operation::head, key}, [&](store_call&) { return base_->head(key); });
  }
  [[nodiscard]] result<etag> put(key_view key, gather content, const precondition& when) {
    return watched({operation::put, key, 1, content.size()}, [&](store_call&) { return base_->put(key, content, when); });
  }
  [[nodiscard]] result<void> remove(key_view key) {
    return watched({operation::remove_object, key}, [&](store_call&) { return base_->remove(key); });
  }
  [[nodiscard]] result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
    return watched({operation::list_objects, prefix, 0}, [&](store_call& call) {
      return base_->list(prefix, cursor, limit, [&](const listed_object& one) {
        ++call.objects;
        return visitor(one);
      });
    });
  }
  [[nodiscard]] struct nonce nonce() { return base_->nonce(); }

  [[nodiscard]] bool settles() const noexcept { return perdure::settles(*base_); }
  [[nodiscard]] result<void> settle(key_view key) {
    return watched({operation::settle, key}, [&](store_call&) { return perdure::settle(*base_, key); });
  }
  [[nodiscard]] result<void> settle_many(const key_view* keys, std::size_t count)
    requires requires(S& base) { base.settle_many(keys, count); }
  {
    return watched({operation::settle, count != 0 ? keys[0] : key_view(), count},
                   [&](store_call&) { return base_->settle_many(keys, count); });
  }
  // Without members of the model's own these are made of other calls, and those are told.
  [[nodiscard]] result<void> put_many(const put_item* items, std::size_t count)
    requires requires(S& base) { base.put_many(items, count); }
  {
    std::uint64_t size = 0;
    for (std::size_t i = 0; i < count; ++i) size += items[i].content.size();
    return watched({operation::put, count != 0 ? items[0].key : key_view(), count, size},
                   [&](store_call&) { return base_->put_many(items, count); });
  }
  [[nodiscard]] result<void> remove_prefix(key_view prefix)
    requires requires(S& base) { base.remove_prefix(prefix); }
  {
    return watched({operation::remove_object, prefix}, [&](store_call&) { return base_->remove_prefix(prefix); });
  }
  [[nodiscard]] result<etag> put_stream(key_view key, byte_source source) {
    return watched({operation::put, key}, [&](store_call& call) {
      return perdure::put_stream(*base_, key, [&](mutable_bytes into) {
        auto got = source(into);
        if (got) call.size_bytes += *got;
        return got;
      });
    });
  }

 protected:
  explicit watched_store(S& base) noexcept : base_(&base) {}

 private:
  template <class Make>
  [[nodiscard]] auto watched(store_call call, Make&& make) -> decltype(make(call)) {
    auto& self = static_cast<Self&>(*this);
    const std::int64_t begun = self.before();
    auto done = make(call);
    if (!done) call.fails = &done.error();
    self.after(begun, call);
    return done;
  }

  S* base_;
};

}  // namespace detail

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_WATCHED_STORE_HPP
