// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/link_or_copy.hpp>

#include <perdure/fs/mem_fs.hpp>
#include <perdure/testing/fault_fs.hpp>
#include <perdure/testing/fs_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/models.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace perdure;
using tests::get;
using tests::names_in;
using tests::put;

namespace {
ino_t inode_of(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}
mode_t mode_of(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}
}  // namespace

TEST_CASE("link_or_copy: on one volume it links, between independent objects too") {
  const tests::temp_dir dir;
  put(dir / "a", "content");
  posix_fs one;
  posix_fs two;
  const auto report = link_or_copy(one, dir / "a", two, dir / "b");
  REQUIRE(report);
  CHECK(report->placed == placed::linked);
  CHECK(report->durability == durability::full);
  CHECK(inode_of(dir / "a") == inode_of(dir / "b"));
  const auto again = link_or_copy(dir / "a", dir / "b");
  CHECK(again.error().code() == code::already_exists);
  CHECK(link_or_copy(dir / "no", dir / "c").error().code() == code::not_found);
  CHECK(names_in(dir.path()) == std::set<std::string>{"a", "b"});
}

TEST_CASE("link_or_copy: what a link shares is synced before it is linked") {
  const tests::temp_dir dir;
  put(dir / "a", "content");
  posix_fs disk;
  tests::scripted_fs<posix_fs> fs(disk);
  REQUIRE(link_or_copy(fs, dir / "a", fs, dir / "b"));
  CHECK(fs.script().trace() == "open sync(all) close link sync_dir(" + dir.path() + ")");
  tests::scripted_fs<posix_fs> none(disk);
  REQUIRE(link_or_copy(none, dir / "a", none, dir / "c", {.durability = durability::none}));
  CHECK(none.script().trace() == "link");
  fs.script().before = tests::fail("sync(all)", failure(code::sync_lost, operation::sync, EIO));
  CHECK(link_or_copy(fs, dir / "a", fs, dir / "d").error().code() == code::sync_lost);
  fs.script().before = tests::fail("sync_dir(" + dir.path() + ")", failure(code::sync_lost, operation::sync_dir, EIO));
  CHECK(link_or_copy(fs, dir / "a", fs, dir / "d").error().doubt() == doubt::durable);
  fs.script().before = tests::fail("sync_dir(" + dir.path() + ")", failure(code::unsupported, operation::sync_dir));
  CHECK(link_or_copy(fs, dir / "a", fs, dir / "e")->durability == durability::ordered);
}

TEST_CASE("link_or_copy: a link that may have been made is unknown") {
  mem_fs memory;
  REQUIRE(tests::put_into(memory, "a", "content"));
  testing::fault_fs fs(memory, "link ** io after");
  const auto placed = link_or_copy(fs, "a", fs, "b");
  REQUIRE_FALSE(placed);
  CHECK((placed.error().code() == code::io && placed.error().doubt() == doubt::visible));
  CHECK(tests::get_from(memory, "b") == "content");
}

TEST_CASE("link_or_copy: where it cannot link it copies, content and mode, and says why") {
  const tests::temp_dir dir;
  const tests::temp_dir other("/dev/shm");
  for (const std::size_t size : {0U, 1U, 16'384U, 16'385U, 1'000'000U}) {
    const std::string name = std::to_string(size);
    put(dir / name, std::string(size, 'c'));
    REQUIRE(::chmod((dir / name).c_str(), 0640) == 0);
    const auto report = link_or_copy(dir / name, other / name);
    REQUIRE(report);
    CHECK(report->placed == placed::copied);
    CHECK(report->size_bytes == size);
    CHECK(report->link_refused.error().code() == code::unsupported);
    CHECK(report->link_refused.error().system_code() == EXDEV);
    CHECK(get(other / name) == std::string(size, 'c'));
    CHECK(mode_of(other / name) == 0640);
    CHECK(link_or_copy(dir / name, other / name).error().code() == code::already_exists);
  }
  CHECK(names_in(other.path()).size() == 5);
}

