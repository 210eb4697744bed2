// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_CONTENT_GC_HPP
#define PERDURE_STORE_CONTENT_GC_HPP

// content_gc(objects, roots, options) -> collected
//
//   auto gone = perdure::content_gc(objects, [&](perdure::root_visitor keep) -> perdure::result<void> {
//     for (const perdure::content_id& id : what_the_slots_name()) PERDURE_TRY(keep(id));
//     return {};
//   }, {.wait = [&](perdure::key_view pin) { sleep_a_little(); return perdure::proceed::go_on; }});
//
// Effects: deletes every object that no root reaches, beside any number of writers, each of which holds a content_pin, and other
//   collectors. The roots are asked for twice: what is condemned by the first answer is deleted only when the second one, after
//   all pins that were met have ended, does not reach it either. `roots` names all that may be needed: both values of a slot
//   whose last swap is unknown, whatever retention keeps, and, of content that names content, that, too. Where it fails, nothing
//   is deleted.
// Success: of what was garbage when it began, all is deleted that `collected` does not count as in_doubt.
// Failure: busy: a pin, which it is about, did not end for as long as options.wait was willing; nothing is deleted. not_found and
//   corrupt: of an object that a root needs: nothing is deleted, for nobody knows what is below it; cancelled; no_space: no
//   memory; else of the roots and of the Store. Some garbage may be gone.
// Crash: as a failure. What was condemned is free again by the next collection; what was being deleted counts as condemned for
//   ever, unless options.abandoned says that this cannot be on its way: writers make another copy of it where they need it.
// Memory: 48 to 96 bytes for each object that is reached.
//
// Not promised: anything to a writer without a pin, or one whose pin somebody else has ended; nor to a reader of what no root
//   names any more, who may take a pin, too.

#include <perdure/store/content_store.hpp>
#include <perdure/store/detail/condemnation.hpp>

namespace perdure {
inline namespace v1 {

using root_visitor = function_ref<result<void>(const content_id&)>;
using root_source = function_ref<result<void>(root_visitor)>;

struct gc_options {
  pin_wait wait = never_wait;
  enum abandoned abandoned = abandoned::keep;
  progress_watch watch = unwatched;  // objects that were reached or met
};

struct collected {
  std::uint64_t reached = 0;    // objects that are needed
  std::uint64_t met = 0;        // copies that were there
  std::uint64_t condemned = 0;  // of them, and then
  std::uint64_t spared = 0;     //   needed after all
  std::uint64_t deleted = 0;
  std::uint64_t in_doubt = 0;    // a remove was not answered
  std::uint64_t lists_left = 0;  // of collections that did not end: see abandoned
};

namespace detail {

template <class Objects>
class content_collection {
 public:
  content_collection(Objects& objects, root_source roots, const gc_options& how) noexcept
      : objects_(objects), roots_(roots), how_(how), condemned_(objects.store(), condemned_why::unnamed) {}

  [[nodiscard]] result<collected> run() {
    auto& store = objects_.store();
    room<content_key> others;
    PERDURE_TRY(keys_below(store, condemned_prefix, others));
    PERDURE_TRY(condemned_.take_over(others, how_.abandoned));
    PERDURE_TRY(reach());
    PERDURE_TRY(each_key(store, objects_prefix, [&](const listed_object& one) { return meet(one.key); }));
    PERDURE_TRY(condemned_.end_lists());
    if (!condemned_.empty()) {
      PERDURE_TRY(condemned_.wait_for_pins(how_.wait));
      PERDURE_TRY(reach());
      PERDURE_TRY(condemned_.carry_out([&](const content_copy& copy) { return result<bool>(!reached_.has(copy.of)); }));
    }
    const condemned_count& count = condemned_.count();
    return collected{reached_.size(), met_, count.condemned, count.spared, count.deleted, count.in_doubt, count.lists_left};
  }

 private:
  // What was entered the first time is not entered again: an object's children never change. To be reached is less: the bytes of
  // a node may be somebody's chunk, too, and then nothing was looked at below them.
  [[nodiscard]] result<void> reach() {
    return roots_([&](const content_id& root) {
      return objects_.walk(root, [&](const digest& of, object_kind kind) -> result<below> {
        if (reached_.add(of) == added::no_memory) return no_memory();
        PERDURE_TRY(told());
        if (kind == object_kind::chunk) return below::pass_over;
        const added now = entered_.add(of);
        if (now == added::no_memory) return no_memory();
        return now == added::now ? below::enter : below::pass_over;
      });
    });
  }
  [[nodiscard]] result<void> meet(key_view key) {
    const auto copy = parse_copy(objects_prefix, key);
    if (!copy) return {};  // none of ours
    ++met_;
    PERDURE_TRY(told());
    return reached_.has(copy->of) ? result<void>() : condemned_.add(*copy);
  }
  [[nodiscard]] result<void> told() {
    if (how_.watch({0, progress::unknown, reached_.size() + met_}) == proceed::go_on) return {};
    return failure(code::cancelled, operation::remove_object);
  }

  Objects& objects_;
  root_source roots_;
  gc_options how_;
  condemnation<remove_cvref<decltype(some<Objects&>().store())>> condemned_;
  digest_set reached_;
  digest_set entered_;
  std::uint64_t met_ = 0;
};

}  // namespace detail

template <class Objects>
[[nodiscard]] result<collected> content_gc(Objects& objects, root_source roots, const gc_options& how = {}) {
  detail::content_collection<Objects> collection(objects, roots, how);
  return collection.run();
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_CONTENT_GC_HPP
