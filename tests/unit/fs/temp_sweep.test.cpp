// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/temp_sweep.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/models.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

#include <sys/stat.h>
#include <unistd.h>
#include <csignal>

using namespace perdure;
using tests::get;
using tests::names_in;
using tests::put;

namespace {

std::string name_of(const nonce& of) {
  const temp_name name(of);
  return {name.data(), name.size()};
}

// A child that writes, and stops itself with `signal` before its rename.
pid_t writer_that_stops(const std::string& path, int signal) {
  const pid_t child = tests::start_child([&]() -> int {
    posix_fs disk;
    tests::scripted_fs<posix_fs> fs(disk);
    fs.script().before = [&](const std::string& call) -> std::optional<failure> {
      if (call == "rename") ::raise(signal);
      return std::nullopt;
    };
    return atomic_write(fs, path, "from the sleeper") ? 0 : 1;
  });
  int status = 0;
  REQUIRE(::waitpid(child, &status, signal == SIGSTOP ? WUNTRACED : 0) == child);
  return child;
}

}  // namespace

TEST_CASE("temp_sweep: a writer that sleeps before its rename keeps its file, and its commit succeeds") {
  const tests::temp_dir dir;
  put(dir / "f", "old");
  const pid_t child = writer_that_stops(dir / "f", SIGSTOP);
  CHECK(names_in(dir.path()).size() == 2);
  const auto swept = temp_sweep(dir.path());
  REQUIRE(swept);
  CHECK((swept->removed == 0 && swept->living == 1));
  ::kill(child, SIGCONT);
  CHECK(tests::end_of(child) == 0);
  CHECK(get(dir / "f") == "from the sleeper");
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
}

TEST_CASE("temp_sweep: what a killed writer left is removed") {
  const tests::temp_dir dir;
  put(dir / "f", "old");
  (void)writer_that_stops(dir / "f", SIGKILL);
  CHECK(names_in(dir.path()).size() == 2);
  const auto swept = temp_sweep(dir.path());
  REQUIRE(swept);
  CHECK((swept->removed == 1 && swept->living == 0 && swept->failed == 0));
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
  CHECK(get(dir / "f") == "old");
}

TEST_CASE("temp_sweep: a process number that was given again does not keep an orphan") {
  const tests::temp_dir dir;
  nonce again = posix_fs().nonce();
  again.started -= 1;
  put(dir / name_of(again), "orphan");
  put(dir / name_of(posix_fs().nonce()), "mine");
  const auto swept = temp_sweep(dir.path());
  CHECK((swept->removed == 1 && swept->living == 1));
}

TEST_CASE("temp_sweep: what nobody here can judge stays until it is old") {
  const tests::temp_dir dir;
  posix_fs fs;
  nonce elsewhere = fs.nonce();
  elsewhere.place ^= 1;
  put(dir / name_of(elsewhere), "elsewhere");
  put(dir / name_of({0, 0, 0, 7}), "a device's");
  manual_clock clock(fs.stat(dir / name_of(elsewhere))->modified_ns);
  clock.advance_ns(24 * 3600 * ns_per_second - ns_per_second);
  auto swept = temp_sweep(fs, dir.path(), clock);
  CHECK((swept->removed == 0 && swept->unjudged == 2));
  clock.advance_ns(3 * ns_per_second);
  swept = temp_sweep(fs, dir.path(), clock);
  CHECK((swept->removed == 2 && swept->unjudged == 0));
}

TEST_CASE("temp_sweep: every other name stays, however alike it looks") {
  const tests::temp_dir dir;
  const std::set<std::string> others = {"f",
                                        ".perdure-x.tmp",
                                        ".perdure-1-2-3.tmp",
                                        ".perdure-01-2-3-4.tmp",
                                        ".perdure-A-2-3-4.tmp",
                                        "perdure-1-2-3-4.tmp",
                                        ".perdure-1-2-3-4-5.tmp",
                                        ".perdure-1-2-3-4.tmp~",
                                        ".perdure-1-2-3-4.TMP",
                                        ".perdure-1-2-3-.tmp",
                                        "x.perdure-1-2-3-4.tmp",
                                        ".perdure-1-2-3-11111111111111111.tmp"};
  for (const auto& name : others) put(dir / name, "x");
  nonce dead = posix_fs().nonce();
  dead.started -= 1;
  REQUIRE(::mkdir((dir / name_of(dead)).c_str(), 0777) == 0);
  const auto swept = temp_sweep(dir.path(), {.unjudged_after_ns = -1});
  CHECK((swept->removed == 0 && swept->failed == 0));
  auto expected = others;
  expected.insert(name_of(dead));
  CHECK(names_in(dir.path()) == expected);
}

