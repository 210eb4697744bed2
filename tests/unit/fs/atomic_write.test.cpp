// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/testing/fs_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/models.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <cerrno>
#include <csignal>
#include <thread>
#include <vector>

using namespace perdure;
using tests::fail;
using tests::get;
using tests::names_in;
using tests::put;

namespace {

using fs_over_posix = tests::scripted_fs<posix_fs>;

std::string said(const failure& why) { return std::string(describe(why)); }

struct stat stat_of(const std::string& path) {
  struct stat info = {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info;
}

}  // namespace

TEST_CASE("atomic_write: the file holds the content, new or replaced, and nothing is left beside it") {
  const tests::temp_dir dir;
  for (const std::string& text :
       {std::string("first"), std::string("the second, longer"), std::string(), std::string(3'000'000, 'x')}) {
    const auto report = atomic_write(dir / "file", text);
    REQUIRE(report);
    CHECK(report->durability == durability::full);
    CHECK_FALSE(report->skipped);
    CHECK(get(dir / "file") == text);
    CHECK(names_in(dir.path()) == std::set<std::string>{"file"});
  }
  const bytes parts[] = {"one ", "", "two ", "three"};
  REQUIRE(atomic_write(dir / "file", gather(parts, 4)));
  CHECK(get(dir / "file") == "one two three");
}

TEST_CASE("atomic_write: every durability does its steps in its order, and no other") {
  const tests::temp_dir dir;
  posix_fs disk;
  const auto trace = [&](const write_options& options) {
    fs_over_posix fs(disk);
    REQUIRE(atomic_write(fs, dir / "f", "x", options));
    return fs.script().trace();
  };
  // A barrier, for the sync of the directory makes what is before it durable, too.
  CHECK(trace({}) == "create write sync(order) close rename sync_dir(" + dir.path() + ")");
  CHECK(trace({.durability = durability::ordered}) == "create write sync(order) close rename");
  CHECK(trace({.durability = durability::none}) == "create write close rename");
  CHECK(trace({.set = attribute_set::mode, .attributes = {.mode = 0600}}) ==
        "create write set_attributes sync(all) close rename sync_dir(" + dir.path() + ")");
  const std::string at_least = trace({.at_least = durability::full});
  CHECK(at_least.rfind("sync_dir(" + dir.path() + ") create", 0) == 0);
  CHECK(trace({.durability = durability::none, .at_least = durability::ordered}) == "create write sync(order) close rename");
  CHECK(trace({.at_least = durability::full, .content = content::skip_unchanged}) ==
        "stat open size read sync(all) sync_dir(" + dir.path() + ")");
}

TEST_CASE("atomic_write: the file whose mode is kept is closed before it is replaced, and what that answers is told") {
  const tests::temp_dir dir;
  posix_fs disk;
  put(dir / "f", "old");
  fs_over_posix fs(disk);
  REQUIRE(atomic_write(fs, dir / "f", "new", {.keep = keep::mode}));
  CHECK(fs.script().trace() == "stat open create write set_attributes sync(all) close close rename sync_dir(" + dir.path() + ")");
  int closes = 0;
  fs.script().before = [&](const std::string& call) -> std::optional<failure> {
    if (call != "close" || ++closes != 1) return std::nullopt;
    return failure(code::io, operation::close, EIO).with(doubt::durable);
  };
  const auto done = atomic_write(fs, dir / "f", "newer", {.keep = keep::mode});
  REQUIRE_FALSE(done);
  CHECK((done.error().code() == code::io && done.error().outcome() == outcome::unchanged));
  CHECK(get(dir / "f") == "new");
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
}

TEST_CASE("atomic_write: a failure before the rename leaves the old file, no temporary one, and says unchanged") {
  const tests::temp_dir dir;
  posix_fs disk;
  for (const char* step : {"create", "write", "sync(order)", "close", "rename"}) {
    for (const failure& why : {failure(code::no_space, operation::write, ENOSPC), failure(code::io, operation::sync, EIO)}) {
      put(dir / "f", "old");
      fs_over_posix fs(disk);
      fs.script().before = fail(step, why);
      const auto done = atomic_write(fs, dir / "f", "new");
      INFO(step);
      REQUIRE_FALSE(done);
      CHECK(done.error().code() == why.code());
      CHECK(done.error().system_code() == why.system_code());
      CHECK(done.error().outcome() == outcome::unchanged);
      CHECK(get(dir / "f") == "old");
      CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
    }
  }
}

TEST_CASE("atomic_write: a doubt about the temporary file is no doubt about the target") {
  const tests::temp_dir dir;
  posix_fs disk;
  put(dir / "f", "old");
  fs_over_posix fs(disk);
  fs.script().before = fail("write", failure(code::no_space, operation::write, ENOSPC).with(doubt::visible));
  const auto done = atomic_write(fs, dir / "f", "new");
  REQUIRE_FALSE(done);
  CHECK(done.error().outcome() == outcome::unchanged);
  CHECK(done.error().path() == bytes(dir / "f").from((dir / "f").size() > 54 ? (dir / "f").size() - 54 : 0));
  fs_over_posix unsure(disk);
  unsure.script().after = fail("create", failure(code::io, operation::open, EIO).with(doubt::visible));
  CHECK(atomic_write(unsure, dir / "f", "new").error().outcome() == outcome::unchanged);
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
}

TEST_CASE("atomic_write: a rename that may have happened is unknown and visible") {
  const tests::temp_dir dir;
  posix_fs disk;
  put(dir / "f", "old");
  fs_over_posix fs(disk);
  fs.script().after = fail("rename", failure(code::io, operation::rename, EIO).with(doubt::visible));
  const auto done = atomic_write(fs, dir / "f", "new");
  REQUIRE_FALSE(done);
  CHECK(done.error().outcome() == outcome::unknown);
  CHECK(done.error().doubt() == doubt::visible);
  CHECK(get(dir / "f") == "new");
}

TEST_CASE("atomic_write: a failed sync of the directory is unknown and durable, and is not tried again") {
  const tests::temp_dir dir;
  posix_fs disk;
  put(dir / "f", "old");
  fs_over_posix fs(disk);
  const std::string sync = "sync_dir(" + dir.path() + ")";
  fs.script().before = fail(sync, failure(code::sync_lost, operation::sync_dir, EIO));
  const auto done = atomic_write(fs, dir / "f", "new");
  REQUIRE_FALSE(done);
  CHECK(done.error().doubt() == doubt::durable);
  CHECK(done.error().code() == code::sync_lost);
  CHECK(get(dir / "f") == "new");
  CHECK(fs.script().calls.back() == sync);
  CHECK(std::count(fs.script().calls.begin(), fs.script().calls.end(), sync) == 1);
}

TEST_CASE("atomic_write: where a directory cannot be synced, success says ordered, and at_least full is refused untouched") {
  const tests::temp_dir dir;
  posix_fs disk;
  put(dir / "f", "old");
  fs_over_posix fs(disk);
  fs.script().before = fail("sync_dir(" + dir.path() + ")", failure(code::unsupported, operation::sync_dir));
  const auto done = atomic_write(fs, dir / "f", "new");
  REQUIRE(done);
  CHECK(done->durability == durability::ordered);
  fs.script().calls.clear();
  const auto refused = atomic_write(fs, dir / "f", "newer", {.at_least = durability::full});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == code::unsupported);
  CHECK(get(dir / "f") == "new");
  CHECK(fs.script().calls.size() == 1);
  const auto unchanged = atomic_write(fs, dir / "f", "new", {.at_least = durability::full, .content = content::skip_unchanged});
  REQUIRE_FALSE(unchanged);
  CHECK(unchanged.error().code() == code::unsupported);
  const auto skipped = atomic_write(fs, dir / "f", "new", {.content = content::skip_unchanged});
  REQUIRE(skipped);
  CHECK((skipped->skipped && skipped->durability == durability::ordered));
  // A volume that could when it was asked, and cannot any more when it matters.
  int syncs = 0;
  fs.script().before = [&](const std::string& call) -> std::optional<failure> {
    if (call != "sync_dir(" + dir.path() + ")" || ++syncs == 1) return std::nullopt;
    return failure(code::unsupported, operation::sync_dir);
  };
  const auto late = atomic_write(fs, dir / "f", "newest", {.at_least = durability::full});
  REQUIRE_FALSE(late);
  CHECK((late.error().code() == code::unsupported && late.error().doubt() == doubt::durable));
}

