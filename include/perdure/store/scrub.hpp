// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_SCRUB_HPP
#define PERDURE_STORE_SCRUB_HPP

// scrub(objects, options) -> scrubbed
//
// Effects: reads every object of a content_store and holds it against its name. What is altered is told to options.found; with
//   on_altered::quarantine it is kept under quarantine/, for whoever wants to look at it, and deleted, so that putting the same
//   content again mends it. Beside writers and collectors: it is condemned first, and deleted when the pins that were met have
//   ended and it is altered still (content_pin.hpp has the protocol).
// Success: every object that was there throughout was read. scrubbed.altered counts those that were not what they should be.
// Failure: busy: a pin did not end for as long as options.wait was willing: what is altered is in quarantine, and not deleted;
//   cancelled; no_space: no memory; else as the Store.
// Crash: as a failure.
// Memory: one object, of 16 MiB at most.
//
// Not promised: that what is altered is needed by anybody, or not; that what was read is there a moment later; that anything is
//   missing: verify() of each root says that. A larger object is none of ours, and counts as altered.

#include <perdure/store/content_store.hpp>
#include <perdure/store/detail/condemnation.hpp>

namespace perdure {
inline namespace v1 {

enum class on_altered : std::uint8_t { report, quarantine };
// Takes the key of an object that is altered.
using altered_visitor = function_ref<void(key_view)>;
inline void not_told(key_view) noexcept {}

struct scrub_options {
  enum on_altered on_altered = on_altered::report;
  altered_visitor found = not_told;
  pin_wait wait = never_wait;
  enum abandoned abandoned = abandoned::keep;
  progress_watch watch = unwatched;
};

struct scrubbed {
  std::uint64_t objects = 0;
  std::uint64_t size_bytes = 0;  // as they are kept; of one that is too large for an object, where a listing tells it
  std::uint64_t altered = 0;
  std::uint64_t deleted = 0;
  std::uint64_t lists_left = 0;
};

namespace detail {

template <class Objects>
class content_scrub {
 public:
  content_scrub(Objects& objects, const scrub_options& how) noexcept
      : objects_(objects), how_(how), condemned_(objects.store(), condemned_why::altered) {}

  [[nodiscard]] result<scrubbed> run() {
    auto& store = objects_.store();
    room<content_key> others;
    if (!room_.resize(chunking::limit_bytes)) return no_memory();
    PERDURE_TRY(keys_below(store, condemned_prefix, others));
    PERDURE_TRY(each_key(store, objects_prefix, [&](const listed_object& one) { return look(one); }));
    PERDURE_TRY(condemned_.end_lists());
    if (!condemned_.empty()) {
      PERDURE_TRY(condemned_.wait_for_pins(how_.wait));
      PERDURE_TRY(condemned_.carry_out([&](const content_copy& copy) { return is_altered(copy); }));
    }
    // Not before: what these had condemned is condemned anew, where it is altered still.
    if (how_.on_altered == on_altered::quarantine) PERDURE_TRY(condemned_.take_over(others, how_.abandoned));
    done_.deleted = condemned_.count().deleted;
    done_.lists_left = condemned_.count().lists_left;
    return done_;
  }

 private:
  [[nodiscard]] result<void> look(const listed_object& one) {
    const auto copy = parse_copy(objects_prefix, one.key);
    if (!copy) return {};  // none of ours
    const auto seen = look_at(*copy);
    if (!seen) return seen.error();
    // A listing need not tell it.
    const std::uint64_t size_bytes = seen->size_bytes != size_unknown ? seen->size_bytes : one.size_bytes;
    ++done_.objects;
    done_.size_bytes += size_bytes != size_unknown ? size_bytes : 0;
    if (!seen->is_intact) PERDURE_TRY(take_out(one.key, *copy));
    if (how_.watch({done_.size_bytes, progress::unknown, done_.objects}) == proceed::go_on) return {};
    return failure(code::cancelled, operation::get);
  }
  [[nodiscard]] result<copy_state> look_at(const content_copy& copy) {
    const auto seen = objects_.look_at(copy, mutable_bytes(room_.data(), room_.size()));
    // What is gone by now is not altered.
    if (!seen && seen.error().code() == code::not_found) return copy_state{true, 0};
    return seen;
  }
  [[nodiscard]] result<bool> is_altered(const content_copy& copy) {
    const auto seen = look_at(copy);
    return seen ? result<bool>(!seen->is_intact) : seen.error();
  }
  [[nodiscard]] result<void> take_out(key_view key, const content_copy& copy) {
    ++done_.altered;
    how_.found(key);
    if (how_.on_altered == on_altered::report) return {};
    auto& store = objects_.store();
    // Of one that is too large for an object the beginning will do.
    const auto got = store.get_range(key, 0, mutable_bytes(room_.data(), room_.size()));
    if (!got) return got.error().code() == code::not_found ? result<void>() : got.error();
    const auto kept = store.put(key_of(quarantine_prefix, copy), bytes(room_.data(), got->count), precondition::any);
    return kept ? condemned_.add(copy) : kept.error();
  }

  Objects& objects_;
  scrub_options how_;
  condemnation<remove_cvref<decltype(some<Objects&>().store())>> condemned_;
  room<std::byte> room_;
  scrubbed done_;
};

}  // namespace detail

template <class Objects>
[[nodiscard]] result<scrubbed> scrub(Objects& objects, const scrub_options& how = {}) {
  detail::content_scrub<Objects> all(objects, how);
  return all.run();
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_SCRUB_HPP
