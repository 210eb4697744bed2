// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/durability_lint.hpp>

#include <perdure/fs/any_fs.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/testing/crash_fs.hpp>
#include <perdure/testing/fs_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/temp_dir.hpp>

#include <thread>
#include <vector>

using namespace perdure;
using testing::durability_lint;
using testing::fault_fs;
using testing::lint_kind;

static_assert(Fs<durability_lint<mem_fs>> && Fs<durability_lint<posix_fs>> && Fs<durability_lint<any_fs>>);
static_assert(Fs<durability_lint<testing::crash_fs>> && Fs<durability_lint<testing::poorest_fs<mem_fs>>>);
static_assert(Fs<durability_lint<fault_fs<mem_fs>>> && Fs<fault_fs<durability_lint<mem_fs>>>);
static_assert(can_open_dir<durability_lint<posix_fs>> && !can_open_dir<durability_lint<testing::poorest_fs<mem_fs>>>);

namespace {

using lint = durability_lint<mem_fs>;
using kinds = std::vector<lint_kind>;

template <class L>
kinds kinds_of(const L& fs) {
  kinds all;
  for (const auto& one : fs.findings()) all.push_back(one.kind);
  return all;
}
template <Fs F>
typename F::file opened(F& fs, path_view path, creation how = creation::create) {
  auto file = fs.open(path, {.access = access::read_write, .creation = how});
  REQUIRE(file);
  return perdure::detail::moved(*file);
}
// Written, and as a test says more.
enum class then { leave, sync, order };
template <Fs F>
void put(F& fs, path_view path, then what = then::sync) {
  auto file = opened(fs, path);
  REQUIRE(file.write_at(0, "text"));
  if (what != then::leave) REQUIRE(file.sync(what == then::sync ? sync_what::data : sync_what::order));
  REQUIRE(file.close());
}

}  // namespace

TEST_CASE("durability_lint: the usual save that is right has no findings, and each of its syncs left out has one") {
  enum missing { nothing, the_sync, the_directory };
  for (const missing left_out : {nothing, the_sync, the_directory}) {
    for (const auto enough : {then::sync, then::order}) {
      mem_fs memory;
      lint fs(memory);
      for (int i = 0; i < 2; ++i) {
        put(fs, "cfg.tmp", left_out == the_sync ? then::leave : enough);
        REQUIRE(fs.rename("cfg.tmp", "cfg"));
        if (left_out != the_directory) REQUIRE(fs.sync_dir("."));
        if (i == 0) continue;
        fs.acknowledge("cfg");
      }
      INFO(fs.text());
      if (left_out == nothing) CHECK(fs.ok());
      if (left_out == the_sync)
        CHECK(kinds_of(fs) ==
              kinds{lint_kind::published_unsynced, lint_kind::published_unsynced, lint_kind::acknowledged_unsynced});
      if (left_out == the_directory) CHECK(kinds_of(fs) == kinds{lint_kind::acknowledged_name});
    }
  }
}

TEST_CASE("durability_lint: a sync that is only begun is begun, and none") {
  const tests::temp_dir dir;
  posix_fs disk;
  durability_lint<posix_fs> fs(disk);
  auto file = opened(fs, dir / "cfg.tmp");
  REQUIRE(file.write_at(0, "text"));
  REQUIRE(begin_sync(file));
  REQUIRE(file.close());
  REQUIRE(fs.rename(dir / "cfg.tmp", dir / "cfg"));
  CHECK(kinds_of(fs) == kinds{lint_kind::published_unsynced});
}

TEST_CASE("durability_lint: to acknowledge what never was there is a misspelt path") {
  mem_fs memory;
  REQUIRE(atomic_write(memory, "before", "x"));
  lint fs(memory);
  fs.acknowledge("before");
  put(fs, "cfg", then::sync);
  REQUIRE(fs.sync_dir("."));
  fs.acknowledge("cfg");
  REQUIRE(fs.remove("cfg"));
  REQUIRE(fs.sync_dir("."));
  fs.acknowledge("cfg");
  CHECK(fs.ok());
  fs.acknowledge("cgf");
  fs.acknowledge("never/there");
  CHECK(kinds_of(fs) == kinds{lint_kind::acknowledged_unknown, lint_kind::acknowledged_unknown});
}

