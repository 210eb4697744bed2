// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// atomic_write against the best hand-written sequence of the same system calls, which bench/README.md lists. Each iteration does
// both, in an order that alternates, and counts the one that the row is about: the two are interleaved as finely as can be.

#include <benchmark/benchmark.h>

#include <perdure/fs/atomic_write.hpp>

#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

using perdure::durability;

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::abort();
}

char* put(char* at, const char* text) {
  while (*text != '\0') *at++ = *text++;
  *at = '\0';
  return at;
}
char* put(char* at, unsigned long number) {
  char digits[24];
  char* first = digits + sizeof(digits) - 1;
  *first = '\0';
  do *--first = static_cast<char>('0' + number % 10);
  while ((number /= 10) != 0);
  return put(at, first);
}

unsigned long temp_serial = 0;

// What a careful programmer writes for one purpose: no more calls than are needed, every answer looked at, and a temporary name
// that no other process has.
void by_hand(const char* directory, const char* name, const std::string& content, durability wanted) {
  int dir = AT_FDCWD;
  char temp_path[512];
  char path[512];
  char* temp = temp_path;
  char* target = path;
  if (wanted == durability::full) {
    dir = ::open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) give_up("open the directory");
  } else {
    temp = put(put(temp, directory), "/");
    target = put(put(target, directory), "/");
  }
  static const auto process = static_cast<unsigned long>(::getpid());
  put(put(put(put(put(temp, ".by-hand-"), process), "-"), ++temp_serial), ".tmp");
  put(target, name);
  const int file = ::openat(dir, temp_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) give_up("create");
  if (::pwrite(file, content.data(), content.size(), 0) != static_cast<ssize_t>(content.size())) give_up("write");
  if (wanted != durability::none && ::fdatasync(file) != 0) give_up("fdatasync");
  if (::close(file) != 0) give_up("close");
  if (::renameat(dir, temp_path, dir, path) != 0) give_up("rename");
  if (wanted == durability::full) {
    if (::fsync(dir) != 0) give_up("fsync");
    ::close(dir);
  }
}

void ours(const std::string& path, const std::string& content, durability wanted) {
  if (!perdure::atomic_write(path, content, {.durability = wanted})) give_up("atomic_write");
}

void run(benchmark::State& state, const std::string& directory, std::size_t size, durability wanted, bool measure_ours) {
  const std::string content(size, 'x');
  const std::string path = directory + "/target";
  const auto timed = [](auto&& body) {
    const auto start = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  bool ours_first = false;
  for (auto unused : state) {
    (void)unused;
    double by[2] = {};
    ours_first = !ours_first;
    for (const bool now_ours : {ours_first, !ours_first}) {
      by[now_ours ? 1 : 0] = timed([&] {
        if (now_ours) {
          ours(path, content, wanted);
        } else {
          by_hand(directory.c_str(), "target", content, wanted);
        }
      });
    }
    state.SetIterationTime(by[measure_ours ? 1 : 0]);
  }
}

std::string kind_of(const std::string& directory) {
  struct statfs info = {};
  if (::statfs(directory.c_str(), &info) != 0) return "unknown";
  switch (static_cast<unsigned long>(info.f_type)) {
    case 0xef53:
      return "ext4";
    case 0x01021994:
      return "tmpfs";
    case 0x58465342:
      return "xfs";
    case 0x9123683e:
      return "btrfs";
    default:
      return "other";
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  std::string directories[2] = {"/dev/shm", std::getenv("PERDURE_BENCH_DIR") != nullptr ? std::getenv("PERDURE_BENCH_DIR") : "."};
  const char* const names[] = {"none", "ordered", "full"};
  for (auto& directory : directories) {
    const std::string kind = kind_of(directory);
    directory += "/perdure-bench-" + std::to_string(::getpid());
    std::filesystem::create_directories(directory);
    for (const auto wanted : {durability::none, durability::ordered, durability::full}) {
      for (const auto& [size, size_name] :
           {std::pair<std::size_t, const char*>{100, "100B"}, {4096, "4KiB"}, {262144, "256KiB"}}) {
        for (const bool measure_ours : {true, false}) {
          const std::string name = "fs/atomic_write/" + std::string(names[static_cast<int>(wanted)]) + "/" + kind + "/" +
                                   (measure_ours ? "ours" : "hand_written") + "/" + size_name;
          benchmark::RegisterBenchmark(name.c_str(), run, directory, size, wanted, measure_ours)
              ->UseManualTime()
              ->Unit(benchmark::kMicrosecond);
        }
      }
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  for (const auto& directory : directories) std::filesystem::remove_all(directory);
}
