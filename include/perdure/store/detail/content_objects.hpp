// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_CONTENT_OBJECTS_HPP
#define PERDURE_STORE_DETAIL_CONTENT_OBJECTS_HPP

// content_objects: the objects of a content_store one by one: put and made durable, and got and held against their digest.

#include <perdure/core/native_sync.hpp>
#include <perdure/store/compressor.hpp>
#include <perdure/store/detail/content_window.hpp>
#include <perdure/store/store_optional.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

[[nodiscard]] inline failure about_copy(const failure& why, const content_copy& copy) noexcept {
  const content_key key = object_key(copy);
  return why.about({key.data(), key.size()});
}

struct copy_state {
  bool is_intact;
  std::uint64_t size_bytes;  // as it is kept; size_unknown: more than an object can have
};

template <Store S, Compressor C, Sync Threads>
class content_objects {
  static constexpr bool compresses = !is_same<C, no_compressor>;

 public:
  content_objects(S& store, const C& compressor) : store_(&store), compressor_(compressor) {}
  [[nodiscard]] S& store() const noexcept { return *store_; }

  // Each of them is durable, put or found. What is found is of the right size. On a failure, nothing is known about any of them:
  // what is visible then is believed only where that is durable.
  [[nodiscard]] result<void> store_some(const new_object* all, std::size_t count, ingest_count& counted) {
    const auto done = try_store(all, count, counted);
    if (!done && settles(*store_)) doubt_all(all, count);
    return done;
  }

  // Success: its size; the digest was right. Passes over a copy that is altered or missing, where there is another.
  [[nodiscard]] result<std::size_t> fetch(const digest& of, mutable_bytes into) {
    return each_copy(of, [&](key_view key) -> result<std::size_t> {
      const auto got = get(key, into);
      if (!got || sha256_of(into.first(*got)) == of) return got;
      return expanded(key, of, into, *got);
    });
  }
  // Is this copy what its name says? A failure is that of the Store. `into` has room for any object.
  [[nodiscard]] result<copy_state> look_at(const content_copy& copy, mutable_bytes into) {
    const content_key key = object_key(copy);
    auto got = get(key, into);
    copy_state state{true, got ? *got : size_unknown};
    if (got && !(sha256_of(into.first(*got)) == copy.of)) got = expanded(key, copy.of, into, *got);
    if (got) return state;
    state.is_intact = false;
    return got.error().code() == code::corrupt ? result<copy_state>(state) : got.error();
  }
  // A chunk, which fills the buffer. Whether the digest is right is not looked at yet.
  [[nodiscard]] result<void> fetch_unproved(key_view key, mutable_bytes into) {
    if constexpr (compresses) {
      room<std::byte> kept;
      if (!kept.resize(into.size())) return no_memory();
      const auto got = get(key, mutable_bytes(kept.data(), kept.size()));
      if (!got) return got.error();
      if (*got == into.size()) {
        std::memcpy(into.data(), kept.data(), into.size());
        return {};
      }
      const auto expanded = compressor_.expand(bytes(kept.data(), *got), into);
      return expanded ? expanded : expanded.error().about({key.data(), key.size()});
    } else {
      const auto got = get(key, into);
      if (!got) return got.error();
      return *got == into.size() ? result<void>() : altered(key);
    }
  }
  [[nodiscard]] result<void> fetch_chunk(const digest& of, mutable_bytes into) {
    const auto got = each_copy(of, [&](key_view key) -> result<std::size_t> {
      PERDURE_TRY(fetch_unproved(key, into));
      return sha256_of(into) == of ? result<std::size_t>(into.size()) : altered(key);
    });
    return got ? result<void>() : got.error();
  }