TEST_CASE("durability_lint: what a barrier holds back is saved by what comes after it, and not by itself") {
  mem_fs memory;
  lint fs(memory);
  put(fs, "a", then::order);
  fs.acknowledge("a", durability::ordered);
  REQUIRE(fs.sync_dir("."));
  fs.acknowledge("a");
  CHECK(kinds_of(fs) == kinds{lint_kind::acknowledged_unsynced});
  put(fs, "b", then::order);
  REQUIRE(fs.make_dir("c"));
  REQUIRE(fs.sync_dir("."));
  fs.acknowledge("b");
  put(fs, "d", then::leave);
  fs.acknowledge("d", durability::ordered);
  CHECK(kinds_of(fs) == kinds{lint_kind::acknowledged_unsynced, lint_kind::acknowledged_unsynced});
}

TEST_CASE("durability_lint: a finding tells the operation, the path, the cause and what to do") {
  mem_fs memory;
  lint fs(memory);
  put(fs, "cfg.tmp", then::leave);
  REQUIRE(fs.rename("cfg.tmp", "./cfg"));
  const auto found = fs.findings();
  REQUIRE(found.size() == 1);
  CHECK((found[0].kind == lint_kind::published_unsynced && found[0].operation == 4 && found[0].cause == 2));
  CHECK(found[0].path == "cfg");
  CHECK(fs.text() ==
        "operation 4, rename cfg.tmp -> cfg: cfg is published, and operation 2 (write 4 bytes at 0 of cfg.tmp) was not synced "
        "before: a crash may keep the name and lose the bytes. Sync the file, and then give it its name.\n");
  CHECK(lint(memory).text() == "durability_lint: no findings in 0 operations\n");
}

TEST_CASE("durability_lint: a link publishes, too, and a rename that replaces nothing") {
  mem_fs memory;
  lint fs(memory);
  put(fs, "a.tmp", then::leave);
  REQUIRE(fs.link("a.tmp", "a"));
  put(fs, "b.tmp", then::leave);
  REQUIRE(fs.rename_no_replace("b.tmp", "b"));
  REQUIRE(fs.remove("a.tmp"));
  CHECK(kinds_of(fs) == kinds{lint_kind::published_unsynced, lint_kind::published_unsynced});
}

TEST_CASE("durability_lint: a name that is temporary is not published, and which those are can be said") {
  mem_fs memory;
  for (const char* temp : {"a.tmp", "a~", "a.new"}) {
    durability_lint fs(memory, {.temps = {"*.tmp", "*~", "?.new"}});
    put(fs, "x.tmp", then::leave);
    REQUIRE(fs.rename("x.tmp", temp));
    REQUIRE(fs.remove(temp));
    INFO(fs.text());
    CHECK(fs.ok());
  }
  lint fs(memory);
  put(fs, "x.tmp", then::leave);
  REQUIRE(fs.rename("x.tmp", "a.new"));
  CHECK(kinds_of(fs) == kinds{lint_kind::published_unsynced});
}

TEST_CASE("durability_lint: attributes that are set after the last full sync may be lost with the name kept") {
  mem_fs memory;
  for (const auto what : {sync_what::data, sync_what::all}) {
    lint fs(memory);
    auto file = opened(fs, "a.tmp");
    REQUIRE(file.write_at(0, "text"));
    REQUIRE(file.set_attributes({.mode = 0600}, attribute_set::mode));
    REQUIRE(file.sync(what));
    REQUIRE(file.set_attributes({.modified_ns = 1}, attribute_set::modified));
    REQUIRE(file.close());
    REQUIRE(fs.rename("a.tmp", "a"));
    INFO(fs.text());
    CHECK(kinds_of(fs) == (what == sync_what::all ? kinds{} : kinds{lint_kind::published_unsynced}));
  }
}

