// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_OBJECT_SLOT_HPP
#define PERDURE_MANIFEST_OBJECT_SLOT_HPP

// object_slot(store, key): a Slot (see slot.hpp) that is one object in a Store, for a value that several machines share.
//
//   perdure::object_slot slot(store, "state/head");
//   auto now = slot.load(perdure::growing_room(text, 1 << 20));
//   auto next = slot.replace(now->token, changed);
//
// The object is a head and the value (detail/object_record.hpp). It is replaced by a put that matches its etag, and created by
// one that wants it absent: nobody holds a lock, and whoever dies leaves none. No two puts have the same bytes, so that no etag
// comes back.
//
// A replace
//   1  gets the object, unless this slot has just seen or written what is expected, and compares
//   2  puts the next one over that version. Where it lost, and what is expected is there nevertheless (somebody made it durable),
//      and where the Store says busy: again from 1, tries_max times
//   3  where no answer came it is in doubt. Nothing is sent again: what was sent may come at any later moment
// A load
//   1  gets the object
//   2  after a doubt puts it again as it was, under a new mark, or says in an object of its own that there is nothing: from then
//      on what was sent can match nothing any more. Where that lost, from 1
//   3  where the Store can show what is not durable yet (settles() says so), and this slot does not know that what it
//      found is, does the same as 2: a put has all its syncs, while to repeat one that failed proves nothing
//   4  looks for what was in doubt among the last 16 values, whose marks the object tells
//
// Failure: busy where others were faster tries_max times, or the Store is busy; unsupported where the Store cannot keep
//   conditions; corrupt where the object is damaged, or no slot's; version_unsupported for a later format; else the Store's.
// Crash: as slot.hpp has it. A put that was on its way when its process died may come later, and is a replace then.
// Not promised: that a doubt can be told after 16 more values (earlier::untold). Anything, where others put or remove the object.

#include <perdure/core/detail/byte_buffer.hpp>
#include <perdure/manifest/detail/object_record.hpp>
#include <perdure/manifest/detail/owned_path.hpp>
#include <perdure/manifest/slot.hpp>
#include <perdure/store/store_optional.hpp>

