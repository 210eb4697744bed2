// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_POSIX_WRITER_HPP
#define PERDURE_FS_DETAIL_POSIX_WRITER_HPP

// Who writes: the identity that posix_fs puts into its nonces, and the judgement whether another such writer lives.
//
// A process is named by place (boot and process namespace), number and start time, for numbers are given again. The identity is
// worked out once per process, and again in the child of a fork. Only a writer of the same place can be judged: a process of
// another container, boot or machine is neither alive nor gone but unknown.

#include <perdure/config.hpp>

#if PERDURE_HAS_POSIX

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(PERDURE_OS_LINUX)
#include <sys/syscall.h>
#else
#include <signal.h>
#include <sys/sysctl.h>
#include <sys/types.h>
#endif

#include <perdure/fs/detail/posix_error.hpp>
#include <perdure/fs/fs_types.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// FNV-1a: it names, it does not protect.
[[nodiscard]] inline std::uint64_t mixed(std::uint64_t seed, bytes more) noexcept {
  for (std::byte b : more) seed = (seed ^ static_cast<std::uint64_t>(b)) * 0x100000001b3ULL;
  return seed;
}
inline constexpr std::uint64_t mix_start = 0xcbf29ce484222325ULL;
// 40 bits of it: with the other numbers enough to tell places apart, and eight letters of a name.
[[nodiscard]] inline std::uint64_t folded(std::uint64_t mixed) noexcept { return (mixed ^ mixed >> 40) & 0xffffffffff; }

// Somebody could not look, for now.
inline thread_local bool short_of_handles = false;

#if defined(PERDURE_OS_LINUX)

[[nodiscard]] inline bytes read_small_file(const char* path, char (&buffer)[1024]) noexcept {
  const int descriptor = ::open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) short_of_handles = true;
  if (descriptor < 0) return {};
  ssize_t got;
  do got = ::read(descriptor, buffer, sizeof(buffer));
  while (got < 0 && errno == EINTR);
  ::close(descriptor);
  return {buffer, got > 0 ? static_cast<std::size_t>(got) : 0};
}

struct process_line {
  std::uint64_t process = 0;  // its number in the namespace that this procfs shows; 0 where it shows none
  std::uint64_t started = 0;  // in ticks since boot
  bool ended = false;         // nobody has asked for its exit status yet
};

// The stat line of a process. The second field is its own name in parentheses and may hold anything, so counting goes on at the
// last ')': 3 is the state, 20 how many threads there are, 22 the start time. A process whose first thread alone has ended is a
// zombie, too, and has others.
[[nodiscard]] inline process_line read_process_line(const char* stat_path) noexcept {
  char buffer[1024];
  const bytes line = read_small_file(stat_path, buffer);
  const auto number_at = [&](std::size_t at) {
    std::uint64_t number = 0;
    for (; at < line.size() && buffer[at] >= '0' && buffer[at] <= '9'; ++at)
      number = number * 10 + static_cast<std::uint64_t>(buffer[at] - '0');
    return number;
  };
  process_line told;
  told.process = number_at(0);
  std::size_t at = line.size();
  while (at > 0 && buffer[at - 1] != ')') --at;
  std::uint64_t threads = 0;
  for (int field = 3; field <= 22; ++field) {
    while (at < line.size() && buffer[at] != ' ') ++at;
    ++at;
    if (field == 3 && at < line.size()) told.ended = buffer[at] == 'Z' || buffer[at] == 'X';
    if (field == 20) threads = number_at(at);
  }
  told.started = number_at(at);
  told.ended = told.ended && threads <= 1;
  return told;
}

[[nodiscard]] inline process_line line_of(std::uint64_t process) noexcept {
  char digits[24];
  std::size_t count = 0;
  do digits[count++] = static_cast<char>('0' + process % 10);
  while ((process /= 10) != 0);
  char path[48] = "/proc/";
  std::size_t at = 6;
  while (count > 0) path[at++] = digits[--count];
  std::memcpy(path + at, "/stat", 6);
  return read_process_line(path);
}

// 0 where procfs is missing, or shows another namespace, whose numbers are those of other processes.
[[nodiscard]] inline std::uint64_t started_of_this_process(std::uint64_t process) noexcept {
  const process_line self = read_process_line("/proc/self/stat");
  return self.process == process ? self.started : 0;
}

