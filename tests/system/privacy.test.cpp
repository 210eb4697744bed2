// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Who can read a file while it is written, and afterwards.

#include <perdure/fs/any_fs.hpp>
#include <perdure/fs/atomic_write.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/shared.hpp>
#include <tests/support/temp_dir.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <vector>

using namespace perdure;
using tests::get;
using tests::put;

namespace {

struct stat stat_of(const std::string& path) {
  struct stat info = {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info;
}
mode_t mode_of(const std::string& path) { return stat_of(path).st_mode & 07777; }

// Another user who opens whatever appears in the directory, as fast as it can, until told to stop.
struct watched {
  int seen = 0;
  int opened = 0;
  bool ready = false;
  bool stop = false;
};
int watch(const std::string& dir, watched& told) {
  const int directory = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY);
  if (directory < 0) return 1;
  DIR* const listing = ::fdopendir(directory);
  __atomic_store_n(&told.ready, true, __ATOMIC_RELEASE);
  while (!__atomic_load_n(&told.stop, __ATOMIC_ACQUIRE)) {
    ::rewinddir(listing);
    while (const struct dirent* const entry = ::readdir(listing)) {
      if (entry->d_name[0] == '.' && std::strncmp(entry->d_name, ".perdure-", 9) != 0) continue;
      const int file = ::openat(directory, entry->d_name, O_RDONLY);
      if (file >= 0) ::close(file);
      if (file >= 0 || errno == EACCES) ++told.seen;
      if (file >= 0) ++told.opened;
    }
  }
  ::closedir(listing);
  return 0;
}

// An access control list as Linux keeps it in an extended attribute: version 2, then (tag, permissions, id) of each entry.
struct acl_entry {
  std::uint16_t tag, rights;
  std::uint32_t id;
};
constexpr std::uint16_t acl_owner = 1, acl_user = 2, acl_group = 4, acl_mask = 16, acl_other = 32;
constexpr std::uint32_t nobody_in_particular = UINT32_MAX;
std::string acl(const std::vector<acl_entry>& entries) {
  const std::uint32_t version = 2;
  std::string text(reinterpret_cast<const char*>(&version), sizeof(version));
  for (const auto& entry : entries) text.append(reinterpret_cast<const char*>(&entry), sizeof(entry));
  return text;
}
bool set_acl(const std::string& path, const char* name, const std::string& value) {
  return ::setxattr(path.c_str(), name, value.data(), value.size(), 0) == 0;
}
std::string acl_of(const std::string& path) {
  char value[256];
  const ssize_t size = ::getxattr(path.c_str(), "system.posix_acl_access", value, sizeof(value));
  return size < 0 ? std::string() : std::string(value, static_cast<std::size_t>(size));
}
bool skipped_without_acls(const tests::temp_dir& dir) {
  if (set_acl(dir.path(), "system.posix_acl_default",
              acl({{acl_owner, 7, nobody_in_particular},
                   {acl_group, 5, nobody_in_particular},
                   {acl_other, 5, nobody_in_particular}})))
    return false;
  std::printf("SKIPPED: access control lists on %s\n", dir.path().c_str());
  return true;
}
bool can_read(const std::string& path) {
  return tests::as_nobody([&]() -> int { return ::access(path.c_str(), R_OK) == 0 ? 0 : 1; }) == 0;
}

}  // namespace