TEST_CASE("durability_lint: a directory is published with all that is in it") {
  enum missing { nothing, the_file, the_entries, a_directory_within };
  for (const missing left_out : {nothing, the_file, the_entries, a_directory_within}) {
    mem_fs memory;
    lint fs(memory);
    REQUIRE(fs.make_dir("new.tmp"));
    REQUIRE(fs.make_dir("new.tmp/in"));
    put(fs, "new.tmp/in/a", left_out == the_file ? then::leave : then::sync);
    if (left_out != a_directory_within) REQUIRE(fs.sync_dir("new.tmp/in"));
    if (left_out != the_entries) REQUIRE(fs.sync_dir("new.tmp"));
    REQUIRE(fs.rename("new.tmp", "new"));
    REQUIRE(fs.sync_dir("."));
    CHECK(fs.findings().size() == (left_out == nothing ? 0 : 1));
    if (left_out == nothing) {
      fs.acknowledge("new");
      fs.acknowledge("new/in/a");
      fs.acknowledge();
      CHECK(fs.ok());
      continue;
    }
    INFO(fs.text());
    CHECK(fs.findings()[0].kind == lint_kind::published_unsynced);
    CHECK(fs.findings()[0].path == (left_out == the_entries ? "new/in" : "new/in/a"));
  }
}

TEST_CASE("durability_lint: success over a directory that its parent may forget") {
  mem_fs memory;
  lint fs(memory);
  REQUIRE(fs.make_dir("d"));
  REQUIRE(fs.make_dir("d/e"));
  REQUIRE(fs.sync_dir("d"));
  REQUIRE(atomic_write(fs, "d/e/cfg", "text"));
  fs.acknowledge("d/e/cfg");
  REQUIRE(fs.findings().size() == 1);
  CHECK(fs.findings()[0].kind == lint_kind::acknowledged_ancestor);
  CHECK((fs.findings()[0].path == "d" && fs.findings()[0].cause == 1));
  CHECK(fs.findings()[0].advice == "sync_dir(\".\") before success is told");
  lint other(memory);
  REQUIRE(other.make_dir("f"));
  other.acknowledge("f", durability::ordered);
  other.acknowledge("f", durability::none);
  CHECK(other.ok());
  REQUIRE(other.sync_all("f"));
  other.acknowledge("f");
  CHECK(other.ok());
}

TEST_CASE("durability_lint: a removal is acknowledged like anything else, and a temporary file's is nobody's") {
  mem_fs memory;
  put(memory, "a");
  put(memory, "b.tmp");
  lint fs(memory);
  REQUIRE(fs.remove("b.tmp"));
  fs.acknowledge();
  CHECK(fs.ok());
  REQUIRE(fs.remove("a"));
  fs.acknowledge();
  fs.acknowledge("a");
  CHECK(kinds_of(fs) == kinds{lint_kind::acknowledged_name});
  lint moved(memory);
  put(moved, "c");
  REQUIRE(moved.sync_dir("."));
  REQUIRE(moved.make_dir("d"));
  REQUIRE(moved.rename("c", "d/c"));
  REQUIRE(moved.sync_dir("d"));
  moved.acknowledge("d/c");
  moved.acknowledge();
  INFO(moved.text());
  CHECK(kinds_of(moved) == kinds{lint_kind::acknowledged_ancestor, lint_kind::acknowledged_name, lint_kind::acknowledged_name});
  REQUIRE(moved.sync_dir("."));
  moved.acknowledge();
  CHECK(moved.findings().size() == 3);
}

TEST_CASE("durability_lint: a file that is written in place is acknowledged once it is synced") {
  mem_fs memory;
  put(memory, "log");
  lint fs(memory);
  auto file = opened(fs, "log", creation::must_exist);
  REQUIRE(file.write_at(4, "one"));
  CHECK(kinds_of(fs) == kinds{lint_kind::handle_leaked});
  REQUIRE(file.sync(sync_what::data));
  fs.acknowledge("log");
  REQUIRE(file.truncate(2));
  fs.acknowledge("log");
  REQUIRE(file.close());
  CHECK(kinds_of(fs) == kinds{lint_kind::acknowledged_unsynced});
}