TEST_CASE("temp_sweep: what cannot be removed is counted, and what cannot be listed is said") {
  const tests::temp_dir dir;
  put(dir / name_of({0, 0, 0, 1}), "x");
  posix_fs disk;
  tests::scripted_fs<posix_fs> fs(disk);
  native_clock clock;
  fs.script().before = tests::fail("remove", failure(code::permission, operation::remove, EACCES));
  CHECK(temp_sweep(fs, dir.path(), clock, {.unjudged_after_ns = -1'000'000'000'000})->failed == 1);
  fs.script().before = tests::fail("remove", failure(code::not_found, operation::remove, ENOENT));
  CHECK(temp_sweep(fs, dir.path(), clock, {.unjudged_after_ns = -1'000'000'000'000})->failed == 0);
  CHECK(temp_sweep(dir / "no").error().code() == code::not_found);
}

TEST_CASE("temp_sweep: a killed writer is gone, though nobody has asked how it ended") {
  const tests::temp_dir dir;
  const pid_t child = tests::start_child([&]() -> int {
    put(dir / name_of(posix_fs().nonce()), "half");
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  siginfo_t ended = {};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) == 0);
  const auto swept = temp_sweep(dir.path());
  CHECK((swept->removed == 1 && swept->living == 0));
  CHECK(names_in(dir.path()).empty());
  CHECK(tests::end_of(child) == tests::was_killed);
}