namespace perdure {
inline namespace v1 {

struct object_slot_options {
  std::uint64_t size_bytes_max = UINT64_MAX;  // of a value
  std::uint32_t tries_max = 64;
};

template <Store S>
class object_slot {
 public:
  using perdure_slot = object_slot;
  struct token {
    std::uint64_t number = 0;  // of the value; 0 where there is none
    detail::object_mark mark = {};
    friend bool operator==(const token&, const token&) = default;
  };

  explicit object_slot(S& store, key_view key, const object_slot_options& options = {})
      : store_(&store), options_(options), key_(key, "") {}

  [[nodiscard]] result<slot_value<token>> load(slot_room room) {
    const auto found = settled(room);
    // It put nothing but what was there: if anything is in doubt it is what was so before.
    if (!found) return found.error().with(doubt::none);
    slot_value<token> now = *found;
    if (in_doubt_) now.earlier = became(doubted_);
    in_doubt_ = false;
    return now;
  }

  [[nodiscard]] result<slot_value<token>> observe(slot_room room) {
    const auto there = get();
    if (!there) return there.error();
    return shown(*there, room);
  }

  [[nodiscard]] result<token> replace(const token& expected, bytes value) {
    if (in_doubt_) return about(failure(code::conflict, operation::replace));
    if (value.size() > options_.size_bytes_max) return about(failure(code::too_large, operation::replace));
    const auto mark = new_mark();
    for (std::uint32_t tries = 0; tries < options_.tries_max; ++tries) {
      if (!seen_.is_current || !(seen_.token() == expected)) {  // 1
        const auto there = get();
        if (!there) return there.error().with(doubt::none);
        if (!(seen_.token() == expected)) return about(failure(code::conflict, operation::replace));
      }
      const auto next = seen_.record.followed_by(mark);
      const auto put = put_over_seen(next, mark, value);  // 2
      if (put) return seen_.token();
      if (put.error().doubt() != doubt::none) {  // 3
        in_doubt_ = true;
        doubted_ = {next.number, mark};
        return put.error();
      }
      if (!is_passing(put.error())) return put.error();
    }
    return about(failure(code::busy, operation::replace));
  }

 private:
  struct seen {
    bool is_current = false;  // as far as this slot knows
    bool is_there = false;
    bool is_durable = false;
    etag version = {};
    detail::object_record record = {};
    [[nodiscard]] object_slot::token token() const noexcept { return {record.number, record.ring[0]}; }
  };

  [[nodiscard]] failure about(const failure& why) const noexcept { return why.about({key_.view().data(), key_.view().size()}); }
  [[nodiscard]] detail::object_mark new_mark() { return detail::object_mark::of(store_->nonce()); }
  // The same may succeed in a moment, on what is there then.
  [[nodiscard]] static bool is_passing(const failure& put) noexcept {
    return is_lost(put) || (put.code() == code::busy && put.doubt() == doubt::none);
  }

  [[nodiscard]] result<slot_value<token>> settled(slot_room room) {
    for (std::uint32_t tries = 0; tries < options_.tries_max; ++tries) {
      const auto there = get();  // 1
      if (!there) return there.error();
      const auto now = shown(*there, room);
      if (!now) return now.error();
      if (!in_doubt_ && (seen_.is_durable || !settles(*store_))) return now;
      if (!in_doubt_ && !seen_.is_there) {
        PERDURE_TRY(settle(*store_, key_.view()));
        return now;
      }
      const auto put = put_over_seen(detail::object_record(seen_.record), new_mark(), *there);  // 2, 3
      if (put) return now;
      if (put.error().doubt() == doubt::none && !is_passing(put.error())) return put.error();
      if (tries + 1 == options_.tries_max) return put.error();
    }
    return about(failure(code::busy, operation::load));
  }
  [[nodiscard]] earlier became(const token& doubted) const noexcept {  // 4
    using memory = detail::object_record::memory;
    const memory told = seen_.record.of(doubted.number, doubted.mark);
    return told == memory::has_it ? earlier::took_effect : told == memory::has_another ? earlier::had_no_effect : earlier::untold;
  }

  // What is there, in memory that the next get will use again.
  [[nodiscard]] result<bytes> get() {
    const bool was_durable = seen_.is_current && seen_.is_durable;
    const etag was = seen_.version;
    seen_ = {};
    for (std::uint32_t tries = 0; tries < options_.tries_max; ++tries) {
      const mutable_bytes memory = object_.sized(memory_size_);
      const auto got = store_->get(key_.view(), memory);
      if (!got && got.error().code() == code::not_found) return seen_.is_current = true, bytes();
      if (!got && got.error().code() != code::too_large) return got.error();
      if (got) {
        const auto value = seen_.record.decode(bytes(memory).first(static_cast<std::size_t>(got->size_bytes)));
        if (!value) return about(value.error());
        if (value->size() > options_.size_bytes_max) return about(failure(code::too_large, operation::load));
        seen_.is_current = seen_.is_there = true;
        seen_.version = got->etag;
        seen_.is_durable = was_durable && was == got->etag;
        return *value;
      }
      const auto size = larger_size();
      if (!size) return size.error().code() == code::not_found ? result<bytes>(bytes()) : size.error();
      memory_size_ = *size;
    }
    return about(failure(code::busy, operation::load));
  }
  [[nodiscard]] result<std::size_t> larger_size() {
    const auto there = store_->head(key_.view());
    if (!there) return there.error();
    const std::uint64_t value_size =
        there->size_bytes > detail::object_record::head_size ? there->size_bytes - detail::object_record::head_size : 0;
    if (value_size > options_.size_bytes_max || there->size_bytes > SIZE_MAX / 2)
      return about(failure(code::too_large, operation::load));
    return static_cast<std::size_t>(there->size_bytes);
  }
  [[nodiscard]] result<slot_value<token>> shown(bytes value, slot_room room) const {
    if (seen_.record.number == 0) return slot_value<token>{};
    const auto memory = room(value.size());
    if (!memory) return about(memory.error());
    if (!value.empty()) std::memcpy(memory->data(), value.data(), value.size());
    return slot_value<token>{seen_.token(), bytes(*memory).first(value.size())};
  }

  // Over the version that was seen, and no other.
  [[nodiscard]] result<void> put_over_seen(const detail::object_record& next, const detail::object_mark& mark, bytes value) {
    const auto head = next.encoded(mark, value);
    const bytes parts[] = {detail::stored_bytes(head), value};
    const auto when = seen_.is_there ? precondition::matches(seen_.version) : precondition::absent;
    const auto put = store_->put(key_.view(), gather(parts, 2), when);
    seen_.is_current = put.has_value();
    if (!put) return about(put.error());
    seen_.is_there = seen_.is_durable = true;
    seen_.version = *put;
    seen_.record = next;
    return {};
  }

  S* store_;
  object_slot_options options_;
  detail::owned_path key_;
  detail::byte_buffer object_;
  std::size_t memory_size_ = 4096;
  seen seen_;
  bool in_doubt_ = false;
  token doubted_ = {};
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_OBJECT_SLOT_HPP
