// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_TRACING_STORE_HPP
#define PERDURE_STORE_TRACING_STORE_HPP

// tracing_store: any Store, with every call told to somebody when it has ended: what it was, of what, how long it took and how it
// failed. A model of Store itself.
//
//   perdure::posix_clock clock;
//   perdure::tracing_store traced(objects, clock, [](const perdure::store_call& call) {
//     log(describe(call.operation), call.elapsed_ns, call.fails);
//   });
//
// Effects: as the Store, which must outlive it, and so must the clock. The observer is called in the thread of the call, by
//   several at once where there are several, and may call the Store, but not this one. It is told no content. A nonce is no call.
// Failure: as the Store. Crash: as the Store.
// Not promised: that what is told during a crash is the last that was done.

#include <perdure/core/clock.hpp>
#include <perdure/store/detail/watched_store.hpp>

namespace perdure {
inline namespace v1 {

template <Store S, Clock C, class Observer>
class tracing_store : public detail::watched_store<tracing_store<S, C, Observer>, S> {
 public:
  using perdure_store = tracing_store;

  tracing_store(S& base, C& clock, Observer observer)
      : detail::watched_store<tracing_store, S>(base), clock_(&clock), observer_(detail::moved(observer)) {}

  [[nodiscard]] std::int64_t before() const { return clock_->elapsed_ns(); }
  void after(std::int64_t begun_ns, const store_call& call) {
    store_call told = call;
    told.elapsed_ns = clock_->elapsed_ns() - begun_ns;
    observer_(told);
  }

 private:
  C* clock_;
  Observer observer_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_TRACING_STORE_HPP
