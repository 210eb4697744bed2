// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_NATURAL_FAULTS_HPP
#define PERDURE_TESTING_NATURAL_FAULTS_HPP

// natural_faults(operation): what may really go wrong with a call of this kind, as rules for a fault_plan: every answer that a
// caller has to tell apart, before the call took effect and after it.
//
//   for (const auto& fault : natural_faults(operation::rename)) {
//     fault_fs fs(disk, fault_plan{fault});        // at the first rename; set `nth` for a later one
//     ...
//   }
//
// each_natural_fault(run): calls `run(plan)` with every such fault at every call that `run` makes, one at a time, until no call
// is left to fail. `run` starts from the same state each time and makes its calls through a fault_fs with this plan.

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include <perdure/testing/fault_plan.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

[[nodiscard]] inline std::vector<fault_rule> natural_faults(enum operation called) {
  using op = enum perdure::operation;
  std::vector<fault_rule> all;
  const auto add = [&](fault_rule rule) {
    rule.operation = called;
    rule.nth = 1;
    all.push_back(std::move(rule));
  };
  const auto fails = [&](enum code code, std::int32_t error, bool after = false) {
    add({.fails = code, .system_code = error, .after = after});
  };
  if (called < op::get) fails(code::io, EIO);
  switch (called) {
    case op::open:
      fails(code::io, EIO, true);
      fails(code::busy, EMFILE);
      fails(code::no_space, ENOSPC);
      fails(code::permission, EACCES);
      fails(code::permission, EROFS);
      break;
    case op::write:
      for (const std::uint64_t put : {0U, 1U, 512U}) add({.fails = code::no_space, .system_code = ENOSPC, .short_bytes = put});
      fails(code::no_space, EDQUOT);
      fails(code::too_large, EFBIG);
      fails(code::io, EIO, true);
      break;
    case op::truncate:
      fails(code::no_space, ENOSPC);
      fails(code::io, EIO, true);
      break;
    case op::sync:
      fails(code::sync_lost, EIO);
      fails(code::sync_lost, EIO, true);
      add({.fails = code::sync_lost, .system_code = EIO, .drop = true});
      add({.fails = code::sync_lost, .system_code = EIO, .clean = true});
      fails(code::no_space, ENOSPC);
      fails(code::unsupported, EINVAL);
      break;
    case op::sync_dir:
    case op::sync_all:
      fails(code::sync_lost, EIO);
      fails(code::sync_lost, EIO, true);
      add({.fails = code::sync_lost, .system_code = EIO, .clean = true});
      fails(code::unsupported, EINVAL);
      break;
    case op::close:
      fails(code::no_space, ENOSPC);
      fails(code::sync_lost, EIO);
      break;
    case op::rename:
    case op::link:
    case op::make_link:
    case op::make_dir:
      fails(code::io, EIO, true);
      fails(code::no_space, ENOSPC);
      fails(code::permission, EACCES);
      fails(code::unsupported, called == op::rename ? EXDEV : ENOTSUP);
      break;
    case op::remove:
    case op::remove_dir:
      fails(code::io, EIO, true);
      fails(code::busy, EBUSY);
      fails(code::permission, EACCES);
      break;
    case op::lock:
      fails(code::busy, EAGAIN);
      fails(code::unsupported, ENOTSUP);
      break;
    case op::map:
    case op::open_dir:
      fails(code::busy, ENOMEM);
      fails(code::unsupported, ENOTSUP);
      break;
    case op::clone:
      fails(code::no_space, ENOSPC);
      fails(code::unsupported, EXDEV);
      break;
    case op::get_attributes:
    case op::set_attributes:
      fails(code::permission, EPERM);
      fails(code::unsupported, ENOTSUP);
      break;
    case op::stat:
    case op::list:
    case op::read_link:
      fails(code::permission, EACCES);
      break;
    // A request and its answer: neither came, or the answer did not, or the request came late. Numbers are those of HTTP.
    case op::put:
      fails(code::timed_out, 0);
      fails(code::timed_out, 0, true);
      add({.fails = code::timed_out, .late_calls = 1});
      fails(code::busy, 409);
      fails(code::conflict, 412, true);  // against itself: something in between sent it again
      break;
    case op::remove_object:
      fails(code::timed_out, 0);
      fails(code::timed_out, 0, true);
      add({.fails = code::timed_out, .late_calls = 1});
      fails(code::busy, 503);
      break;
    case op::get:
    case op::list_objects:
      fails(code::timed_out, 0);
      add({.fails = code::io, .short_bytes = 1});
      break;
    case op::head:
    case op::settle:
      fails(code::timed_out, 0);
      break;
    case op::load:
    case op::replace:
    case op::commit:
    case op::none:
    case op::read:
    case op::size:
      break;
  }
  return all;
}

struct natural_fault_count {
  std::uint64_t calls = 0;   // of a run without faults
  std::uint64_t faults = 0;  // runs with one
};

template <class Run>
natural_fault_count each_natural_fault(Run&& run) {
  natural_fault_count count;
  for (std::size_t kind = 1; kind <= static_cast<std::size_t>(last_operation); ++kind) {
    bool reached = true;
    for (std::uint64_t nth = 1; reached; ++nth) {
      reached = false;
      for (fault_rule& rule : natural_faults(static_cast<enum operation>(kind))) {
        rule.nth = nth;
        fault_plan plan{rule};
        run(plan);
        if (plan.strikes(0) == 0) break;
        if (!reached) ++count.calls;
        reached = true;
        ++count.faults;
      }
    }
  }
  return count;
}

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_NATURAL_FAULTS_HPP
