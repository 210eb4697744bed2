// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_JOBS_HPP
#define PERDURE_CORE_JOBS_HPP

// jobs: how a helper works with several threads, which it is given and does not take.
//
// A job_runner(count, job) calls job(0) to job(count - 1), each once, in any order and on any threads, several of them at the
// same time if it likes, and returns when all of them have. What they did is visible to the caller then. Any pool of threads is
// one with a few lines; in_turn() is one without threads, and pthread_jobs.hpp one for programs that have no pool.

#include <cstddef>

#include <perdure/core/function_ref.hpp>

namespace perdure {
inline namespace v1 {

using job = function_ref<void(std::size_t)>;
using job_runner = function_ref<void(std::size_t count, job)>;

inline void in_turn(std::size_t count, job each) {
  for (std::size_t i = 0; i < count; ++i) each(i);
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_JOBS_HPP
