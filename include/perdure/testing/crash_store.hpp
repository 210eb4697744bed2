// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_CRASH_STORE_HPP
#define PERDURE_TESTING_CRASH_STORE_HPP

// crash_store: objects that another machine keeps, across a network that loses requests and answers. A model of Store
// (store.hpp), and what explore() hands to a workload as world.store(); by itself it is a store in memory.
//
// A copy is the same objects. Power cuts and kills do not concern them: after one, they are what they were at that moment. A put
// or remove during which the process is killed is on its way. What is on its way may arrive at any later moment, of the workload,
// of whoever goes on after a kill, of the recovery and of the check, in any order; or never. Every way is gone.
//
// It is as poor as the law allows: an etag is a digest of the bytes and comes back with them, and a put that matches nothing is
// told not_found. Each crash_store belongs to the process that it was made for: when explore() kills that, everything it still
// calls fails with io and changes nothing.
//
// It is a fault_store, too: plan() takes rules by which calls go wrong, and has none to begin with. With exploration.faults, each
// call goes wrong in every way of natural_faults.hpp.
//
// Failure: too_large for a key of more than 1,024 bytes.

#include <memory>
#include <utility>

#include <perdure/testing/detail/bare_crash_store.hpp>
#include <perdure/testing/fault_store.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

class crash_store : public fault_store<detail::bare_crash_store> {
 public:
  using perdure_store = crash_store;

  crash_store() : crash_store(std::make_shared<detail::disk>()) {}
  // As the process that now runs on this disk.
  explicit crash_store(std::shared_ptr<detail::disk> disk)
      : fault_store(std::make_shared<detail::bare_crash_store>(std::move(disk)), {}) {}
  // As another one.
  crash_store(std::shared_ptr<detail::disk> disk, std::uint32_t process)
      : fault_store(std::make_shared<detail::bare_crash_store>(std::move(disk), process), {}) {}
};

static_assert(Store<crash_store>);

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_CRASH_STORE_HPP
