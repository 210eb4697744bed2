// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_CHILD_HPP
#define PERDURE_TESTS_SUPPORT_CHILD_HPP

// Code run in a child process: as somebody who is not root, in mounts that nobody else sees, or to be stopped and killed. A
// child answers by its exit status: 0 to 100 are its own, the ones above say what went wrong around it.

#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>

namespace tests {

inline constexpr unsigned nobody = 65534;
enum : int { could_not_drop = 101, could_not_mount = 102, was_killed = 103, wrong_status = 104 };

template <class Body>
pid_t start_child(Body body) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  return child;
}
inline int end_of(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return wrong_status;
  return WIFEXITED(status) ? WEXITSTATUS(status) : was_killed;
}
template <class Body>
int in_child(Body body) {
  return end_of(start_child(body));
}

// What a program's error says before it ends the process: on stderr of a child, which has to be ended by a signal.
template <class Body>
std::string last_words_of(Body error) {
  int ends[2];
  if (::pipe(ends) != 0) return "(no pipe)";
  const pid_t child = start_child([&]() -> int {
    (void)::dup2(ends[1], STDERR_FILENO);
    for (const int signal : {SIGILL, SIGTRAP, SIGABRT}) (void)std::signal(signal, SIG_DFL);
    error();
    return 0;
  });
  (void)::close(ends[1]);
  std::string said;
  char room[512];
  for (ssize_t got = 0; (got = ::read(ends[0], room, sizeof room)) > 0;) said.append(room, static_cast<std::size_t>(got));
  (void)::close(ends[0]);
  const int end = end_of(child);
  return end == was_killed ? said : "(no signal: it ended with " + std::to_string(end) + ")";
}

inline bool is_root() { return ::geteuid() == 0; }

// As an unprivileged user; whoever runs the tests already is one, if not root.
template <class Body>
int as_nobody(Body body) {
  return in_child([&]() -> int {
    if (is_root() && (::setgroups(0, nullptr) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0)) return could_not_drop;
    return body();
  });
}

// Mounts that nobody else sees, from here on. In a chroot, whose "/" is no mount of its own, they cannot be made private.
inline bool own_mounts() {
  if (::unshare(CLONE_NEWNS) == 0 && (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 || errno == EINVAL))
    return true;
  std::perror("root, and cannot mount: CAP_SYS_ADMIN is needed (docker run --privileged)");
  return false;
}
// With a file system of its own at `where`, which ends with the child. Only root can; the others say that they skipped.
template <class Body>
int with_tmpfs(const std::string& where, const char* options, Body body) {
  return in_child([&]() -> int {
    if (!own_mounts() || ::mount("perdure", where.c_str(), "tmpfs", 0, options) != 0) return could_not_mount;
    const int status = body();
    ::umount2(where.c_str(), MNT_DETACH);
    return status;
  });
}

inline bool skipped_without_root(const char* what) {
  if (is_root()) return false;
  std::printf("SKIPPED: %s needs root\n", what);
  return true;
}

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_CHILD_HPP