TEST_CASE("atomic_write: where a file cannot be synced, success says none, and at_least ordered is refused") {
  const tests::temp_dir dir;
  posix_fs disk;
  fs_over_posix fs(disk);
  fs.script().before = [](const std::string& call) {
    return call.rfind("sync(", 0) == 0 ? std::optional(failure(code::unsupported, operation::sync)) : std::nullopt;
  };
  const auto done = atomic_write(fs, dir / "f", "new");
  REQUIRE(done);
  CHECK(done->durability == durability::none);
  CHECK(atomic_write(fs, dir / "f", "newer", {.at_least = durability::ordered}).error().code() == code::unsupported);
  CHECK(get(dir / "f") == "new");
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
}

TEST_CASE("atomic_write: a taken temporary name is skipped and never touched") {
  const tests::temp_dir dir;
  posix_fs disk;
  fs_over_posix fs(disk);
  int taken = 3;
  fs.script().before = [&](const std::string& call) {
    return call == "create" && taken-- > 0 ? std::optional(failure(code::already_exists, operation::open, EEXIST)) : std::nullopt;
  };
  CHECK(atomic_write(fs, dir / "f", "x"));
  taken = 1000;
  const auto done = atomic_write(fs, dir / "f", "y");
  REQUIRE_FALSE(done);
  CHECK(done.error().code() == code::busy);
  CHECK(get(dir / "f") == "x");
}