TEST_CASE("durability_lint: what is written after its name was given has to be synced again") {
  for (const bool synced : {false, true}) {
    mem_fs memory;
    lint fs(memory);
    auto file = opened(fs, "cfg.tmp");
    REQUIRE(file.write_at(0, "text"));
    REQUIRE(file.sync(sync_what::data));
    REQUIRE(fs.rename("cfg.tmp", "cfg"));
    REQUIRE(file.write_at(0, "T"));
    if (synced) REQUIRE(file.sync(sync_what::data));
    REQUIRE(file.close());
    CHECK(kinds_of(fs) == (synced ? kinds{} : kinds{lint_kind::written_after_publishing}));
    if (synced) continue;
    CHECK((fs.findings()[0].operation == 5 && fs.findings()[0].cause == 4));
    // Whoever opens a published file and adds to it may have his reasons.
    REQUIRE(fs.remove("cfg"));
    put(fs, "log.tmp");
    REQUIRE(fs.rename("log.tmp", "log"));
    auto other = opened(fs, "log");
    REQUIRE(other.write_at(4, "more"));
    REQUIRE(other.close());
    INFO(fs.text());
    CHECK(fs.ok());
  }
}

TEST_CASE("durability_lint: after a sync that failed a handle is of no use, and what it wrote is not to be believed") {
  mem_fs memory;
  fault_fs failing(memory, "sync cfg.tmp nth 1 sync_lost");
  durability_lint fs(failing);
  auto file = opened(fs, "cfg.tmp");
  REQUIRE(file.write_at(0, "text"));
  CHECK_FALSE(file.sync(sync_what::data));
  CHECK(fs.findings_so_far().empty());
  CHECK_FALSE(file.sync(sync_what::data));
  CHECK(file.write_at(0, "text"));
  REQUIRE(file.close());
  {
    // The one that succeeds, on another handle, does not know of it either.
    auto other = opened(fs, "cfg.tmp");
    REQUIRE(other.write_at(3, "T"));
    REQUIRE(other.sync(sync_what::data));
  }
  CHECK(kinds_of(fs) == kinds{lint_kind::sync_repeated, lint_kind::written_after_failed_sync, lint_kind::temp_left});
  CHECK((fs.findings()[0].operation == 4 && fs.findings()[0].cause == 3));
}

TEST_CASE("durability_lint: bytes whose sync failed are published or acknowledged only when they were written again") {
  for (const bool again : {false, true}) {
    mem_fs memory;
    fault_fs failing(memory, "sync cfg.tmp nth 1 sync_lost");
    durability_lint fs(failing);
    {
      auto file = opened(fs, "cfg.tmp");
      REQUIRE(file.write_at(0, "text"));
      CHECK_FALSE(file.sync(sync_what::data));
    }
    {
      auto other = opened(fs, "cfg.tmp");
      REQUIRE(other.write_at(again ? 0 : 2, "more text"));
      REQUIRE(other.sync(sync_what::data));
    }
    REQUIRE(fs.rename("cfg.tmp", "cfg"));
    REQUIRE(fs.sync_dir("."));
    fs.acknowledge("cfg");
    INFO(fs.text());
    CHECK(kinds_of(fs) == (again ? kinds{} : kinds{lint_kind::believed_failed_sync}));
  }
}