 private:
  [[nodiscard]] static failure altered(key_view key) noexcept {
    return failure(code::corrupt, operation::get).about({key.data(), key.size()});
  }
  [[nodiscard]] result<std::size_t> get(key_view key, mutable_bytes into) {
    const auto got = store_->get(key, into);
    if (got) return static_cast<std::size_t>(got->size_bytes);
    return got.error().code() == code::too_large ? altered(key) : got.error();
  }
  // What is there is not the object: then it is what a compressor made of it, or nothing.
  [[nodiscard]] result<std::size_t> expanded(key_view key, const digest& of, mutable_bytes into, std::size_t kept_size) {
    if constexpr (compresses) {
      const bytes kept = into.first(kept_size);
      const auto size = compressor_.expanded_size(kept);
      room<std::byte> whole;
      if (!size || *size > into.size()) return altered(key);
      if (!whole.resize(static_cast<std::size_t>(*size))) return no_memory();
      const mutable_bytes content(whole.data(), whole.size());
      if (!compressor_.expand(kept, content) || !(sha256_of(content) == of)) return altered(key);
      if (!whole.empty()) std::memcpy(into.data(), whole.data(), whole.size());
      return whole.size();
    } else {
      return altered(key);
    }
  }
  template <class Read>
  [[nodiscard]] result<std::size_t> each_copy(const digest& of, Read&& read) {
    content_key prefix = object_key({of, 0});
    result<std::size_t> found = read(key_view(prefix));
    const auto is_bad = [](const failure& why) { return why.code() == code::not_found || why.code() == code::corrupt; };
    if (found || !is_bad(found.error())) return found;
    prefix.append(".");
    PERDURE_TRY(each_key(*store_, prefix, [&](const listed_object& one) -> result<void> {
      if (found) return {};
      auto other = read(one.key);
      // One that could not be read may be as it should be: so nobody knows that it is damage.
      const bool says_more = other || found.error().code() == code::not_found || !is_bad(other.error());
      if (other || (is_bad(found.error()) && says_more)) found = other;
      return {};
    }));
    return found;
  }

  [[nodiscard]] result<void> try_store(const new_object* all, std::size_t count, ingest_count& counted) {
    room<content_key> keys;
    room<key_view> found;
    room<put_item> items;
    room<std::byte> smaller;
    if (!keys.reserve(count) || !found.reserve(count) || !items.reserve(count)) return no_memory();
    if constexpr (compresses) {
      std::size_t most = 0;
      for (std::size_t i = 0; i < count; ++i) most += all[i].content.size();
      if (!smaller.reserve(most)) return no_memory();
    }
    for (std::size_t i = 0; i < count; ++i) {
      const new_object& one = all[i];
      (void)keys.push(object_key(one.copy));
      const key_view key = keys[i];
      const auto there = is_there(one, key);
      if (!there) return there.error();
      if (*there) {
        (void)found.push(key);
        continue;
      }
      const bytes kept = shrunk(one, smaller);
      (void)items.push({key, kept});
      ++counted.new_objects;
      counted.new_bytes += kept.size();
    }
    PERDURE_TRY(settle_many(*store_, found.data(), found.size()));
    return items.empty() ? result<void>() : put_many(*store_, items.data(), items.size());
  }
  // Not what a sync failed for: only new bytes, under a new inode, are known to be what a later one saves.
  [[nodiscard]] result<bool> is_there(const new_object& one, key_view key) {
    {
      const scoped_lock lock(mutex_);
      if (doubts_everything_ || doubted_.has(one.copy.of)) return false;
    }
    const auto there = store_->head(key);
    if (!there && there.error().code() != code::not_found) return there.error();
    if (!there) return false;
    const std::uint64_t size = one.content.size();
    return there->size_bytes == size || (compresses && one.is_chunk && there->size_bytes < size);
  }
  [[nodiscard]] bytes shrunk(const new_object& one, room<std::byte>& smaller) {
    if constexpr (compresses) {
      if (!one.is_chunk || one.content.size() < 2) return one.content;
      const std::size_t at = smaller.size();
      (void)smaller.resize(at + one.content.size() - 1);
      const std::size_t size = compressor_.compress(one.content, mutable_bytes(smaller.data(), smaller.size()).from(at));
      smaller.truncate(at + size);
      if (size != 0) return bytes(smaller.data(), smaller.size()).from(at);
    }
    return one.content;
  }
  void doubt_all(const new_object* all, std::size_t count) {
    const scoped_lock lock(mutex_);
    for (std::size_t i = 0; i < count; ++i) {
      doubts_everything_ = doubts_everything_ || doubted_.add(all[i].copy.of) == added::no_memory;
    }
  }

  S* store_;
  C compressor_;
  typename Threads::mutex mutex_;
  digest_set doubted_;
  bool doubts_everything_ = false;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_CONTENT_OBJECTS_HPP
