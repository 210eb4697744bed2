// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_RIGS_POWERCUT_MACHINE_HPP
#define TESTS_RIGS_POWERCUT_MACHINE_HPP

// The machine whose power is cut: loop devices, mounts and child processes, each given back by its destructor. What cannot be had
// ends the program; the script that started it cleans up behind it.

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace powercut {

[[noreturn]] inline void give_up(const std::string& what) {
  std::printf("FAILED: %s: %s\n", what.c_str(), std::strerror(errno));
  std::fflush(stdout);
  std::_Exit(2);
}

// A child that ends with its parent, however that ends.
[[nodiscard]] inline pid_t forked() {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child < 0) give_up("fork");
  if (child == 0) (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  return child;
}

// A device of our own over a file. Nobody holds it open but who mounts it, so that its cache goes with the mount.
class loop_device {
 public:
  explicit loop_device(const std::string& file) {
    const int control = ::open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    const int backing = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    if (control < 0 || backing < 0) give_up("a loop device over " + file);
    // A free one may be taken by somebody else before we have it.
    for (int tries = 0; tries < 50; ++tries) {
      const int number = ::ioctl(control, LOOP_CTL_GET_FREE);
      if (number < 0) break;
      path_ = "/dev/loop" + std::to_string(number);
      const int device = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
      if (device < 0) give_up(path_);
      loop_config what = {};
      what.fd = static_cast<__u32>(backing);
      const bool ours = ::ioctl(device, LOOP_CONFIGURE, &what) == 0;
      const int why = errno;
      ::close(device);
      errno = why;
      if (ours) {
        ::close(control);
        ::close(backing);
        return;
      }
      if (errno != EBUSY) break;
    }
    give_up("configuring " + path_);
  }
  loop_device(const loop_device&) = delete;
  loop_device& operator=(const loop_device&) = delete;
  ~loop_device() { ask(LOOP_CLR_FD); }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  // The file behind it was changed.
  void forget_cache() const { ask(BLKFLSBUF); }

 private:
  void ask(unsigned long what) const {
    const int device = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (device < 0) return;
    (void)::ioctl(device, what, 0);
    ::close(device);
  }
  std::string path_;
};

struct file_system {
  std::string name;
  [[nodiscard]] const char* options() const noexcept { return name == "xfs" ? "nouuid" : ""; }
};

inline void unmount(const std::string& where) {
  // Whoever looks at all mounts of the system holds one for a moment.
  for (int tries = 0; ::umount2(where.c_str(), 0) != 0; ++tries) {
    if (errno != EBUSY || tries == 2000) give_up("unmounting " + where);
    ::usleep(1000);
  }
}

// 0, or why it cannot be mounted.
[[nodiscard]] inline int mount_disk(const loop_device& device, const file_system& fs, const std::string& where) {
  return ::mount(device.path().c_str(), where.c_str(), fs.name.c_str(), MS_NOATIME, fs.options()) == 0 ? 0 : errno;
}

// Runs this in a process of its own that stands in `directory`; returns what it returned.
template <class Work>
[[nodiscard]] int in_child(const std::string& directory, Work&& work) {
  const pid_t child = forked();
  if (child == 0) {
    if (::chdir(directory.c_str()) != 0) give_up(directory);
    ::umask(0);
    const int answer = work();
    std::fflush(stdout);
    std::_Exit(answer);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) give_up("waitpid");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

// The recorder, with its two files below `where`.
class recorder {
 public:
  recorder(const std::string& program, const std::string& image, const std::string& log, const std::string& where)
      : where_(where) {
    child_ = forked();
    if (child_ == 0) {
      ::execl(program.c_str(), program.c_str(), image.c_str(), log.c_str(), where.c_str(), static_cast<char*>(nullptr));
      give_up(program);
    }
    struct stat about = {};
    for (int tries = 0; ::stat((where + "/image").c_str(), &about) != 0; ++tries) {
      if (tries == 5000) give_up("starting " + program);
      ::usleep(1000);
    }
  }
  recorder(const recorder&) = delete;
  recorder& operator=(const recorder&) = delete;
  ~recorder() {
    unmount(where_);
    (void)::waitpid(child_, nullptr, 0);
  }

 private:
  std::string where_;
  pid_t child_ = -1;
};

}  // namespace powercut

#endif  // TESTS_RIGS_POWERCUT_MACHINE_HPP