TEST_CASE("link_or_copy: between models of two kinds it copies through memory, in a buffer of any size") {
  const tests::temp_dir dir;
  const std::string text(5000, 't');
  put(dir / "a", text);
  posix_fs disk;
  tests::scripted_fs<posix_fs> fs(disk);
  char small[7];
  REQUIRE(link_or_copy(disk, dir / "a", fs, dir / "b", {.buffer = small}));
  CHECK(get(dir / "b") == text);
  REQUIRE(link_or_copy(fs, dir / "a", disk, dir / "c", {.placement = placement::direct}));
  CHECK(get(dir / "c") == text);
  CHECK(link_or_copy(fs, dir / "a", disk, dir / "c", {.placement = placement::direct}).error().code() == code::already_exists);
  tests::scripted_fs<posix_fs, false, false> poor(disk);
  CHECK(link_or_copy(poor, dir / "a", poor, dir / "d").error().code() == code::unsupported);
  REQUIRE(link_or_copy(poor, dir / "a", poor, dir / "d", {.placement = placement::direct}));
  CHECK(get(dir / "d") == text);
}

TEST_CASE("link_or_copy: a copy that fails leaves nothing, wherever it fails") {
  const tests::temp_dir dir;
  put(dir / "a", std::string(5000, 't'));
  posix_fs disk;
  for (const auto placement : {placement::atomic, placement::direct}) {
    for (const char* step : {"create", "write", "set_attributes", "sync(all)", "close", "rename_no_replace"}) {
      if (placement == placement::direct && std::string(step) == "rename_no_replace") continue;
      INFO(step);
      tests::scripted_fs<posix_fs> fs(disk);
      fs.script().before = tests::fail(step, failure(code::no_space, operation::write, ENOSPC));
      const auto report = link_or_copy(disk, dir / "a", fs, dir / "b", {.placement = placement});
      REQUIRE_FALSE(report);
      CHECK(report.error().code() == code::no_space);
      CHECK(report.error().outcome() == outcome::unchanged);
      CHECK(names_in(dir.path()) == std::set<std::string>{"a"});
    }
  }
  tests::scripted_fs<posix_fs> reading(disk);
  reading.script().before = tests::fail("read", failure(code::io, operation::read, EIO));
  CHECK(link_or_copy(reading, dir / "a", disk, dir / "b").error().code() == code::io);
  CHECK(names_in(dir.path()) == std::set<std::string>{"a"});
}

TEST_CASE("link_or_copy: what may be left under the final name is told, and nothing of another's is removed") {
  const tests::temp_dir dir;
  put(dir / "a", "content");
  posix_fs disk;
  tests::scripted_fs<posix_fs> fs(disk);
  const auto in_doubt = failure(code::io, operation::open, EIO).with(doubt::visible);
  fs.script().after = tests::fail("create", in_doubt);
  const auto created = link_or_copy(disk, dir / "a", fs, dir / "b", {.placement = placement::direct});
  CHECK((created.error().outcome() == outcome::unknown && created.error().doubt() == doubt::visible));
  CHECK(names_in(dir.path()) == std::set<std::string>{"a", "b"});
  fs.script().after = [](const std::string&) { return std::nullopt; };
  fs.script().before = [](const std::string& call) {
    if (call == "write") return std::optional(failure(code::no_space, operation::write, ENOSPC));
    return call == "remove" ? std::optional(failure(code::io, operation::remove, EIO)) : std::nullopt;
  };
  const auto kept = link_or_copy(disk, dir / "a", fs, dir / "c", {.placement = placement::direct});
  CHECK((kept.error().code() == code::no_space && kept.error().doubt() == doubt::visible));
  // A temporary file is not the target.
  CHECK(link_or_copy(disk, dir / "a", fs, dir / "d").error().outcome() == outcome::unchanged);
}

TEST_CASE("link_or_copy: what is not allowed is not copied instead") {
  const tests::temp_dir dir;
  REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
  put(dir / "a", "a");
  REQUIRE(::mkdir((dir / "mine").c_str(), 0777) == 0);
  REQUIRE(::chmod((dir / "mine").c_str(), tests::is_root() ? 0755 : 0555) == 0);
  CHECK(tests::as_nobody([&]() -> int {
          const auto report = link_or_copy(dir / "a", dir / "mine/b", {.durability = durability::none});
          return !report && report.error().code() == code::permission ? 0 : 1;
        }) == 0);
  CHECK(names_in(dir / "mine").empty());
}