TEST_CASE("atomic_write: on a device whose nonces start again, what was left under the next name stays as it is") {
  mem_fs memory;
  testing::poorest_fs<mem_fs> device(memory);
  const temp_name orphan(nonce{.serial = 1});
  const std::string left = "what a writer before the last restart left";
  REQUIRE(tests::put_into(device, std::string(orphan.data(), orphan.size()), left));
  REQUIRE(atomic_write(device, "f", "new"));
  CHECK(tests::get_from(device, "f") == "new");
  CHECK(tests::get_from(device, std::string(orphan.data(), orphan.size())) == left);
  CHECK(device.nonce().serial == 3);  // the first one was taken
}

TEST_CASE("atomic_write: what goes wrong, as code, outcome and system code") {
  const tests::temp_dir dir;
  REQUIRE(::mkdir((dir / "directory").c_str(), 0777) == 0);
  REQUIRE(::symlink("nowhere", (dir / "dangling").c_str()) == 0);
  REQUIRE(::symlink("loop", (dir / "loop").c_str()) == 0);
  put(dir / "old", "old");
  struct row {
    const char* input;
    std::string path;
    write_options options;
    enum code code;
    int system_code;
  };
  const row rows[] = {
      {"an empty path", "", {}, code::invalid_argument, 0},
      {"a NUL in the name", dir / std::string("a\0b", 3), {}, code::invalid_argument, 0},
      {"a NUL in the directory", dir / std::string("a\0b/c", 5), {}, code::invalid_argument, 0},
      {"a name of 256 bytes", dir / std::string(256, 'n'), {}, code::too_large, 0},
      {"a path of 5000 bytes", dir / std::string(5000, 'n'), {}, code::too_large, 0},
      {"a directory as target", dir / "directory", {}, code::is_a_directory, EISDIR},
      {"a name that ends in /", dir / "old/", {}, code::is_a_directory, 0},
      {"..", dir / "..", {}, code::is_a_directory, 0},
      {".", ".", {}, code::is_a_directory, 0},
      {"/", "/", {}, code::is_a_directory, 0},
      {"a missing parent", dir / "missing/f", {}, code::not_found, ENOENT},
      {"a missing parent, ordered", dir / "missing/f", {.durability = durability::ordered}, code::not_found, ENOENT},
      {"a file as parent", dir / "old/f", {}, code::not_a_directory, ENOTDIR},
      {"a file as grandparent", dir / "old/x/f", {}, code::not_a_directory, ENOTDIR},
      {"a file as parent, to be made", dir / "old/f", {.parents = parents::make}, code::not_a_directory, 0},
      {"a dangling link, followed", dir / "dangling", {.target_link = target_link::follow}, code::not_found, ENOENT},
      {"a dangling link, refused", dir / "dangling", {.target_link = target_link::refuse}, code::invalid_argument, 0},
      {"a loop of links", dir / "loop", {.target_link = target_link::follow}, code::invalid_argument, 0},
      {"an existing file, refused", dir / "old", {.existing = existing::refuse}, code::already_exists, EEXIST},
      {"an existing directory, refused", dir / "directory", {.existing = existing::refuse}, code::already_exists, EEXIST},
      {"a dangling link, to be created", dir / "dangling", {.existing = existing::refuse}, code::already_exists, EEXIST},
      {"an owner without a mode", dir / "old", {.set = attribute_set::owner}, code::invalid_argument, 0},
      {"procfs", "/proc/self/f", {}, code::not_found, ENOENT},
  };
  const auto before = names_in(dir.path());
  for (const row& r : rows) {
    INFO(r.input);
    const auto done = atomic_write(r.path, "new", r.options);
    REQUIRE_FALSE(done);
    INFO(said(done.error()));
    CHECK(done.error().code() == r.code);
    CHECK(done.error().system_code() == r.system_code);
    CHECK(done.error().outcome() == outcome::unchanged);
    CHECK(get(dir / "old") == "old");
    CHECK(names_in(dir.path()) == before);
  }
}

