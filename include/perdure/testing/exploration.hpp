// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_EXPLORATION_HPP
#define PERDURE_TESTING_EXPLORATION_HPP

// exploration: what explore() is to go through, and how far. A plain struct for designated initialisers, in this order; the
// workload and the check are the two that are needed.

#include <cstdint>
#include <functional>
#include <string>

#include <perdure/testing/profile.hpp>
#include <perdure/testing/world.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

// Where the power may go.
enum class cut_points : std::uint8_t {
  sufficient,      // before each sync, between steps and at the end: every disk that is possible at all is possible there, too
  every_operation  // for a check that may fail early and not late, which is rare: one that counts operations, for example
};

struct exploration_budget {
  std::uint64_t states = 1'000'000;  // distinct ones to check; past them it samples
  std::uint64_t seconds = 0;         // none; else the report depends on the machine. Sampling takes up to three quarters more
  std::uint32_t nested_cuts = 1;     // of the power during recovery, one after another
  std::uint32_t depth = 0;           // none; else of the choices that one run asks for (choose(), faults, whose turn it is, what
                                     // arrives late) the first so many are gone in every way. Behind them it goes the first way
                                     // alone: no fault, no preemption. Which disks a cut leaves, and kills, are no such choices
};

// What is not explored because it cannot make a difference, or hardly can. Each can be left out, so that a test can see what is
// lost.
struct exploration_reductions {
  bool same_disk = true;      // two disks that look the same, with the same steps behind them, are checked once
  bool unread = true;         // what the check does not read is not varied
  bool nearest_first = true;  // of the failures at one cut, the one with the fewest survivors is told
  bool few_mixtures = true;  // of more than 8 unsynced pages of a file: all, none, those in front, those at the back, all but one
                             // and one alone survive. The one reduction that leaves out what may differ; the report says so
};

struct exploration {
  struct profile profile = testing::profile::posix_minimum;
  std::function<void(world&)> setup = {};          // what it does is durable before the workload begins
  std::function<void(world&)> workload = {};       // what is to be proved
  std::function<void(world&)> restart = {};        // if given: the process is killed before each operation, and a new one goes on
                                                   // with this, on what it finds, before the power goes
  std::function<void(after_crash&)> recover = {};  // what a program does first after a power cut; it may be cut itself
  std::function<verdict(after_crash&)> check = {};  // is this disk all right?
  exploration_budget budget = {};
  std::uint32_t faults = 0;       // how many calls of one run may go wrong, each in every way of natural_faults.hpp
  std::uint32_t preemptions = 2;  // of threads in world.together(): how many switches away from one that could have gone on
  std::uint32_t kills = 1;        // of world.processes(): how many of one run may be killed, each before any of its operations
  std::uint64_t seed = 1;         // of the sampling, where the budget is too small
  std::string replay = {};        // the token of a report: that one state alone
  cut_points cuts = cut_points::sufficient;
  exploration_reductions reductions = {};
};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_EXPLORATION_HPP