TEST_CASE("durability_lint: names whose sync failed are believed only when they were given again") {
  for (const bool again : {false, true}) {
    mem_fs memory;
    fault_fs failing(memory, "sync_dir ** nth 1 io");
    durability_lint fs(failing);
    put(fs, "cfg.tmp");
    REQUIRE(fs.rename("cfg.tmp", "cfg"));
    CHECK_FALSE(fs.sync_dir("."));
    if (again) {
      put(fs, "cfg.tmp");
      REQUIRE(fs.rename("cfg.tmp", "cfg"));
    }
    REQUIRE(fs.sync_dir("."));
    fs.acknowledge("cfg");
    INFO(fs.text());
    CHECK(kinds_of(fs) == (again ? kinds{} : kinds{lint_kind::believed_failed_sync}));
  }
  mem_fs memory;
  fault_fs failing(memory, "rename ** nth 1 io after");
  durability_lint fs(failing);
  put(fs, "cfg.tmp");
  CHECK_FALSE(fs.rename("cfg.tmp", "cfg"));
  fs.acknowledge("cfg");
  REQUIRE(fs.sync_dir("."));
  fs.acknowledge("cfg");
  INFO(fs.text());
  CHECK(kinds_of(fs) == kinds{lint_kind::acknowledged_name});
}

TEST_CASE("durability_lint: a temporary file that was made here and is left, if it is") {
  mem_fs memory;
  put(memory, "old.tmp");
  lint fs(memory);
  put(fs, "old.tmp");
  REQUIRE(fs.make_dir("d.tmp"));
  const temp_name own(fs.nonce());
  put(fs, own);
  CHECK(fs.findings_so_far().empty());
  CHECK(kinds_of(fs) == kinds{lint_kind::temp_left, lint_kind::temp_left});
  CHECK(fs.findings()[1].path == "d.tmp");
  // Somebody else has swept it.
  REQUIRE(memory.remove(own));
  REQUIRE(fs.remove_dir("d.tmp"));
  CHECK(fs.ok());
  fault_fs doubtful(memory, "open ** io after");
  durability_lint unsure(doubtful);
  CHECK_FALSE(unsure.open("b.tmp", {.access = access::write, .creation = creation::create_new}));
  CHECK(kinds_of(unsure) == kinds{lint_kind::temp_left});
  REQUIRE(unsure.remove("b.tmp"));
  CHECK(unsure.ok());
  fault_fs failing(memory, "remove ** busy");
  durability_lint tried(failing);
  put(tried, "a.tmp");
  CHECK_FALSE(tried.remove("a.tmp"));
  CHECK(tried.ok());
}

TEST_CASE("durability_lint: what is open at the end, file or directory, and moved handles are one") {
  mem_fs memory;
  lint fs(memory);
  {
    auto first = opened(fs, "a");
    auto second = perdure::detail::moved(first);
    auto third = opened(fs, "b");
    CHECK(kinds_of(fs) == kinds{lint_kind::handle_leaked, lint_kind::handle_leaked});
    third = perdure::detail::moved(second);
    CHECK(kinds_of(fs) == kinds{lint_kind::handle_leaked});
    CHECK(fs.findings()[0].path == "a");
    REQUIRE(third.close());
    CHECK(fs.ok());
    const auto held = fs.open_dir(".");
    REQUIRE(held);
    const auto copy = *held;
    CHECK(kinds_of(fs) == kinds{lint_kind::handle_leaked});
    CHECK(fs.findings()[0].call == "hold directory .");
  }
  CHECK(fs.ok());
}

TEST_CASE("durability_lint: a file is the same one through a held directory, a link and ..") {
  mem_fs memory;
  lint fs(memory);
  REQUIRE(memory.make_dir("d"));
  REQUIRE(memory.make_dir("d/e"));
  REQUIRE(memory.make_link("d/e", "way"));
  {
    auto held = fs.open_dir("way");
    REQUIRE(held);
    put(*held, "cfg.tmp");
    REQUIRE(held->rename("cfg.tmp", "cfg"));
    fs.acknowledge("d/e/../e/./cfg");
    CHECK(kinds_of(fs) == kinds{lint_kind::acknowledged_name, lint_kind::handle_leaked});
    CHECK(fs.findings()[0].path == "d/e/cfg");
    REQUIRE(held->sync_dir("."));
  }
  put(fs, "way/a", then::leave);
  REQUIRE(fs.make_link("a", "d/e/b"));
  {
    auto file = opened(fs, "d/e/b", creation::must_exist);
    REQUIRE(file.sync(sync_what::data));
  }
  REQUIRE(fs.sync_dir("way"));
  fs.acknowledge("way/b");
  fs.acknowledge("way/cfg");
  INFO(fs.text());
  CHECK(kinds_of(fs) == kinds{lint_kind::acknowledged_name});
}