TEST_CASE("atomic_write: the longest name there is can be written") {
  const tests::temp_dir dir;
  const std::string name(255, 'n');
  REQUIRE(atomic_write(dir / name, "x"));
  CHECK(get(dir / name) == "x");
}

TEST_CASE("atomic_write: a full disk, a read-only one and missing rights leave the old file") {
  const tests::temp_dir dir;
  if (!tests::skipped_without_root("a full disk")) {
    const auto refused = [&](const char* options, const std::string& content, enum code code, int system_code, bool read_only) {
      return tests::with_tmpfs(dir.path(), options, [&]() -> int {
        put(dir / "f", "old");
        if (read_only && ::mount(nullptr, dir.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0)
          return tests::could_not_mount;
        const auto done = atomic_write(dir / "f", content);
        if (done) return 1;
        if (done.error().code() != code) return 2;
        if (done.error().system_code() != system_code) return 3;
        if (done.error().outcome() != outcome::unchanged) return 4;
        if (get(dir / "f") != "old") return 5;
        return names_in(dir.path()) == std::set<std::string>{"f"} ? 0 : 6;
      });
    };
    CHECK(refused("size=64k", std::string(200'000, 'x'), code::no_space, ENOSPC, false) == 0);
    CHECK(refused("size=1m,nr_inodes=2", "x", code::no_space, ENOSPC, false) == 0);
    CHECK(refused("size=1m", "x", code::permission, EROFS, true) == 0);
  }
  put(dir / "f", "old");
  REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
  const auto without_rights = [&](mode_t mode) {
    return tests::as_nobody([&]() -> int {
      if (!tests::is_root()) ::chmod(dir.path().c_str(), mode);
      const auto done = atomic_write(dir / "f", "new");
      if (done) return 1;
      if (done.error().code() != code::permission || done.error().system_code() != EACCES) return 2;
      return done.error().outcome() == outcome::unchanged ? 0 : 3;
    });
  };
  CHECK(without_rights(0555) == 0);
  CHECK(get(dir / "f") == "old");
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
  REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
}

TEST_CASE("atomic_write: a file over the process's limit is too_large") {
  const tests::temp_dir dir;
  put(dir / "f", "old");
  const int answer = tests::in_child([&]() -> int {
    const struct rlimit limit = {1000, 1000};
    ::signal(SIGXFSZ, SIG_IGN);
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    const auto done = atomic_write(dir / "f", std::string(5000, 'x'));
    if (done || done.error().code() != code::too_large || done.error().system_code() != EFBIG) return 2;
    return done.error().outcome() == outcome::unchanged ? 0 : 3;
  });
  CHECK(answer == 0);
  CHECK(get(dir / "f") == "old");
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
}

TEST_CASE("atomic_write: a new file is as open as any that the process creates") {
  const tests::temp_dir dir;
  const mode_t before = ::umask(027);
  const auto done = atomic_write(dir / "f", "x");
  ::umask(before);
  REQUIRE(done);
  CHECK((stat_of(dir / "f").st_mode & 07777) == 0640);
}

TEST_CASE("atomic_write: the time alone is kept, and the mode is that of any new file") {
  const tests::temp_dir dir;
  put(dir / "f", "old");
  REQUIRE(::chmod((dir / "f").c_str(), 0600) == 0);
  const mode_t before = ::umask(022);
  const auto done = atomic_write(dir / "f", "new", {.keep = keep::modified});
  ::umask(before);
  REQUIRE(done);
  CHECK((stat_of(dir / "f").st_mode & 07777) == 0644);
}

TEST_CASE("atomic_write: mode, owner, times and attributes of the replaced file are kept when asked") {
  const tests::temp_dir dir;
  put(dir / "f", "old");
  REQUIRE(::chmod((dir / "f").c_str(), 0751) == 0);
  const bool with_xattr = ::setxattr((dir / "f").c_str(), "user.note", "kept", 4, 0) == 0;
  const struct timespec times[2] = {{1000, 5}, {2000, 7}};
  REQUIRE(::utimensat(AT_FDCWD, (dir / "f").c_str(), times, 0) == 0);
  if (tests::is_root()) {
    REQUIRE(::chown((dir / "f").c_str(), 1234, 5678) == 0);
    REQUIRE(::chmod((dir / "f").c_str(), 04751) == 0);
  }
  const auto old = stat_of(dir / "f");
  const auto done = atomic_write(dir / "f", "new", {.keep = keep::everything});
  REQUIRE(done);
  CHECK(done->kept == keep::everything);
  const auto now = stat_of(dir / "f");
  CHECK(get(dir / "f") == "new");
  CHECK(now.st_mode == old.st_mode);
  CHECK((now.st_uid == old.st_uid && now.st_gid == old.st_gid));
  CHECK((now.st_mtim.tv_sec == 2000 && now.st_mtim.tv_nsec == 7));
  if (with_xattr) {
    char value[8] = {};
    CHECK(::getxattr((dir / "f").c_str(), "user.note", value, sizeof(value)) == 4);
  }
  // Nothing to keep of what is not there, and of a link.
  const auto created = atomic_write(dir / "g", "x", {.keep = keep::everything});
  REQUIRE(created);
  CHECK(created->kept == keep::nothing);
  REQUIRE(::symlink("f", (dir / "link").c_str()) == 0);
  CHECK(atomic_write(dir / "link", "x", {.keep = keep::mode})->kept == keep::nothing);
}

TEST_CASE("atomic_write: an owner that may not be kept is a failure, or takes the group's rights along") {
  if (tests::skipped_without_root("a file of somebody else")) return;
  const tests::temp_dir dir;
  REQUIRE(::chmod(dir.path().c_str(), 0777) == 0);
  put(dir / "f", "old");
  REQUIRE(::chmod((dir / "f").c_str(), 0664) == 0);
  const int required = tests::as_nobody([&]() -> int {
    const auto done = atomic_write(dir / "f", "new", {.keep = keep::owner});
    return !done && done.error().code() == code::permission && done.error().outcome() == outcome::unchanged ? 0 : 1;
  });
  CHECK(required == 0);
  CHECK(get(dir / "f") == "old");
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
  const int attempted = tests::as_nobody([&]() -> int {
    const auto done = atomic_write(dir / "f", "new", {.keep = keep::owner, .keeping = keeping::attempt});
    return done && done->kept == keep::nothing ? 0 : 1;
  });
  CHECK(attempted == 0);
  CHECK(get(dir / "f") == "new");
  CHECK((stat_of(dir / "f").st_mode & 07777) == 0644);
}

TEST_CASE("atomic_write: a file is never more open than the final one, from its first moment") {
  const tests::temp_dir dir;
  posix_fs disk;
  const auto mode_at_first = [&](const write_options& options) {
    fs_over_posix fs(disk);
    mode_t seen = 07777;
    fs.script().before = [&](const std::string& call) -> std::optional<failure> {
      if (call == "write") {
        for (const auto& name : names_in(dir.path())) {
          if (name.rfind(".perdure-", 0) == 0) seen = stat_of(dir / name).st_mode & 07777;
        }
      }
      return std::nullopt;
    };
    REQUIRE(atomic_write(fs, dir / "f", "secret", options));
    return seen;
  };
  CHECK((mode_at_first({.mode = 0600}) & 0077) == 0);
  CHECK((mode_at_first({.set = attribute_set::mode, .attributes = {.mode = 0640}}) & 0077) == 0);
  CHECK((stat_of(dir / "f").st_mode & 07777) == 0640);
  CHECK((mode_at_first({.keep = keep::mode}) & 0077) == 0);
  CHECK((stat_of(dir / "f").st_mode & 07777) == 0640);
}

TEST_CASE("atomic_write: a symbolic link as target is replaced, followed or refused") {
  const tests::temp_dir dir;
  REQUIRE(::mkdir((dir / "sub").c_str(), 0777) == 0);
  put(dir / "sub/file", "old");
  REQUIRE(::symlink("sub/second", (dir / "first").c_str()) == 0);
  REQUIRE(::symlink("../sub/file", (dir / "sub/second").c_str()) == 0);
  REQUIRE(atomic_write(dir / "first", "through", {.target_link = target_link::follow}));
  CHECK(get(dir / "sub/file") == "through");
  CHECK(S_ISLNK(stat_of(dir / "first").st_mode));
  CHECK(names_in(dir / "sub") == std::set<std::string>{"file", "second"});
  CHECK(atomic_write(dir / "first", "x", {.target_link = target_link::refuse}).error().code() == code::invalid_argument);
  REQUIRE(::symlink((dir / "sub/file").c_str(), (dir / "absolute").c_str()) == 0);
  REQUIRE(atomic_write(dir / "absolute", "absolutely", {.target_link = target_link::follow}));
  CHECK(get(dir / "sub/file") == "absolutely");
  REQUIRE(atomic_write(dir / "first", "replaced"));
  CHECK(S_ISREG(stat_of(dir / "first").st_mode));
  CHECK(get(dir / "sub/file") == "absolutely");
  REQUIRE(atomic_write(dir / "new", "x", {.target_link = target_link::follow}));
  REQUIRE(atomic_write(dir / "new", "y", {.target_link = target_link::refuse}));
  CHECK(get(dir / "new") == "y");
}

TEST_CASE("atomic_write: unchanged content is made durable as it is, and everything else is written") {
  const tests::temp_dir dir;
  posix_fs disk;
  const write_options skip{.content = content::skip_unchanged};
  const std::string text(5000, 't');
  put(dir / "f", text);
  const auto inode = stat_of(dir / "f").st_ino;
  {
    fs_over_posix fs(disk);
    const auto done = atomic_write(fs, dir / "f", text, skip);
    REQUIRE(done);
    CHECK((done->skipped && done->durability == durability::full));
    CHECK(stat_of(dir / "f").st_ino == inode);
    CHECK(fs.script().trace() == "stat open size read read read read read sync(all) sync_dir(" + dir.path() + ")");
  }
  {
    fs_over_posix fs(disk);
    fs.script().before = fail("sync(all)", failure(code::sync_lost, operation::sync, EIO));
    const auto done = atomic_write(fs, dir / "f", text, skip);
    REQUIRE(done);
    CHECK_FALSE(done->skipped);
    CHECK(stat_of(dir / "f").st_ino != inode);
  }
  for (const std::string& other : {std::string(5000, 'u'), text + "x", text.substr(1), std::string()}) {
    const auto done = atomic_write(dir / "f", other, skip);
    REQUIRE(done);
    CHECK_FALSE(done->skipped);
    CHECK(get(dir / "f") == other);
  }
  put(dir / "same", "same");
  REQUIRE(::symlink("same", (dir / "link").c_str()) == 0);
  CHECK_FALSE(atomic_write(dir / "link", "same", skip)->skipped);
  CHECK(atomic_write(dir / "same", "same", {.durability = durability::none, .content = content::skip_unchanged})->skipped);
  CHECK(atomic_write(dir / "same", "same", {.durability = durability::ordered, .content = content::skip_unchanged})->skipped);
}

TEST_CASE("atomic_write: missing directories are made when asked, and every ancestor is synced") {
  const tests::temp_dir dir;
  REQUIRE(atomic_write(dir / "a/b/c/f", "deep", {.parents = parents::make}));
  CHECK(get(dir / "a/b/c/f") == "deep");
  posix_fs disk;
  fs_over_posix fs(disk);
  REQUIRE(atomic_write(fs, dir / "a/b/c/f", "deeper", {.parents = parents::make}));
  for (const std::string& ancestor : {dir / "a/b/c", dir / "a/b", dir / "a", dir.path(), std::string("/tmp"), std::string("/")}) {
    INFO(ancestor);
    CHECK(std::count(fs.script().calls.begin(), fs.script().calls.end(), "sync_dir(" + ancestor + ")") == 1);
  }
}

TEST_CASE("atomic_write: concurrent writers of one target leave one of their values, whole") {
  const tests::temp_dir dir;
  const auto value_of = [](int writer) { return std::string(40'000, static_cast<char>('a' + writer)); };
  put(dir / "f", value_of(0));
  const auto write_some = [&](int writer) {
    for (int i = 0; i < 30; ++i) {
      if (!atomic_write(dir / "f", value_of(writer), {.durability = durability::ordered})) return 1;
    }
    return 0;
  };
  const auto is_whole = [](const std::string& text) {
    return text.size() == 40'000 && text.find_first_not_of(text[0]) == std::string::npos;
  };
  std::vector<pid_t> processes;
  for (int p = 0; p < 3; ++p) processes.push_back(tests::start_child([&, p] { return write_some(p); }));
  std::vector<std::thread> threads;
  std::vector<int> failures(3);
  for (std::size_t t = 0; t < 3; ++t) threads.emplace_back([&, t] { failures[t] = write_some(static_cast<int>(3 + t)); });
  int torn = 0;
  for (int i = 0; i < 200; ++i) torn += is_whole(get(dir / "f")) ? 0 : 1;
  for (auto& thread : threads) thread.join();
  for (const pid_t process : processes) CHECK(tests::end_of(process) == 0);
  CHECK(failures == std::vector<int>(3));
  CHECK(torn == 0);
  CHECK(is_whole(get(dir / "f")));
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
}

TEST_CASE("atomic_write: at_least full is refused where an ancestor that was to be made durable cannot be") {
  const tests::temp_dir dir;
  posix_fs disk;
  fs_over_posix fs(disk);
  fs.script().before = fail("sync_dir(" + dir.path() + ")", failure(code::unsupported, operation::sync_dir, EINVAL));
  const write_options options{.at_least = durability::full, .parents = parents::make};
  const auto refused = atomic_write(fs, dir / "a/b/f", "x", options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == code::unsupported);
  CHECK(refused.error().outcome() == outcome::unchanged);
  CHECK(names_in(dir / "a/b").empty());
  const auto less = atomic_write(fs, dir / "a/b/f", "x", {.parents = parents::make});
  REQUIRE(less);
  CHECK(less->durability == durability::ordered);
}

TEST_CASE("atomic_write: a pipe or a device as target is replaced like any file, and nobody waits for its other end") {
  const tests::temp_dir dir;
  for (const auto content : {content::write, content::skip_unchanged}) {
    for (const auto keep : {keep::nothing, keep::everything}) {
      REQUIRE(::mkfifo((dir / "pipe").c_str(), 0666) == 0);
      const int status = tests::in_child([&]() -> int {
        ::alarm(20);
        const auto done = atomic_write(dir / "pipe", "", {.content = content, .keep = keep});
        return done && !done->skipped && done->kept == keep::nothing ? 0 : 1;
      });
      CHECK(status == 0);
      CHECK(S_ISREG(stat_of(dir / "pipe").st_mode));
      std::filesystem::remove(dir / "pipe");
    }
  }
}

TEST_CASE("atomic_write: a path as long as paths can be is written, at every durability, and a longer one is too_large") {
  const tests::temp_dir dir;
  std::string deep = dir.path();
  while (deep.size() + 201 < 3900) deep += "/" + std::string(200, 'd');
  deep += "/" + std::string(4050 - deep.size(), 'd');  // too deep for a temporary name behind it
  REQUIRE(make_dirs(deep, durability::none));
  for (const auto durability : {durability::none, durability::ordered, durability::full}) {
    for (const std::size_t size : {4053U, 4094U, 4095U}) {
      INFO(size);
      const std::string path = deep + "/" + std::string(size - deep.size() - 1, 'n');
      REQUIRE(atomic_write(path, "x", {.durability = durability}));
      CHECK(get(path) == "x");
      REQUIRE(posix_fs().remove(path));
    }
    for (const std::size_t size : {4096U, 4097U, 4200U}) {
      INFO(size);
      const std::string path = deep + "/" + std::string(size - deep.size() - 1, 'n');
      const auto done = atomic_write(path, "x", {.durability = durability});
      REQUIRE_FALSE(done);
      CHECK(done.error().code() == code::too_large);
    }
  }
  CHECK(names_in(deep).empty());
}

TEST_CASE("atomic_write: a link is followed through directories, and each way that it cannot be followed is told") {
  const tests::temp_dir dir;
  posix_fs fs;
  REQUIRE(make_dirs(dir / "real/sub", durability::none));
  REQUIRE(fs.make_link("real/sub", dir / "way"));  // a link in the middle of a path, and ".." behind it
  put(dir / "real/file", "old");
  REQUIRE(fs.make_link("../file", dir / "real/sub/link"));
  const write_options follow{.target_link = target_link::follow};
  REQUIRE(atomic_write(dir / "way/link", "new", follow));
  CHECK(get(dir / "real/file") == "new");
  CHECK(fs.stat_link(dir / "real/sub/link")->kind == file_kind::link);
  CHECK(names_in(dir / "real") == std::set<std::string>{"file", "sub"});
  CHECK(names_in(dir / "real/sub") == std::set<std::string>{"link"});

  REQUIRE(fs.make_link("b", dir / "a"));
  REQUIRE(fs.make_link("a", dir / "b"));
  REQUIRE(fs.make_link("missing/f", dir / "nowhere"));
  REQUIRE(fs.make_link("real", dir / "directory"));
  REQUIRE(fs.make_link("real/file/f", dir / "through-file"));
  struct row {
    const char* name;
    enum code followed, refused;
  };
  const auto before = names_in(dir.path());
  for (const row& r :
       {row{"a", code::invalid_argument, code::invalid_argument}, row{"nowhere", code::not_found, code::invalid_argument},
        row{"directory", code::is_a_directory, code::invalid_argument},
        row{"through-file", code::not_a_directory, code::invalid_argument},
        row{"directory/", code::is_a_directory, code::is_a_directory}, row{"missing/f", code::not_found, code::not_found}}) {
    INFO(r.name);
    const auto followed = atomic_write(dir / r.name, "x", follow);
    const auto refused = atomic_write(dir / r.name, "x", {.target_link = target_link::refuse});
    REQUIRE_FALSE((followed || refused));
    CHECK(followed.error().code() == r.followed);
    CHECK(refused.error().code() == r.refused);
    CHECK(followed.error().outcome() == outcome::unchanged);
    CHECK(refused.error().outcome() == outcome::unchanged);
    CHECK(names_in(dir.path()) == before);
  }
  // A chain of 40 is followed, as by the system; replacing takes the first link alone.
  for (int i = 0; i < 39; ++i) REQUIRE(fs.make_link("c" + std::to_string(i + 1), dir / ("c" + std::to_string(i))));
  put(dir / "c39", "end");
  REQUIRE(atomic_write(dir / "c0", "reached", follow));
  CHECK(get(dir / "c39") == "reached");
  CHECK(fs.stat_link(dir / "c0")->kind == file_kind::link);
  REQUIRE(atomic_write(dir / "a", "cut"));
  CHECK(get(dir / "a") == "cut");
  CHECK(get(dir / "b") == "cut");
}

TEST_CASE("atomic_write: missing parents are made for a relative path and an absolute one, and not past a file") {
  const tests::temp_dir dir;
  CHECK(tests::in_child([&]() -> int {
          if (::chdir(dir.path().c_str()) != 0) return 1;
          if (!atomic_write("rel/a/f", "x", {.parents = parents::make})) return 2;
          if (!atomic_write("f", "x", {.parents = parents::make})) return 3;
          const auto past = atomic_write("f/a/b", "x", {.parents = parents::make});
          if (past || past.error().code() != code::not_a_directory || past.error().outcome() != outcome::unchanged) return 4;
          const auto trailing = atomic_write("new/a/", "x", {.parents = parents::make});
          return !trailing && trailing.error().code() == code::is_a_directory ? 0 : 5;
        }) == 0);
  CHECK(get(dir / "rel/a/f") == "x");
  CHECK(get(dir / "f") == "x");
  CHECK(names_in(dir.path()) == std::set<std::string>{"f", "rel"});
  const auto linked = atomic_write(dir / "rel/a/../b/f", "y", {.parents = parents::make});
  CHECK(linked);
  CHECK(get(dir / "rel/b/f") == "y");
}

TEST_CASE("atomic_write: an unprivileged user writes below a directory that may be passed and not read") {
  if (tests::skipped_without_root("another user")) return;
  const tests::temp_dir dir;
  REQUIRE(::chmod(dir.path().c_str(), 0711) == 0);
  REQUIRE(posix_fs().make_dir(dir / "mine"));
  REQUIRE(::chown((dir / "mine").c_str(), tests::nobody, tests::nobody) == 0);
  CHECK(tests::as_nobody([&]() -> int {
          const auto done = atomic_write(dir / "mine/a/b/f", "x", {.parents = parents::make});
          return done && done->durability == durability::ordered ? 0 : 1;
        }) == 0);
  CHECK(get(dir / "mine/a/b/f") == "x");
}

TEST_CASE("atomic_write: unchanged content keeps the file, its links and its times, whatever else it has") {
  const tests::temp_dir dir;
  REQUIRE(atomic_write(dir / "f", "same", {.mode = 0640}));
  REQUIRE(posix_fs().link(dir / "f", dir / "other name"));
  const auto before = stat_of(dir / "f");
  const auto skipped = atomic_write(dir / "f", "same", {.content = content::skip_unchanged, .keep = keep::everything});
  REQUIRE(skipped);
  CHECK((skipped->skipped && skipped->kept == keep::everything));
  const auto after = stat_of(dir / "f");
  CHECK((after.st_ino == before.st_ino && after.st_nlink == 2 && after.st_mtim.tv_nsec == before.st_mtim.tv_nsec));
  // What is set exactly, and what must not be there, is not settled by equal bytes.
  const auto dressed = atomic_write(
      dir / "f", "same", {.content = content::skip_unchanged, .set = attribute_set::mode, .attributes = {.mode = 0600}});
  REQUIRE(dressed);
  CHECK_FALSE(dressed->skipped);
  CHECK((stat_of(dir / "f").st_mode & 07777) == 0600);
  CHECK(atomic_write(dir / "f", "same", {.existing = existing::refuse, .content = content::skip_unchanged}).error().code() ==
        code::already_exists);
  const bytes parts[] = {"sa", "", "me"};
  CHECK(atomic_write(dir / "f", gather(parts, 3), {.content = content::skip_unchanged})->skipped);
  CHECK_FALSE(atomic_write(dir / "absent", "", {.content = content::skip_unchanged})->skipped);
  CHECK(atomic_write(dir / "absent", "", {.content = content::skip_unchanged})->skipped);
}