TEST_CASE("link_or_copy: every model links or copies, and what is there already stays") {
  tests::for_each_model([](auto& fs, const std::string& dir, const tests::model& model) {
    INFO(model.name);
    REQUIRE(tests::put_into(fs, dir + "/a", "content"));
    const auto atomic = link_or_copy(fs, dir + "/a", fs, dir + "/b");
    if (model.links) {
      REQUIRE(atomic);
      CHECK((atomic->placed == placed::linked && atomic->link_refused));
      CHECK(atomic->durability == model.best);
      CHECK(tests::get_from(fs, dir + "/b") == "content");
    } else {
      CHECK(atomic.error().code() == code::unsupported);
      CHECK(tests::names_of(fs, dir) == std::set<std::string>{"a"});
    }
    const auto direct = link_or_copy(fs, dir + "/a", fs, dir + "/c", {.placement = placement::direct});
    REQUIRE(direct);
    CHECK(direct->durability == model.best);
    CHECK((direct->placed == placed::linked) == model.links);
    CHECK(direct->link_refused.has_value() == model.links);
    CHECK(tests::get_from(fs, dir + "/c") == "content");
    REQUIRE(tests::put_into(fs, dir + "/old", "old"));
    for (const auto placement : {placement::atomic, placement::direct}) {
      const auto onto = link_or_copy(fs, dir + "/a", fs, dir + "/old", {.placement = placement});
      CHECK_FALSE(onto);
      if (model.links || placement == placement::direct) CHECK(onto.error().code() == code::already_exists);
      CHECK(link_or_copy(fs, dir + "/no", fs, dir + "/x", {.placement = placement}).error().code() == code::not_found);
      CHECK_FALSE(link_or_copy(fs, dir + "/a", fs, dir + "/no/x", {.placement = placement}));
    }
    CHECK(tests::get_from(fs, dir + "/old") == "old");
    REQUIRE(fs.make_dir(dir + "/d"));
    const auto of_directory = link_or_copy(fs, dir + "/d", fs, dir + "/x", {.placement = placement::direct});
    CHECK(of_directory.error().code() == code::is_a_directory);
    CHECK(of_directory.error().outcome() == outcome::unchanged);
    CHECK(tests::names_of(fs, dir).count("x") == 0);
    CHECK(tests::names_of(fs, dir).size() == (model.links ? 5U : 4U));
  });
}

