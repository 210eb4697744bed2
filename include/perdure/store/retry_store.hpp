// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_RETRY_STORE_HPP
#define PERDURE_STORE_RETRY_STORE_HPP

// retry_store: any Store, whose calls are made again where they failed for the moment and that is safe. A model of Store itself.
//
//   perdure::posix_clock clock;
//   perdure::retry_store store(bucket, clock);
//
// Effects: after busy, timed_out or io a call is made again, later each time, until options say that it is enough:
//   1  what only looks, settle() and settle_many();
//   2  what has doubt none: it has not taken effect, and never will;
//   3  a put with a condition that is in doubt: the same bytes, under the same condition. Of all that were sent one takes effect
//      at most, for then the condition is false for good. When one of them is refused and another may have been kept, the object
//      is read: with our bytes it is ours, and is settled; with others, `history` is asked whether ours was there before them.
//   A put without a condition, a put_many or a remove in doubt is answered as it is: it may arrive late, and undo what was done
//   after a second one that succeeded. Where that cannot hurt, options say so. A put_stream is made once: its source is read by
//   then. A listing that failed after it had shown something ends its page there.
// Success: as the Store has it. The etag of a put that is known to have been replaced since is one that matches nothing.
// Failure: as the Store has it, the last one; with doubt visible where any of the calls may still have happened. A refusal
//   (already_exists, conflict, not_found) with doubt none is one of ours for certain.
// Crash: as the Store.
//
// Not promised: 3, unless each value that is put with a condition is unlike all others (it holds a nonce), and no object that is
// put with a condition is removed while such a put may be on its way: release by a tombstone. Else take in_doubt::is_told.

#include <new>

#include <perdure/core/clock.hpp>
#include <perdure/store/store_optional.hpp>