TEST_CASE("temp_sweep: the child of a fork is a writer of its own, and its parent's life does not keep its files") {
  const tests::temp_dir dir;
  const nonce mine = posix_fs().nonce();
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = tests::start_child([&]() -> int {
    const nonce own = posix_fs().nonce();
    put(dir / name_of(own), "the child's");
    if (::write(ends[1], &own, sizeof(own)) != sizeof(own)) return 1;
    ::pause();
    return 0;
  });
  nonce its;
  REQUIRE(::read(ends[0], &its, sizeof(its)) == sizeof(its));
  CHECK(its.place == mine.place);
  CHECK((its.process == static_cast<std::uint64_t>(child) && its.process != mine.process));
  put(dir / name_of(mine), "the parent's");
  CHECK(temp_sweep(dir.path())->living == 2);
  // A living process under this number, and not the one that wrote.
  nonce before_it = its;
  before_it.started -= 1;
  put(dir / name_of(before_it), "its predecessor's");
  const auto between = temp_sweep(dir.path());
  CHECK((between->removed == 1 && between->living == 2));
  ::kill(child, SIGKILL);
  CHECK(tests::end_of(child) == tests::was_killed);
  const auto after = temp_sweep(dir.path());
  CHECK((after->removed == 1 && after->living == 1));
  CHECK(names_in(dir.path()) == std::set<std::string>{name_of(mine)});
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("temp_sweep: a writer in another process namespace is not judged by its number here") {
  if (tests::skipped_without_root("a process namespace")) return;
  const tests::temp_dir dir;
  CHECK(tests::in_child([&]() -> int {
          if (::unshare(CLONE_NEWPID) != 0) return tests::could_not_mount;
          return tests::in_child([&] { return put(dir / name_of(posix_fs().nonce()), "contained"), 0; });
        }) == 0);
  REQUIRE(names_in(dir.path()).size() == 1);
  const auto swept = temp_sweep(dir.path());
  CHECK((swept->unjudged == 1 && swept->removed == 0 && swept->living == 0));
}

TEST_CASE("temp_sweep: old is longer ago than was said, exactly, however far time goes") {
  mem_fs fs;
  const std::string name = name_of({0, 0, 0, 7});
  const auto touched = [&](std::int64_t when) {
    REQUIRE(tests::put_into(fs, name, "x"));
    auto file = fs.open(name, {.access = access::write});
    REQUIRE(file->set_attributes({.modified_ns = when}, attribute_set::modified));
  };
  manual_clock clock(1'000);
  for (const std::int64_t when : {std::int64_t{900}, std::int64_t{901}, std::int64_t{5'000}, std::int64_t{INT64_MAX}}) {
    touched(when);
    const auto stays = temp_sweep(fs, ".", clock, {.unjudged_after_ns = 100});
    CHECK((stays->unjudged == 1 && stays->removed == 0));
  }
  touched(time_unknown);
  CHECK(temp_sweep(fs, ".", clock, {.unjudged_after_ns = 0})->unjudged == 1);
  for (const std::int64_t when : {std::int64_t{899}, std::int64_t{0}, std::int64_t{-1}, time_unknown + 1}) {
    touched(when);
    CHECK(temp_sweep(fs, ".", clock, {.unjudged_after_ns = 100})->removed == 1);
  }
  touched(0);
  CHECK(temp_sweep(fs, ".", clock, {.unjudged_after_ns = INT64_MAX})->unjudged == 1);
}

TEST_CASE("temp_sweep: on every model a living writer's file and every other name stay") {
  tests::for_each_model([](auto& fs, const std::string& dir, const tests::model& model) {
    INFO(model.name);
    manual_clock clock(INT64_MAX / 2);
    auto writer = atomic_writer<std::remove_reference_t<decltype(fs)>>::open(fs, dir + "/f");
    REQUIRE(writer->write("content"));
    REQUIRE(tests::put_into(fs, dir + "/.perdure-x.tmp", "not ours"));
    REQUIRE(fs.make_dir(dir + "/" + name_of({0, 0, 0, 8})));
    const auto swept = temp_sweep(fs, dir, clock);
    REQUIRE(swept);
    CHECK((swept->removed == 0 && swept->living + swept->unjudged >= 1));
    if (model.writers) CHECK(swept->living == 1);
    REQUIRE(writer->commit());
    CHECK(tests::names_of(fs, dir) == std::set<std::string>{"f", ".perdure-x.tmp", name_of({0, 0, 0, 8})});
    CHECK(temp_sweep(fs, dir + "/f", clock).error().code() == code::not_a_directory);
    CHECK(temp_sweep(fs, dir + "/no", clock).error().code() == code::not_found);
  });
}

TEST_CASE("temp_sweep: many orphans are all removed, while the listing goes on") {
  const tests::temp_dir dir;
  nonce dead = posix_fs().nonce();
  dead.started -= 1;
  for (int i = 0; i < 300; ++i) {
    ++dead.serial;
    put(dir / name_of(dead), "orphan");
  }
  put(dir / "f", "mine");
  CHECK(temp_sweep(dir.path())->removed == 300);
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
}

TEST_CASE("temp_sweep: a directory that may not be written to keeps its orphans, and they are counted") {
  const tests::temp_dir dir;
  REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
  nonce dead = posix_fs().nonce();
  dead.started -= 1;
  put(dir / name_of(dead), "orphan");
  REQUIRE(::chmod(dir.path().c_str(), tests::is_root() ? 0755 : 0555) == 0);
  CHECK(tests::as_nobody([&]() -> int {
          const auto swept = temp_sweep(dir.path());
          return swept && swept->failed == 1 && swept->removed == 0 ? 0 : 1;
        }) == 0);
  REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
  CHECK(temp_sweep(dir.path())->removed == 1);
}

#if defined(__linux__)
TEST_CASE("temp_sweep: a writer whose clock since boot is another one is not judged by its start time") {
  if (tests::skipped_without_root("a time namespace")) return;
  const tests::temp_dir dir;
  put(dir / name_of(posix_fs().nonce()), "being written");
  CHECK(tests::in_child([&]() -> int {
          if (::unshare(CLONE_NEWTIME) != 0) return tests::could_not_mount;
          const int offsets = ::open("/proc/self/timens_offsets", O_WRONLY);
          if (::write(offsets, "boottime 100000 0", 17) != 17) return tests::could_not_mount;
          ::close(offsets);
          return tests::in_child([&]() -> int {  // the first process that lives by it
            const auto swept = temp_sweep(dir.path());
            return swept && swept->removed == 0 && swept->unjudged == 1 ? 0 : 1;
          });
        }) == 0);
}
#endif

TEST_CASE("temp_sweep: a process that cannot look who it is, for want of handles, looks again") {
  CHECK(tests::in_child([]() -> int {
          return tests::in_child([]() -> int {  // the child of a fork does not know yet
            std::vector<int> taken;
            for (int one = ::dup(0); one >= 0; one = ::dup(0)) taken.push_back(one);
            const auto blind = posix_fs().nonce();
            for (const int one : taken) ::close(one);
            const auto seeing = posix_fs().nonce();
            if (blind.place != 0 || blind.process != static_cast<std::uint64_t>(::getpid())) return 1;
            if (posix_fs().writer(blind) != writer_state::unknown) return 2;
            return seeing.place != 0 && seeing.serial != blind.serial && posix_fs().writer(seeing) == writer_state::alive ? 0 : 3;
          });
        }) == 0);
}
