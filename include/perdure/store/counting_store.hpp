// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_COUNTING_STORE_HPP
#define PERDURE_STORE_COUNTING_STORE_HPP

// counting_store: any Store, whose calls are counted. A model of Store itself.
//
//   perdure::counting_store counted(objects);
//   ...
//   counted.counts().puts.calls;   // a test that says what a protocol costs
//
// Effects: as the Store, which must outlive it. Counts by operation: calls; those that failed; of the others, objects and bytes
//   of content. A put_many that the Store has of its own is one call and so many objects, else so many calls; a nonce is none.
//   Each number is right by itself, and all of them once no call is under way.

#include <perdure/store/detail/watched_store.hpp>

namespace perdure {
inline namespace v1 {

struct call_count {
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;
  std::uint64_t objects = 0;
  std::uint64_t size_bytes = 0;
};
struct store_counts {
  call_count gets;  // and get_range
  call_count heads;
  call_count puts;
  call_count removes;
  call_count lists;
  call_count settles;

  [[nodiscard]] std::uint64_t calls() const noexcept {
    return gets.calls + heads.calls + puts.calls + removes.calls + lists.calls + settles.calls;
  }
};

template <Store S>
class counting_store : public detail::watched_store<counting_store<S>, S> {
 public:
  using perdure_store = counting_store;

  explicit counting_store(S& base) noexcept : detail::watched_store<counting_store, S>(base) {}

  [[nodiscard]] store_counts counts() const noexcept {
    return {read(counts_.gets),    read(counts_.heads), read(counts_.puts),
            read(counts_.removes), read(counts_.lists), read(counts_.settles)};
  }
  [[nodiscard]] std::int64_t before() const noexcept { return 0; }
  void after(std::int64_t, const store_call& call) noexcept {
    call_count& count = count_of(call.operation);
    add(count.calls, 1);
    if (call.fails != nullptr) return add(count.failures, 1);
    add(count.objects, call.objects);
    add(count.size_bytes, call.size_bytes);
  }

 private:
  [[nodiscard]] call_count& count_of(enum operation operation) noexcept {
    switch (operation) {
      case operation::get:
        return counts_.gets;
      case operation::head:
        return counts_.heads;
      case operation::put:
        return counts_.puts;
      case operation::remove_object:
        return counts_.removes;
      case operation::list_objects:
        return counts_.lists;
      default:
        return counts_.settles;
    }
  }
  static void add(std::uint64_t& to, std::uint64_t more) noexcept { __atomic_add_fetch(&to, more, __ATOMIC_RELAXED); }
  [[nodiscard]] static std::uint64_t read(const std::uint64_t& one) noexcept { return __atomic_load_n(&one, __ATOMIC_RELAXED); }
  [[nodiscard]] static call_count read(const call_count& one) noexcept {
    return {read(one.calls), read(one.failures), read(one.objects), read(one.size_bytes)};
  }

  store_counts counts_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_COUNTING_STORE_HPP