[[nodiscard]] inline std::uint64_t place_of_this_process() noexcept {
  char buffer[1024];
  const bytes boot = read_small_file("/proc/sys/kernel/random/boot_id", buffer);
  struct stat processes;
  struct stat times = {};
  if (boot.empty() || ::stat("/proc/self/ns/pid", &processes) != 0) return 0;
  // Where the clock since boot is another one, so are the start times.
  (void)::stat("/proc/self/ns/time", &times);
  const std::uint64_t spaces[] = {processes.st_ino, times.st_ino};
  return folded(mixed(mixed(mix_start, boot), bytes_of(spaces)));
}

#else

// Start times have no portable call here: a number that was given again delays a sweep, and never misleads one.
struct process_line {
  std::uint64_t started = 0;
  bool ended = false;
};
[[nodiscard]] inline process_line line_of(std::uint64_t) noexcept { return {}; }
[[nodiscard]] inline std::uint64_t started_of_this_process(std::uint64_t) noexcept { return 0; }

[[nodiscard]] inline std::uint64_t place_of_this_process() noexcept {
  struct timeval boot = {};
  std::size_t size = sizeof(boot);
  int name[2] = {CTL_KERN, KERN_BOOTTIME};
  char host[256] = {};
  if (::sysctl(name, 2, &boot, &size, nullptr, 0) != 0 || ::gethostname(host, sizeof(host) - 1) != 0) return 0;
  const std::uint64_t named = mixed(mix_start, bytes(static_cast<const char*>(host)));
  return folded(mixed(named, bytes_of(static_cast<std::int64_t>(boot.tv_sec))));
}

#endif

// A forked child starts again, but goes on counting.
struct writer_identity {
  int state = 0;        // 0: not worked out; 1: there; the number of a process, negated: it is working it out
  bool hooked = false;  // the child of a fork will be told
  nonce self;
  std::uint64_t serial = 0;
};
inline writer_identity this_writer;

// False where that cannot be done for now.
[[nodiscard]] inline bool work_out_this_writer() noexcept {
  const int number = static_cast<int>(::getpid());
  int seen = 0;
  if (__atomic_compare_exchange_n(&this_writer.state, &seen, -number, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
    if (!this_writer.hooked)
      this_writer.hooked =
          ::pthread_atfork(nullptr, nullptr, [] { __atomic_store_n(&this_writer.state, 0, __ATOMIC_RELEASE); }) == 0;
    const auto process = static_cast<std::uint64_t>(number);
    short_of_handles = false;
    this_writer.self = {place_of_this_process(), process, started_of_this_process(process), 0};
    __atomic_store_n(&this_writer.state, short_of_handles ? 0 : 1, __ATOMIC_RELEASE);
    return !short_of_handles;
  } else if (seen < 0 && seen != -number) {
    // Our parent was at it when it forked us, and the thread that was is not with us.
    __atomic_compare_exchange_n(&this_writer.state, &seen, 0, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  } else if (seen < 0) {
    ::usleep(50);
  }
  return true;
}

[[nodiscard]] inline nonce posix_nonce() noexcept {
  bool known = true;
  while (known && __atomic_load_n(&this_writer.state, __ATOMIC_ACQUIRE) != 1) known = work_out_this_writer();
  // Nobody can judge a writer without a place: its files go by their age.
  nonce name = known ? this_writer.self : nonce{0, static_cast<std::uint64_t>(::getpid()), 0, 0};
  name.serial = __atomic_add_fetch(&this_writer.serial, 1, __ATOMIC_RELAXED);
  return name;
}

// Another user's process exists, too, though it may be neither signalled nor, with some options of procfs, seen.
[[nodiscard]] inline bool process_exists(pid_t process) noexcept {
#if defined(PERDURE_OS_LINUX)
  return ::syscall(SYS_kill, process, 0) == 0 || errno != ESRCH;  // by number: <signal.h> is not cheap
#else
  return ::kill(process, 0) == 0 || errno != ESRCH;
#endif
}

[[nodiscard]] inline writer_state posix_writer(const nonce& name) noexcept {
  const nonce self = posix_nonce();
  if (name.place == 0 || name.place != self.place || name.process == 0 || name.process > 0x7fffffff) return writer_state::unknown;
  // Without start times on both sides nothing tells a number from the same number given again: it is left alone.
  const bool comparable = name.started != 0 && self.started != 0;
  if (name.process == self.process) return comparable && name.started != self.started ? writer_state::gone : writer_state::alive;
  if (!process_exists(static_cast<pid_t>(name.process))) return writer_state::gone;
  if (!comparable) return writer_state::alive;
  const process_line line = line_of(name.process);
  if (line.ended) return writer_state::gone;
  return line.started == 0 || line.started == name.started ? writer_state::alive : writer_state::gone;
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_HAS_POSIX

#endif  // PERDURE_FS_DETAIL_POSIX_WRITER_HPP
