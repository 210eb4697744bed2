// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// atomic_write on real volumes that are full, read-only, foreign or in use. Each mount is made in a namespace of its child's own,
// and ends with it.

#include <perdure/fs/atomic_write.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/shared.hpp>
#include <tests/support/temp_dir.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <cerrno>
#include <csignal>
#include <functional>

using namespace perdure;
using tests::get;
using tests::names_in;
using tests::put;

namespace {

struct answer {
  bool arranged = false;
  bool done = true;
  failure why = failure(code::cancelled, operation::none);
  bool old_stands = false;
  bool nothing_left = false;
};

// Everything a row needs is arranged in the child, on the temporary directory or on a tmpfs over it.
struct row {
  const char* input;
  const char* tmpfs;  // its mount options, or none
  std::function<bool(const tests::temp_dir&)> arrange;
  std::string content;
  write_options options;
  enum code code;
  int system_code;
};

bool become(unsigned user, std::initializer_list<gid_t> groups) {
  return ::setgroups(groups.size(), groups.begin()) == 0 && ::setgid(user) == 0 && ::setuid(user) == 0;
}
template <class Resource>
bool limit(Resource resource, rlim_t value) {
  struct rlimit now = {};
  if (::getrlimit(resource, &now) != 0) return false;
  now.rlim_cur = value;
  return ::setrlimit(resource, &now) == 0;
}
bool own(const std::string& path, uid_t user, mode_t mode) {
  return ::chown(path.c_str(), user, user) == 0 && ::chmod(path.c_str(), mode) == 0;
}

// As chattr +i and -i.
bool make_immutable(const std::string& path, bool immutable) {
  const int file = ::open(path.c_str(), O_RDONLY);
  int flags = 0;
  bool done = ::ioctl(file, _IOR('f', 1, long), &flags) == 0;
  flags = (flags & ~0x10) | (immutable ? 0x10 : 0);
  done = done && ::ioctl(file, _IOW('f', 2, long), &flags) == 0;
  ::close(file);
  return done;
}

void check(const row& r) {
  INFO(r.input);
  const tests::temp_dir dir;
  put(dir / "f", "old");
  const auto names = std::set<std::string>{"f"};
  const tests::shared<answer> told;
  const int status = tests::in_child([&]() -> int {
    if (!tests::own_mounts()) return tests::could_not_mount;
    if (r.tmpfs != nullptr) {
      if (::mount("perdure", dir.path().c_str(), "tmpfs", 0, r.tmpfs) != 0) return tests::could_not_mount;
      put(dir / "f", "old");
    }
    told->arranged = r.arrange(dir);
    if (!told->arranged) return 0;
    const auto done = atomic_write(dir / "f", r.content, r.options);
    told->done = done.has_value();
    if (!done) told->why = done.error();
    limit(RLIMIT_NOFILE, 100);
    told->old_stands = get(dir / "f") == "old" || ::access((dir / "f").c_str(), R_OK) != 0;
    told->nothing_left = names_in(dir.path()) == names || ::access(dir.path().c_str(), R_OK) != 0;
    if (r.tmpfs != nullptr) ::umount2(dir.path().c_str(), MNT_DETACH);
    return 0;
  });
  CHECK(status == 0);
  CHECK(told->arranged);
  CHECK_FALSE(told->done);
  CHECK(told->why.code() == r.code);
  CHECK(told->why.system_code() == r.system_code);
  CHECK(told->why.outcome() == outcome::unchanged);
  CHECK(told->why.doubt() == doubt::none);
  CHECK(told->old_stands);
  CHECK(told->nothing_left);
  // And seen from outside, by one who may look everywhere.
  CHECK(get(dir / "f") == "old");
  CHECK(names_in(dir.path()) == names);
  (void)make_immutable(dir / "f", false);
}

bool nothing(const tests::temp_dir&) { return true; }
bool remount_read_only(const tests::temp_dir& dir) {
  return ::mount(dir.path().c_str(), dir.path().c_str(), nullptr, MS_BIND, nullptr) == 0 &&
         ::mount(nullptr, dir.path().c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;
}

}  // namespace

TEST_CASE("atomic_write: what real volumes refuse, as code, outcome and system code, with the old file intact and nothing left") {
  if (tests::skipped_without_root("mounts and other users")) return;
  const std::string big(200'000, 'x');
  const write_options full;
  const write_options ordered{.durability = durability::ordered};
  const write_options keep_owner{.keep = keep::owner};
  const row rows[] = {
      {"a full volume", "size=64k", nothing, big, full, code::no_space, ENOSPC},
      {"a full volume, ordered", "size=64k", nothing, big, ordered, code::no_space, ENOSPC},
      {"a full volume, creating", "size=64k", nothing, big, {.keep = keep::everything}, code::no_space, ENOSPC},
      {"no inode left", "size=1m,nr_inodes=2", nothing, "x", full, code::no_space, ENOSPC},
      {"a read-only volume", "size=1m",
       [](const tests::temp_dir& dir) {
         return ::mount(nullptr, dir.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
       },
       "x", full, code::permission, EROFS},
      {"a read-only bind mount", nullptr, remount_read_only, "x", full, code::permission, EROFS},
      {"a read-only bind mount, ordered", nullptr, remount_read_only, "x", ordered, code::permission, EROFS},
      {"a read-only bind mount, missing parents",
       nullptr,
       remount_read_only,
       "x",
       {.parents = parents::make},
       code::permission,
       EROFS},
      {"over the limit on files", nullptr,
       [](const tests::temp_dir&) { return ::signal(SIGXFSZ, SIG_IGN) != SIG_ERR && limit(RLIMIT_FSIZE, 4096); }, big, full,
       code::too_large, EFBIG},
      {"a file that is a mount point", nullptr,
       [](const tests::temp_dir& dir) {
         const std::string file = dir / "f";
         return ::mount(file.c_str(), file.c_str(), nullptr, MS_BIND, nullptr) == 0;
       },
       "x", full, code::busy, EBUSY},
      {"an immutable file", nullptr, [](const tests::temp_dir& dir) { return make_immutable(dir / "f", true); }, "x", full,
       code::permission, EPERM},
      {"no descriptor for the directory", nullptr,
       [](const tests::temp_dir&) {
         (void)posix_fs().nonce();
         return limit(RLIMIT_NOFILE, 0);
       },
       "x", full, code::busy, EMFILE},
      {"a directory without the right to write", nullptr,
       [](const tests::temp_dir& dir) { return own(dir.path(), 0, 0755) && become(tests::nobody, {}); }, "x", full,
       code::permission, EACCES},
      {"a directory without the right to pass", nullptr,
       [](const tests::temp_dir& dir) { return own(dir.path(), 0, 0700) && become(tests::nobody, {}); }, "x", full,
       code::permission, EACCES},
      {"a directory to write to and not to read", nullptr,
       [](const tests::temp_dir& dir) { return own(dir.path(), 0, 0733) && become(tests::nobody, {}); }, "x", full,
       code::permission, EACCES},
      {"somebody else's file in a sticky directory", nullptr,
       [](const tests::temp_dir& dir) { return own(dir.path(), 0, 01777) && become(tests::nobody, {}); }, "x", full,
       code::permission, EPERM},
      {"an owner that cannot be kept", nullptr,
       [](const tests::temp_dir& dir) { return own(dir.path(), 0, 0777) && become(tests::nobody, {}); }, "x", keep_owner,
       code::permission, EPERM},
      {"a mode that cannot be seen",
       nullptr,
       [](const tests::temp_dir& dir) {
         return own(dir.path(), 0, 0777) && own(dir / "f", 0, 0600) && become(tests::nobody, {});
       },
       "x",
       {.keep = keep::mode},
       code::permission,
       EACCES},
  };
  for (const row& r : rows) check(r);
}

TEST_CASE("atomic_write: a directory that may be written to and not read is enough for ordered") {
  if (tests::skipped_without_root("another user")) return;
  const tests::temp_dir dir;
  REQUIRE(own(dir.path(), 0, 0733));
  CHECK(tests::as_nobody([&]() -> int { return atomic_write(dir / "f", "new", {.durability = durability::ordered}) ? 0 : 1; }) ==
        0);
  CHECK(get(dir / "f") == "new");
}

TEST_CASE("atomic_write: as many descriptors as it needs are two") {
  const tests::temp_dir dir;
  for (const rlim_t free_ones : {0U, 1U, 2U}) {
    const int status = tests::in_child([&]() -> int {
      (void)posix_fs().nonce();
      const int next = ::dup(0);
      ::close(next);
      // Below the limit there may be gaps: fill them, so that exactly that many are left.
      for (int filled; (filled = ::dup(0)) >= 0 && filled < 60;) continue;
      if (!limit(RLIMIT_NOFILE, 61 + free_ones)) return 2;
      const auto done = atomic_write(dir / "f", "x");
      if (!done && done.error().code() != code::busy) return 3;
      return done ? 0 : 1;
    });
    CHECK(status == (free_ones == 2 ? 0 : 1));
  }
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
}