TEST_CASE("link_or_copy: between two models it copies, of any size, and two memories never link") {
  mem_fs one;
  mem_fs two;
  any_fs any_one(one);
  any_fs any_two(two);
  posix_fs disk;
  const tests::temp_dir dir;
  const std::string text(200'001, 'm');
  REQUIRE(tests::put_into(one, "a", text));
  const auto between = link_or_copy(one, "a", two, "a");
  REQUIRE(between);
  CHECK((between->placed == placed::copied && between->size_bytes == text.size()));
  CHECK(between->link_refused.error().code() == code::unsupported);
  CHECK(tests::get_from(two, "a") == text);
  const auto hidden = link_or_copy(any_one, "a", any_two, "b");
  REQUIRE(hidden);
  CHECK(hidden->placed == placed::copied);
  any_fs again(one);
  CHECK(link_or_copy(any_one, "a", again, "linked")->placed == placed::linked);
  CHECK(link_or_copy(one, "a", disk, dir / "a")->placed == placed::copied);
  CHECK(get(dir / "a") == text);
  any_fs any_disk(disk);
  REQUIRE(link_or_copy(any_disk, dir / "a", any_two, "c"));
  CHECK(tests::get_from(two, "c") == text);
}

TEST_CASE("link_or_copy: an empty file, one with a hole and one at an odd size are the same after a copy") {
  const tests::temp_dir dir;
  const tests::temp_dir other("/dev/shm");
  put(dir / "empty", "");
  put(dir / "odd", std::string((1 << 20) + 1, 'o'));
  put(dir / "sparse", "start");
  REQUIRE(::truncate((dir / "sparse").c_str(), (1 << 20) + 7) == 0);
  for (const std::string name : {"empty", "odd", "sparse"}) {
    for (const auto placement : {placement::atomic, placement::direct}) {
      INFO(name);
      const std::string to = name + (placement == placement::direct ? "-direct" : "");
      const auto report = link_or_copy(dir / name, other / to, {.placement = placement});
      REQUIRE(report);
      CHECK(report->size_bytes == get(dir / name).size());
      CHECK(get(other / to) == get(dir / name));
      char buffer[1000];
      REQUIRE(link_or_copy(other / to, dir / (to + "-back"), {.placement = placement, .buffer = buffer}));
      CHECK(get(dir / (to + "-back")) == get(dir / name));
    }
  }
}

TEST_CASE("link_or_copy: a link to the source is followed, by a link as by a copy") {
  const tests::temp_dir dir;
  const tests::temp_dir other("/dev/shm");
  REQUIRE(::mkdir((dir / "sub").c_str(), 0777) == 0);
  put(dir / "a", "content");
  REQUIRE(::symlink("a", (dir / "l").c_str()) == 0);
  const auto linked = link_or_copy(dir / "l", dir / "sub/b");
  REQUIRE(linked);
  CHECK(linked->placed == placed::linked);
  CHECK(get(dir / "sub/b") == "content");
  CHECK(inode_of(dir / "sub/b") == inode_of(dir / "a"));
  REQUIRE(link_or_copy(dir / "l", other / "b"));
  CHECK(get(other / "b") == "content");
  mem_fs memory;
  REQUIRE(memory.make_dir("sub"));
  REQUIRE(tests::put_into(memory, "a", "content"));
  REQUIRE(memory.make_link("a", "l"));
  REQUIRE(link_or_copy(memory, "l", memory, "sub/b"));
  CHECK(tests::get_from(memory, "sub/b") == "content");
}

TEST_CASE("link_or_copy: a copy is never more open than its source, and its powers are not handed on") {
  const tests::temp_dir dir;
  posix_fs disk;
  const mode_t umask_before = ::umask(0);
  for (const mode_t mode : {0600U, 0640U, 0400U, 04755U, 02750U}) {
    for (const auto placement : {placement::atomic, placement::direct}) {
      INFO(mode);
      const tests::temp_dir target;
      put(dir / "a", "content");
      REQUIRE(::chmod((dir / "a").c_str(), mode) == 0);
      tests::scripted_fs<posix_fs> fs(disk);
      int looked = 0;
      fs.script().before = [&](const std::string&) -> std::optional<failure> {
        for (const auto& name : names_in(target.path())) {
          ++looked;
          CHECK((mode_of(target / name) & ~(mode & 0777) & ~0600U) == 0);
        }
        return std::nullopt;
      };
      REQUIRE(link_or_copy(disk, dir / "a", fs, target / "b", {.placement = placement}));
      CHECK(looked > 2);
      CHECK(mode_of(target / "b") == (mode & 0777));
      REQUIRE(::unlink((dir / "a").c_str()) == 0);
    }
  }
  ::umask(umask_before);
}

TEST_CASE("link_or_copy: what the system alone can fill cannot be synced or cloned, and is copied all the same") {
  const tests::temp_dir dir;
  const auto report = link_or_copy("/proc/self/limits", dir / "limits");
  REQUIRE(report);
  CHECK(report->placed == placed::copied);
  CHECK(report->durability == durability::full);
  CHECK(get(dir / "limits").rfind("Limit", 0) == 0);
  CHECK(report->size_bytes == get(dir / "limits").size());
}

TEST_CASE("link_or_copy: where a file cannot be synced, a link says none") {
  const tests::temp_dir dir;
  put(dir / "a", "a");
  posix_fs disk;
  tests::scripted_fs<posix_fs> fs(disk);
  fs.script().before = tests::fail("sync(all)", failure(code::unsupported, operation::sync));
  const auto report = link_or_copy(fs, dir / "a", fs, dir / "b");
  REQUIRE(report);
  CHECK((report->placed == placed::linked && report->durability == durability::none));
  CHECK(get(dir / "b") == "a");
}

TEST_CASE("link_or_copy: a disk that fills in the middle of a copy is left as it was") {
  if (tests::skipped_without_root("a full disk")) return;
  const tests::temp_dir dir;
  const tests::temp_dir small;
  put(dir / "a", std::string(1 << 20, 'f'));
  for (const auto placement : {placement::atomic, placement::direct}) {
    CHECK(tests::with_tmpfs(small.path(), "size=64k", [&]() -> int {
            const auto report = link_or_copy(dir / "a", small / "b", {.placement = placement});
            if (report) return 1;
            if (report.error().code() != code::no_space || report.error().outcome() != outcome::unchanged) return 2;
            if (!names_in(small.path()).empty()) return 3;
            // What was taken is given back.
            return atomic_write(small / "c", std::string(32 << 10, 'c')) ? 0 : 4;
          }) == 0);
  }
}

TEST_CASE("link_or_copy: a source that may only be read is copied, from a volume that may only be read, too") {
  if (tests::skipped_without_root("a read-only volume")) return;
  const tests::temp_dir dir;
  const tests::temp_dir volume;
  CHECK(tests::with_tmpfs(volume.path(), "size=1m", [&]() -> int {
          put(volume / "a", "read only");
          if (::chmod((volume / "a").c_str(), 0444) != 0) return 1;
          if (::mount(nullptr, volume.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) return 2;
          const auto inside = link_or_copy(volume / "a", volume / "b");
          if (inside || inside.error().code() != code::permission) return 3;
          const auto out = link_or_copy(volume / "a", dir / "b");
          return out && out->placed == placed::copied && mode_of(dir / "b") == 0444 ? 0 : 4;
        }) == 0);
  CHECK(get(dir / "b") == "read only");
}

TEST_CASE("link_or_copy: a source that may not be read is neither linked nor copied") {
  const tests::temp_dir dir;
  const tests::temp_dir other("/dev/shm");
  REQUIRE(::chmod(dir.path().c_str(), 0777) == 0);
  REQUIRE(::chmod(other.path().c_str(), 0777) == 0);
  put(dir / "a", "secret");
  REQUIRE(::chmod((dir / "a").c_str(), tests::is_root() ? 0600 : 0000) == 0);
  CHECK(tests::as_nobody([&]() -> int {
          for (const std::string& to : {dir / "b", other / "b"}) {
            for (const auto durability : {durability::full, durability::none}) {
              const auto report = link_or_copy(dir / "a", to, {.durability = durability});
              if (report || report.error().code() != code::permission) return 1;
            }
          }
          return 0;
        }) == 0);
  CHECK((names_in(dir.path()).size() == 1 && names_in(other.path()).empty()));
}

TEST_CASE("link_or_copy: what fails about the source is no doubt about the target, which is not there yet") {
  const tests::temp_dir dir;
  put(dir / "a", "content");
  posix_fs disk;
  for (const char* step : {"sync(all)", "close"}) {
    INFO(step);
    tests::scripted_fs<posix_fs> fs(disk);
    fs.script().before = tests::fail(step, failure(code::sync_lost, operation::sync, EIO).with(doubt::durable));
    const auto refused = link_or_copy(fs, dir / "a", fs, dir / "b");
    CHECK((refused.error().code() == code::sync_lost && refused.error().outcome() == outcome::unchanged));
    CHECK(names_in(dir.path()) == std::set<std::string>{"a"});
  }
}

TEST_CASE("link_or_copy: where nobody can tell how private the source is, there is no copy") {
  mem_fs from;
  REQUIRE(atomic_write(from, "a", "secret", {.mode = 0600}));
  mem_fs to;
  testing::fault_fs fs(from, "get_attributes ** io");
  CHECK(link_or_copy(fs, "a", to, "b").error().code() == code::io);
  CHECK(to.stat("b").error().code() == code::not_found);
}

TEST_CASE("link_or_copy: what is written in place had its name before, so that a barrier is not enough") {
  mem_fs memory;
  REQUIRE(atomic_write(memory, "a", "content"));
  tests::scripted_fs<mem_fs> fs(memory);
  testing::poorest_fs<mem_fs> source(memory);  // without attributes to set, which would need a full sync anyway
  REQUIRE(link_or_copy(source, "a", fs, "b", {.placement = placement::direct}));
  CHECK(fs.script().trace() == "create write sync(data) close sync_dir(.)");
}