namespace perdure {
inline namespace v1 {

enum class in_doubt : std::uint8_t {
  is_told,        // to whoever made the call
  is_made_again,  // and what comes of it is believed
};

struct retry_options {
  std::uint32_t attempts_max = 6;                      // of one call
  std::int64_t give_up_after_ns = 30 * ns_per_second;  // no wait ends later than this after the call began
  std::int64_t first_wait_ns = ns_per_second / 20;     // half of it, and up to as much again by chance; then twice as long
  std::int64_t longest_wait_ns = 5 * ns_per_second;
  enum in_doubt conditional_puts = in_doubt::is_made_again;
  enum in_doubt puts = in_doubt::is_told;     // made again where a key is only ever given the same bytes, as in a content store
  enum in_doubt removes = in_doubt::is_told;  // made again where what is removed is never put again
  std::uint64_t looked_at_size_bytes_max = 1 << 20;  // of an object that history is asked about
};

// Of an object that holds other bytes than ours: were ours there before?
enum class trace : std::uint8_t { there, none, unknown };

// For values that do not tell who wrote them before. One that carries the nonces of its last commits can tell: a callable with
// (key_view, bytes now, gather ours) -> trace.
struct no_history {
  [[nodiscard]] trace operator()(key_view, bytes, gather) const noexcept { return trace::unknown; }
};

template <Store S, Clock C, class History = no_history>
class retry_store {
 public:
  using perdure_store = retry_store;

  retry_store(S& base, C& clock, const retry_options& options = {}, History history = {})
      : base_(&base), clock_(&clock), options_(options), history_(detail::moved(history)) {
    const struct nonce own = base.nonce();
    random_ = own.place ^ own.process << 32 ^ own.started << 16 ^ own.serial;
  }

  [[nodiscard]] result<object_info> get(key_view key, mutable_bytes into) {
    return again(in_doubt::is_told, [&] { return base_->get(key, into); });
  }
  [[nodiscard]] result<range_info> get_range(key_view key, std::uint64_t offset, mutable_bytes into) {
    return again(in_doubt::is_told, [&] { return base_->get_range(key, offset, into); });
  }
  [[nodiscard]] result<object_info> head(key_view key) {
    return again(in_doubt::is_told, [&] { return base_->head(key); });
  }
  [[nodiscard]] result<etag> put(key_view key, gather content, const precondition& when) {
    if (when.is_any()) return again(options_.puts, [&] { return base_->put(key, content, when); });
    backoff wait(*this);
    for (bool doubtful = false;;) {
      auto put = base_->put(key, content, when);
      if (put) return put;
      const failure why = put.error();
      const bool visible = why.doubt() == doubt::visible;
      if (options_.conditional_puts == in_doubt::is_told && visible) return why;
      if (is_refusal(why.code())) return visible || doubtful ? look(wait, key, content, why) : put;
      doubtful = doubtful || visible;
      if (!passes(why) || !wait.once_more()) return left(why, doubtful);
    }
  }
  [[nodiscard]] result<void> remove(key_view key) {
    return again(options_.removes, [&] { return base_->remove(key); });
  }
  [[nodiscard]] result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
    bool some = false;
    return again(in_doubt::is_told, [&]() -> result<listed> {
      const auto page = base_->list(prefix, cursor, limit, [&](const listed_object& one) {
        some = true;
        return visitor(one);
      });
      if (!page && some) return listed::more;
      return page;
    });
  }
  [[nodiscard]] struct nonce nonce() { return base_->nonce(); }

  [[nodiscard]] bool settles() const noexcept { return perdure::settles(*base_); }
  [[nodiscard]] result<void> settle(key_view key) {
    return again(in_doubt::is_told, [&] { return perdure::settle(*base_, key); });
  }
  [[nodiscard]] result<void> settle_many(const key_view* keys, std::size_t count)
    requires requires(S& base) { base.settle_many(keys, count); }
  {
    return again(in_doubt::is_told, [&] { return base_->settle_many(keys, count); });
  }
  [[nodiscard]] result<void> put_many(const put_item* items, std::size_t count)
    requires requires(S& base) { base.put_many(items, count); }
  {
    return again(options_.puts, [&] { return base_->put_many(items, count); });
  }
  [[nodiscard]] result<etag> put_stream(key_view key, byte_source source) { return perdure::put_stream(*base_, key, source); }
  [[nodiscard]] result<void> remove_prefix(key_view prefix)
    requires requires(S& base) { base.remove_prefix(prefix); }
  {
    return again(options_.removes, [&] { return base_->remove_prefix(prefix); });
  }

 private:
  // How often, and how far apart. The waits of many callers who were turned away together must not end together.
  class backoff {
   public:
    explicit backoff(retry_store& store) noexcept
        : store_(store), begun_ns_(store.clock_->elapsed_ns()), next_ns_(store.options_.first_wait_ns) {}
    // Waits; false where it is enough.
    [[nodiscard]] bool once_more() {
      const retry_options& options = store_.options_;
      if (++made_ >= options.attempts_max) return false;
      const std::int64_t half_ns = (next_ns_ < options.longest_wait_ns ? next_ns_ : options.longest_wait_ns) / 2;
      next_ns_ = half_ns < INT64_MAX / 4 ? half_ns * 4 : options.longest_wait_ns;
      const auto more_ns = static_cast<std::int64_t>(store_.random() % (static_cast<std::uint64_t>(half_ns) + 1));
      const std::int64_t wait_ns = half_ns + more_ns;
      if (wait_ns > options.give_up_after_ns - (store_.clock_->elapsed_ns() - begun_ns_)) return false;
      store_.clock_->sleep_ns(wait_ns);
      return true;
    }

   private:
    retry_store& store_;
    std::int64_t begun_ns_;
    std::int64_t next_ns_;
    std::uint32_t made_ = 0;
  };

  [[nodiscard]] static constexpr bool passes(const failure& why) noexcept {
    const enum code code = why.code();
    return (code == code::busy || code == code::timed_out || code == code::io) && why.doubt() != doubt::durable;
  }
  [[nodiscard]] static constexpr bool is_refusal(enum code code) noexcept {
    return code == code::conflict || code == code::already_exists || code == code::not_found;
  }
  [[nodiscard]] static constexpr failure left(const failure& why, bool doubtful) noexcept {
    return doubtful && why.doubt() == doubt::none ? why.with(doubt::visible) : why;
  }

  template <class Call>
  [[nodiscard]] auto again(enum in_doubt doubts, Call&& call) -> decltype(call()) {
    backoff wait(*this);
    for (bool doubtful = false;;) {
      auto done = call();
      if (done) return done;
      const failure why = done.error();
      const bool visible = why.doubt() == doubt::visible;
      doubtful = doubtful || visible;
      if (!passes(why) || (visible && doubts == in_doubt::is_told) || !wait.once_more()) return left(why, doubtful);
    }
  }

  // One of our puts was refused, and one may have been kept. Whoever was faster than both has made the condition false for good:
  // so if ours is not in what is there now, nor was before it, then it never will be.
  [[nodiscard]] result<etag> look(backoff& wait, key_view key, gather content, const failure& refusal) {
    const failure unknown = refusal.with(doubt::visible);
    const bool is_asked = !detail::is_same<History, no_history>;
    const std::uint64_t most =
        is_asked && options_.looked_at_size_bytes_max > content.size() ? options_.looked_at_size_bytes_max : content.size();
    if (most > SIZE_MAX / 2) return unknown;
    auto* const room = static_cast<std::byte*>(::operator new(static_cast<std::size_t>(most), std::nothrow));
    if (room == nullptr) return unknown;
    const auto found = look_into({room, static_cast<std::size_t>(most)}, wait, key, content, unknown);
    ::operator delete(room);
    return found;
  }
  [[nodiscard]] result<etag> look_into(mutable_bytes room, backoff& wait, key_view key, gather content, const failure& unknown) {
    for (;;) {
      const auto there = base_->get(key, room);
      if (!there) {
        if (!passes(there.error()) || !wait.once_more()) return unknown;
        continue;
      }
      const bytes now = bytes(room).first(static_cast<std::size_t>(there->size_bytes));
      if (are_same(now, content)) {
        // Shown is not yet durable, and the one that put it never heard that it was.
        const auto settled = settle(key);
        return settled ? result<etag>(there->etag) : failure(settled.error()).with(doubt::durable);
      }
      switch (history_(key, now, content)) {
        case trace::there:
          return replaced_since();
        case trace::none:
          return unknown.with(doubt::none);
        case trace::unknown:
          break;
      }
      return unknown;
    }
  }
  [[nodiscard]] static bool are_same(bytes now, gather content) noexcept {
    if (now.size() != content.size()) return false;
    for (const bytes& part : content) {
      if (!(now.first(part.size()) == part)) return false;
      now = now.from(part.size());
    }
    return true;
  }
  // No object has it: nobody but us knows it.
  [[nodiscard]] etag replaced_since() { return *etag::of(bytes_of(base_->nonce())); }

  [[nodiscard]] std::uint64_t random() noexcept {
    std::uint64_t x = __atomic_add_fetch(&random_, 0x9e3779b97f4a7c15U, __ATOMIC_RELAXED);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
  }

  S* base_;
  C* clock_;
  retry_options options_;
  History history_;
  std::uint64_t random_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_RETRY_STORE_HPP
