// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/any_fs.hpp>
#include <perdure/fs/at_fs.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/testing/crash_fs.hpp>
#include <perdure/testing/durability_lint.hpp>
#include <perdure/testing/fault_fs.hpp>
#include <perdure/testing/fs_archetypes.hpp>
#include <perdure/testing/fs_laws.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/temp_dir.hpp>

#include <sys/stat.h>
#include <unistd.h>
#include <cstdio>

using namespace perdure;
using testing::check_fs_laws;

namespace {
template <Fs F>
void holds(const char* model, F& fs, const std::string& scratch) {
  const auto report = check_fs_laws(fs, scratch);
  std::printf("%-24s %s\n", model, report.text().c_str());
  INFO(report.text());
  CHECK(report.ok());
}
}  // namespace

TEST_CASE("fs_laws: every model keeps them") {
  const tests::temp_dir disk_dir;
  const tests::temp_dir memory_dir("/dev/shm");
  posix_fs disk;
  holds("posix_fs", disk, disk_dir.path());
  holds("posix_fs, tmpfs", disk, memory_dir.path());
  auto held = disk.open_dir(disk_dir.path());
  REQUIRE(held);
  holds("posix_dir", *held, ".");

  auto rooted = at_fs<posix_fs>::open(disk, disk_dir.path());
  REQUIRE(rooted);
  holds("at_fs over posix_fs", *rooted, ".");

  mem_fs memory;
  REQUIRE(memory.make_dir("scratch"));
  holds("mem_fs", memory, "scratch");
  auto directory = memory.open_dir("scratch");
  REQUIRE(directory);
  holds("mem_fs, a directory", *directory, ".");
  testing::fault_fs faultless(memory);
  holds("fault_fs over mem_fs", faultless, "scratch");
  testing::fault_fs faultless_disk(disk, "capacity 100000000\nsync ** nth 1000000 sync_lost drop");
  holds("fault_fs over posix_fs", faultless_disk, disk_dir.path());
  testing::durability_lint watched(memory);
  holds("durability_lint, mem_fs", watched, "scratch");
  testing::durability_lint watched_disk(disk);
  holds("durability_lint, posix_fs", watched_disk, disk_dir.path());
  testing::crash_fs crashable;
  REQUIRE(crashable.make_dir("scratch"));
  holds("crash_fs", crashable, "scratch");
  auto crashable_dir = crashable.open_dir("scratch");
  REQUIRE(crashable_dir);
  holds("crash_fs, a directory", *crashable_dir, ".");
  testing::poorest_fs<mem_fs> device(memory);
  holds("poorest_fs", device, "scratch");
  any_fs any_memory(memory);
  holds("any_fs over mem_fs", any_memory, "scratch");
  any_fs any_disk(disk);
  holds("any_fs over posix_fs", any_disk, disk_dir.path());
  auto any_held = any_disk.open_dir(disk_dir.path());
  REQUIRE(any_held);
  holds("any_dir over posix_dir", *any_held, ".");
  auto rooted_device = at_fs<testing::poorest_fs<mem_fs>>::open(device, "scratch");
  REQUIRE(rooted_device);
  holds("at_fs over poorest_fs", *rooted_device, ".");
  any_fs any_device(device);
  holds("any_fs over poorest_fs", any_device, "scratch");
  testing::windows_like_fs<mem_fs> windows(memory);
  holds("windows_like_fs", windows, "scratch");
  REQUIRE(windows.make_dir("scratch\\of its own"));
  holds("windows_like_fs, its own path", windows, "scratch\\of its own");
  any_fs any_windows(windows);
  holds("any_fs over windows_like_fs", any_windows, "scratch");
  CHECK(memory.used_bytes() == 0);
}

TEST_CASE("fs_laws: posix_fs keeps them for an unprivileged user, too") {
  const tests::temp_dir dir;
  REQUIRE(::chmod(dir.path().c_str(), 0777) == 0);
  const int broken = tests::as_nobody([&]() -> int {
    posix_fs disk;
    const auto report = check_fs_laws(disk, dir.path());
    std::printf("%-24s %s\n", "posix_fs, unprivileged", report.text().c_str());
    std::fflush(stdout);
    return report.ok() ? 0 : 1;
  });
  CHECK(broken == 0);
}