TEST_CASE("durability_lint: where a directory is moved to, what is in it is known there") {
  mem_fs memory;
  lint fs(memory);
  REQUIRE(fs.make_dir("d"));
  REQUIRE(fs.sync_dir("."));
  put(fs, "d/a");
  REQUIRE(fs.sync_dir("d"));
  REQUIRE(fs.rename("d", "e"));
  put(fs, "e/b");
  fs.acknowledge("e/b");
  CHECK(kinds_of(fs) == kinds{lint_kind::acknowledged_name, lint_kind::acknowledged_ancestor});
  REQUIRE(fs.sync_dir("."));
  REQUIRE(fs.sync_dir("e"));
  fs.acknowledge("e/b");
  fs.acknowledge("e/a");
  CHECK(fs.findings().size() == 2);
}

TEST_CASE("durability_lint: a system that cannot sync a directory cannot give what full promises") {
  mem_fs memory;
  testing::windows_like_fs<mem_fs> windows(memory);
  durability_lint fs(windows);
  REQUIRE(fs.make_dir("d"));
  const auto saved = atomic_write(fs, "d\\cfg", "text");
  REQUIRE(saved);
  fs.acknowledge("d/cfg", saved->durability);
  CHECK(fs.ok());
  fs.acknowledge("d/cfg");
  CHECK(kinds_of(fs) == kinds{lint_kind::acknowledged_name, lint_kind::acknowledged_ancestor});
}

TEST_CASE("durability_lint: where a file cannot be synced, it may be published, and success cannot be told") {
  mem_fs memory;
  fault_fs failing(memory, "sync ** unsupported");
  durability_lint fs(failing);
  for (const bool asked : {true, false}) {
    auto file = opened(fs, "cfg.tmp");
    REQUIRE(file.write_at(0, "text"));
    REQUIRE(file.set_attributes({.mode = 0600}, attribute_set::mode));
    if (asked) CHECK_FALSE(file.sync(sync_what::all));
    REQUIRE(file.close());
    REQUIRE(fs.rename("cfg.tmp", "cfg"));
    REQUIRE(fs.sync_dir("."));
    if (asked) CHECK(fs.ok());
    if (!asked) CHECK(kinds_of(fs) == kinds{lint_kind::published_unsynced, lint_kind::published_unsynced});
  }
  fs.acknowledge("cfg");
  CHECK(fs.findings().size() == 4);
}

TEST_CASE("durability_lint: several threads at once") {
  mem_fs memory;
  lint fs(memory);
  std::vector<std::thread> threads;
  for (const char* path : {"a", "b", "c"}) {
    threads.emplace_back([&fs, path] {
      for (int i = 0; i < 50; ++i) {
        if (atomic_write(fs, path, "text")) fs.acknowledge(path);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  INFO(fs.text());
  CHECK(fs.ok());
}

TEST_CASE("durability_lint: on a real disk") {
  const tests::temp_dir dir;
  posix_fs disk;
  durability_lint fs(disk);
  REQUIRE(atomic_write(fs, dir / "a/b/cfg", "text", {.parents = parents::make}));
  fs.acknowledge(dir / "a/b/cfg");
  fs.acknowledge();
  INFO(fs.text());
  CHECK(fs.ok());
  REQUIRE(fs.make_dir(dir / "c"));
  put(fs, dir / "c/a.tmp", then::leave);
  REQUIRE(fs.rename(dir / "c/a.tmp", dir / "c/a"));
  fs.acknowledge(dir / "c/a");
  CHECK(kinds_of(fs) == kinds{lint_kind::published_unsynced, lint_kind::acknowledged_name, lint_kind::acknowledged_ancestor,
                              lint_kind::acknowledged_unsynced});
}
