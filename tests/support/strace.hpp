// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_STRACE_HPP
#define PERDURE_TESTS_SUPPORT_STRACE_HPP

// Code run in a child process that strace watches, and may lie to: which system calls it makes, and what it makes of answers
// that a healthy kernel does not give. strace is attached before the first call and ends with the child.

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <regex>
#include <string>
#include <vector>

#include <tests/support/child.hpp>
#include <tests/support/temp_dir.hpp>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PERDURE_TESTS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define PERDURE_TESTS_SANITIZED 1
#endif
#endif
#if !defined(PERDURE_TESTS_SANITIZED)
#define PERDURE_TESTS_SANITIZED 0
#endif

namespace tests {

struct traced {
  int status = wrong_status;       // as in child.hpp
  std::vector<std::string> calls;  // one line of strace each, of the child's first thread, without its id
};

inline bool skipped_without_strace() {
  static const bool missing = std::system("strace -V >/dev/null 2>&1") != 0;
  if (missing) std::printf("SKIPPED: no strace\n");
  return missing;
}

// Where the lines that matter begin and end.
inline void mark() { (void)::close(-1000); }

// Runs `before` and then, under `strace options...`, `body`, in a child.
template <class Before, class Body>
traced under_strace(const std::vector<std::string>& options, Before before, Body body) {
  traced seen;
  const temp_dir log_dir;
  const std::string log = log_dir / "log";
  int ready[2];
  int release[2];
  int attached[2];
  if (::pipe(ready) != 0 || ::pipe(release) != 0 || ::pipe(attached) != 0) return seen;
  const pid_t child = start_child([&]() -> int {
    char byte = 0;
    ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    ::close(ready[0]), ::close(release[1]), ::close(attached[0]), ::close(attached[1]);
    before();
    ::close(ready[1]);
    return ::read(release[0], &byte, 1) == 1 ? body() : wrong_status;
  });
  // Not before the child waits: what it did until then is not to be seen.
  char byte = 0;
  ::close(ready[1]);
  (void)!::read(ready[0], &byte, 1);
  ::close(ready[0]);
  const pid_t strace = start_child([&]() -> int {
    ::dup2(attached[1], STDERR_FILENO);
    ::close(release[1]), ::close(attached[0]);
    const std::string process = std::to_string(child);
    std::vector<const char*> words = {"strace", "-f", "-s", "64", "-o", log.c_str()};
    for (const auto& option : options) words.push_back(option.c_str());
    for (const char* word : {"-p", process.c_str(), static_cast<const char*>(nullptr)}) words.push_back(word);
    ::execvp("strace", const_cast<char* const*>(words.data()));
    return wrong_status;
  });
  ::close(attached[1]);
  // "strace: Process 123 attached": from here on no call of the child escapes it.
  std::string said;
  while (said.find("attached") == std::string::npos && ::read(attached[0], &byte, 1) == 1) said += byte;
  const bool watched = said.find("attached") != std::string::npos;
  if (watched) (void)!::write(release[1], "g", 1);
  ::close(release[1]);
  ::close(release[0]);
  seen.status = end_of(child);
  ::close(attached[0]);
  if (end_of(strace) != 0 && seen.status == 0) seen.status = wrong_status;
  if (!watched) std::printf("strace: %s\n", said.c_str());

  const std::string text = get(log);
  const std::string own = std::to_string(child) + " ";
  std::string begun;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    // A sanitizer has a thread of its own, which is none of the child's work, and may come between the two halves of a call.
    if (line.rfind(own, 0) == 0) {
      const std::string call = line.substr(line.find_first_not_of(' ', own.size()));
      const bool is_rest = call.rfind("<... ", 0) == 0;
      const std::string whole = is_rest ? begun + call.substr(call.find('>') + 1) : call;
      const std::size_t cut = whole.find(" <unfinished ...>");
      begun = whole.substr(0, cut);
      if (cut == std::string::npos) seen.calls.push_back(whole);
    }
    at = end == std::string::npos ? text.size() : end + 1;
  }
  return seen;
}

// What came between the first two marks, with the names that differ from run to run replaced: the directory by DIR, temporary
// files by TEMP, descriptors by #1, #2 and so on in the order of their first return, times and addresses left out.
inline std::vector<std::string> between_marks(const traced& seen, const std::string& dir) {
  std::vector<std::string> lines;
  std::vector<std::string> descriptors;
  int marks = 0;
  for (std::string line : seen.calls) {
    if (line.rfind("close(-1000)", 0) == 0) {
      ++marks;
      continue;
    }
    if (marks != 1 || line.rfind("---", 0) == 0 || line.rfind("+++", 0) == 0) continue;
    for (std::size_t at; (at = line.find(dir)) != std::string::npos;) line.replace(at, dir.size(), "DIR");
    line = std::regex_replace(line, std::regex(R"(\.perdure-[0-9a-v-]+\.tmp)"), "TEMP");
    line = std::regex_replace(line, std::regex(R"( += )"), " = ");
    const auto numbered = [&](const std::string& descriptor) {
      std::size_t i = 0;
      while (i < descriptors.size() && descriptors[i] != descriptor) ++i;
      return "#" + std::to_string(i + 1);
    };
    // The first argument, and the third of a rename or a link, is a descriptor that an earlier call returned.
    std::smatch found;
    static const std::regex first(R"(^(\w+\()(\d+)(.*)$)");
    static const std::regex third(R"(^(renameat2?\([^,]+, "[^"]*", |linkat\([^,]+, "[^"]*", )(\d+)(.*)$)");
    for (const auto* pattern : {&third, &first}) {
      const std::string before = line;
      if (std::regex_match(before, found, *pattern)) line = found[1].str() + numbered(found[2].str()) + found[3].str();
    }
    static const std::regex opened(R"(^(openat\(.* = )(\d+)$)");
    const std::string before = line;
    if (std::regex_match(before, found, opened)) {
      const std::string descriptor = found[2];
      bool known = false;
      for (const auto& other : descriptors) known = known || other == descriptor;
      if (!known) descriptors.push_back(descriptor);
      line = found[1].str() + numbered(descriptor);
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_STRACE_HPP
