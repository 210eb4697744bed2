// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_BENCH_PROCESSES_HPP
#define PERDURE_BENCH_PROCESSES_HPP

// What is measured against other programs is a process of its own, as they are.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace bench {

inline void need(bool held, const char* what) {
  if (held) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

struct cost {
  double seconds = 0;
  double cpu_seconds = 0;
  double memory_mib = 0;
};
// `work` answers with the exit status, which has to be 0.
inline cost run(const std::function<int()>& work) {
  const auto begun = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  rusage used{};
  need(::wait4(child, &status, 0, &used) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "a program failed");
  const auto seconds_of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count(),
          seconds_of(used.ru_utime) + seconds_of(used.ru_stime), static_cast<double>(used.ru_maxrss) / 1024};
}

// In place of this process, and silent.
inline int execute(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int out : {1, 2}) ::dup2(nowhere, out);
  ::execvp(arguments[0], arguments.data());
  return 127;
}

}  // namespace bench

#endif  // PERDURE_BENCH_PROCESSES_HPP