TEST_CASE("atomic_write: nobody opens the temporary file who may not open the final one") {
  if (tests::skipped_without_root("another user")) return;
  const tests::temp_dir dir;
  REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
  put(dir / "kept", "old");
  REQUIRE(::chmod((dir / "kept").c_str(), 0600) == 0);
  const tests::shared<watched> told;
  const pid_t watcher = tests::start_child([&]() -> int {
    return ::setgid(tests::nobody) == 0 && ::setuid(tests::nobody) == 0 ? watch(dir.path(), *told) : tests::could_not_drop;
  });
  while (!__atomic_load_n(&told->ready, __ATOMIC_ACQUIRE)) ::sched_yield();
  const std::string text(100'000, 's');
  const attributes closed{.mode = 0600, .user = 0, .group = 0};
  for (int i = 0; i < 60; ++i) {
    CHECK(atomic_write(dir / "given", text, {.durability = durability::ordered, .mode = 0600}));
    CHECK(atomic_write(dir / "kept", text, {.durability = durability::ordered, .keep = keep::everything}));
    CHECK(atomic_write(dir / "set", text, {.durability = durability::ordered, .set = attribute_set::mode, .attributes = closed}));
    CHECK(atomic_write(
        dir / "owned", text,
        {.durability = durability::ordered, .set = attribute_set::mode | attribute_set::owner, .attributes = closed}));
  }
  __atomic_store_n(&told->stop, true, __ATOMIC_RELEASE);
  CHECK(tests::end_of(watcher) == 0);
  CHECK(told->seen > 0);
  CHECK(told->opened == 0);
}

TEST_CASE("atomic_write: the file mode creation mask is honoured by mode, and not by what is set exactly or kept") {
  const tests::temp_dir dir;
  put(dir / "kept", "old");
  REQUIRE(::chmod((dir / "kept").c_str(), 0666) == 0);
  struct row {
    mode_t mask;
    permissions mode;
    mode_t created;
  };
  for (const row& r :
       {row{022, 0666, 0644}, row{077, 0666, 0600}, row{0, 0666, 0666}, row{022, 0600, 0600}, row{0777, 0666, 0}}) {
    const mode_t before = ::umask(r.mask);
    const bool created = atomic_write(dir / "f", "x", {.mode = r.mode}).has_value();
    const bool set = atomic_write(dir / "set", "x", {.set = attribute_set::mode, .attributes = {.mode = 0646}}).has_value();
    const bool kept = atomic_write(dir / "kept", "x", {.keep = keep::mode}).has_value();
    ::umask(before);
    INFO(r.mask);
    CHECK((created && set && kept));
    CHECK(mode_of(dir / "f") == r.created);
    CHECK(mode_of(dir / "set") == 0646);
    CHECK(mode_of(dir / "kept") == 0666);
  }
}

TEST_CASE("atomic_write: each keep takes over what it names") {
  if (tests::skipped_without_root("a file of somebody else")) return;
  struct row {
    enum keep keep;
    bool mode, owner, xattrs, modified;
  };
  for (const row& r : {row{keep::nothing, false, false, false, false}, row{keep::mode, true, false, false, false},
                       row{keep::owner, true, true, false, false}, row{keep::xattrs, true, false, true, false},
                       row{keep::modified, false, false, false, true}, row{keep::everything, true, true, true, true}}) {
    for (const auto keeping : {keeping::require, keeping::attempt}) {
      INFO(static_cast<int>(r.keep));
      const tests::temp_dir dir;
      const std::string path = dir / "f";
      put(path, "old");
      REQUIRE(::setxattr(path.c_str(), "user.note", "1", 1, 0) == 0);
      REQUIRE(::chown(path.c_str(), 1234, 5678) == 0);
      REQUIRE(::chmod(path.c_str(), 06751) == 0);
      const struct timespec times[2] = {{1000, 0}, {2000, 0}};
      REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
      const auto done = atomic_write(path, "new", {.keep = r.keep, .keeping = keeping});
      REQUIRE(done);
      CHECK(done->kept == r.keep);
      const auto now = stat_of(path);
      CHECK(get(path) == "new");
      CHECK(((now.st_mode & 07777) == 06751) == r.mode);
      CHECK((now.st_uid == 1234 && now.st_gid == 5678) == r.owner);
      char value[4];
      CHECK((::getxattr(path.c_str(), "user.note", value, sizeof(value)) == 1) == r.xattrs);
      CHECK((now.st_mtim.tv_sec == 2000) == r.modified);
    }
  }
}

TEST_CASE("atomic_write: what is set exactly is what the file has, powers of its owner included") {
  if (tests::skipped_without_root("a file of somebody else")) return;
  const tests::temp_dir dir;
  const auto done = atomic_write(dir / "f", "x",
                                 {.set = attribute_set::mode | attribute_set::owner | attribute_set::modified,
                                  .attributes = {.mode = 04711, .user = 77, .group = 88, .modified_ns = 5'000'000'007}});
  REQUIRE(done);
  const auto info = stat_of(dir / "f");
  CHECK((info.st_mode & 07777) == 04711);
  CHECK((info.st_uid == 77 && info.st_gid == 88));
  CHECK((info.st_mtim.tv_sec == 5 && info.st_mtim.tv_nsec == 7));
  // Beside what is kept, what is set wins.
  REQUIRE(atomic_write(dir / "f", "y", {.keep = keep::owner, .set = attribute_set::mode, .attributes = {.mode = 0640}}));
  CHECK(mode_of(dir / "f") == 0640);
  CHECK(stat_of(dir / "f").st_uid == 77);
}

TEST_CASE("atomic_write: an attempt without the owner strips the group of what was another's, and the owner's powers") {
  if (tests::skipped_without_root("a file of somebody else")) return;
  struct row {
    mode_t had, has;
  };
  for (const row& r : {row{0664, 0644}, row{0660, 0600}, row{06775, 0755}, row{0604, 0644}, row{0640, 0600}}) {
    INFO(r.had);
    const tests::temp_dir dir;
    REQUIRE(::chmod(dir.path().c_str(), 0777) == 0);
    put(dir / "f", "old");
    REQUIRE(::chown((dir / "f").c_str(), tests::nobody, 0) == 0);  // the user's own file, of a group that is not the user's
    REQUIRE(::chmod((dir / "f").c_str(), r.had) == 0);
    const auto as_user = [&](enum keeping keeping) {
      return tests::as_nobody([&]() -> int {
        const auto done = atomic_write(dir / "f", "new", {.keep = keep::owner, .keeping = keeping});
        if (!done) return done.error().code() == code::permission && done.error().outcome() == outcome::unchanged ? 1 : 2;
        // Where the mode needed no change, that much was kept.
        return done->kept == (r.had == r.has ? keep::mode : keep::nothing) ? 0 : 3;
      });
    };
    CHECK(as_user(keeping::require) == 1);
    CHECK(get(dir / "f") == "old");
    CHECK(mode_of(dir / "f") == r.had);
    CHECK(tests::names_in(dir.path()) == std::set<std::string>{"f"});
    CHECK(as_user(keeping::attempt) == 0);
    CHECK(get(dir / "f") == "new");
    CHECK(mode_of(dir / "f") == r.has);
    CHECK(stat_of(dir / "f").st_gid == tests::nobody);
  }
}

TEST_CASE("atomic_write: a file is read by those of the replaced one's access control list, and by no one more") {
  if (tests::skipped_without_root("another user")) return;
  const tests::temp_dir dir;
  REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
  if (skipped_without_acls(dir)) return;
  const auto for_nobody = [](std::uint16_t mask) {
    return acl({{acl_owner, 6, nobody_in_particular},
                {acl_user, 4, tests::nobody},
                {acl_group, 0, nobody_in_particular},
                {acl_mask, mask, nobody_in_particular},
                {acl_other, 0, nobody_in_particular}});
  };
  // A list of its own comes along.
  put(dir / "f", "old");
  REQUIRE(set_acl(dir / "f", "system.posix_acl_access", for_nobody(4)));
  REQUIRE(can_read(dir / "f"));
  REQUIRE(atomic_write(dir / "f", "new", {.keep = keep::everything}));
  CHECK(acl_of(dir / "f") == for_nobody(4));
  CHECK(can_read(dir / "f"));

  // One that the directory hands to new files, and that the replaced one had not, does not.
  put(dir / "g", "old");
  REQUIRE(::chmod((dir / "g").c_str(), 0640) == 0);
  (void)::removexattr((dir / "g").c_str(), "system.posix_acl_access");
  REQUIRE(set_acl(dir.path(), "system.posix_acl_default",
                  acl({{acl_owner, 7, nobody_in_particular},
                       {acl_user, 6, tests::nobody},
                       {acl_group, 5, nobody_in_particular},
                       {acl_mask, 7, nobody_in_particular},
                       {acl_other, 0, nobody_in_particular}})));
  REQUIRE_FALSE(can_read(dir / "g"));
  posix_fs disk;
  any_fs any(disk);
  for (const enum keep keep : {keep::xattrs, keep::everything}) {
    const auto erased = atomic_write(any, dir / "g", "new", {.keep = keep});
    REQUIRE(erased);
    CHECK(erased->kept == keep);
    CHECK(acl_of(dir / "g").empty());
    CHECK_FALSE(can_read(dir / "g"));
    const auto done = atomic_write(dir / "g", "new", {.keep = keep});
    REQUIRE(done);
    CHECK(done->kept == keep);
    CHECK(acl_of(dir / "g").empty());
    CHECK(mode_of(dir / "g") == 0640);
    CHECK_FALSE(can_read(dir / "g"));
  }
}

TEST_CASE("atomic_write: an access control list does not go to a file whose owner could not be kept, its notes do") {
  if (tests::skipped_without_root("another user")) return;
  const tests::temp_dir dir;
  if (skipped_without_acls(dir)) return;
  REQUIRE(::chmod(dir.path().c_str(), 0777) == 0);
  put(dir / "f", "old");
  REQUIRE(::chmod((dir / "f").c_str(), 0644) == 0);
  REQUIRE(::setxattr((dir / "f").c_str(), "user.note", "1", 1, 0) == 0);
  REQUIRE(set_acl(dir / "f", "system.posix_acl_access",
                  acl({{acl_owner, 6, nobody_in_particular},
                       {acl_user, 4, 4321},
                       {acl_group, 4, nobody_in_particular},
                       {acl_mask, 4, nobody_in_particular},
                       {acl_other, 4, nobody_in_particular}})));
  const int status = tests::as_nobody([&]() -> int {
    const auto done = atomic_write(dir / "f", "new", {.keep = keep::everything, .keeping = keeping::attempt});
    return done && !contains(done->kept, keep::owner) && !contains(done->kept, keep::xattrs) ? 0 : 1;
  });
  CHECK(status == 0);
  CHECK(acl_of(dir / "f").empty());
  char value[4];
  CHECK(::getxattr((dir / "f").c_str(), "user.note", value, sizeof(value)) == 1);
}
