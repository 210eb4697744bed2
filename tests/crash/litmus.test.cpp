// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// What power cuts of a real kernel left on ext4, xfs and btrfs: none of it is unknown to their profiles. And what these were
// never seen to leave, where a profile would be of no use if it did.

#include <perdure/testing/explore.hpp>

#include <tests/support/catch.hpp>

#include <functional>
#include <set>
#include <string>

using namespace perdure;
using namespace perdure::testing;

namespace {

// Operations on files of one letter for each byte, "d" and "e" being directories.
class shell {
 public:
  explicit shell(world& world) : fs_(world.fs()) {}
  void write(const std::string& path, std::uint64_t at, char letter, std::size_t size) {
    auto file = fs_.open(path, {.access = access::write, .creation = creation::create});
    if (file) (void)file->write_at(at, std::string(size, letter));
  }
  void create(const std::string& path) { write(path, 0, 'x', 0); }
  void sync(const std::string& path, sync_what what = sync_what::all) {
    auto file = fs_.open(path, {});
    if (file) (void)file->sync(what);
  }
  void sync_dir(const std::string& path) { (void)fs_.sync_dir(path); }
  void rename(const std::string& from, const std::string& to) { (void)fs_.rename(from, to); }
  void link(const std::string& from, const std::string& to) { (void)fs_.link(from, to); }
  void remove(const std::string& path) { (void)fs_.remove(path); }
  void make_dir(const std::string& path) { (void)fs_.make_dir(path); }

 private:
  crash_fs& fs_;
};

// The runs of equal bytes: "a2500 01596".
std::string told(crash_fs& fs, const std::string& path) {
  const auto text = read_text(fs, path);
  if (!text) return "absent";
  std::string all;
  for (std::size_t at = 0; at < text->size();) {
    std::size_t run = 1;
    while (at + run < text->size() && (*text)[at + run] == (*text)[at]) ++run;
    const char letter = (*text)[at] == '\0' ? '0' : (*text)[at];
    all += (all.empty() ? "" : " ") + std::string(1, letter) + std::to_string(run);
    at += run;
  }
  return all.empty() ? "empty" : all;
}

struct litmus {
  std::string name;
  std::function<void(shell&)> setup;
  std::function<void(shell&)> work;
  std::set<std::string> looks_at;
  bool only_at_the_end = true;  // when all of it was acknowledged

  // What the files hold, joined by commas.
  [[nodiscard]] std::set<std::string> on(const profile& rules) const {
    std::set<std::string> found;
    const auto report = explore({.profile = rules,
                                 .setup =
                                     [this](world& world) {
                                       shell here(world);
                                       setup(here);
                                     },
                                 .workload =
                                     [this](world& world) {
                                       world.step("done", [&] {
                                         shell here(world);
                                         work(here);
                                       });
                                     },
                                 .check =
                                     [&](after_crash& after) {
                                       if (only_at_the_end && !after.acknowledged("done")) return true;
                                       std::string all;
                                       for (const std::string& path : looks_at)
                                         all += (all.empty() ? "" : ", ") + path + ": " + told(after.fs(), path);
                                       found.insert(all);
                                       return true;
                                     }});
    CHECK(report.exhaustive);
    return found;
  }
};

const profile& ext4 = profile::ext4;
const profile& xfs = profile::xfs;
const profile& btrfs = profile::btrfs;

void can(const litmus& one, const profile& rules, const std::string& outcome) {
  const auto found = one.on(rules);
  std::string all;
  for (const std::string& other : found) all += "\n  " + other;
  INFO(one.name << " on " << rules.name << ": " << outcome << all);
  CHECK(found.count(outcome) == 1);
  CHECK(one.on(profile::posix_minimum).count(outcome) == 1);
}
void cannot(const litmus& one, const profile& rules, const std::string& outcome) {
  INFO(one.name << " on " << rules.name << ": " << outcome);
  CHECK(one.on(rules).count(outcome) == 0);
}
const auto nothing = [](shell&) {};
const auto old_f = [](shell& sh) { sh.write("f", 0, 'o', 9000); };

}  // namespace

TEST_CASE("litmus: a file renamed over another, and never synced") {
  const litmus unsynced{"replace",
                        old_f,
                        [](shell& sh) {
                          sh.write("t", 0, 'n', 9000);
                          sh.rename("t", "f");
                        },
                        {"f"}};
  can(unsynced, ext4, "f: 09000");
  can(unsynced, xfs, "f: empty");
  can(unsynced, btrfs, "f: o9000");
  cannot(unsynced, ext4, "f: absent");
  const litmus directory_synced{"replace, sync_dir",
                                old_f,
                                [](shell& sh) {
                                  sh.write("t", 0, 'n', 9000);
                                  sh.rename("t", "f");
                                  sh.sync_dir(".");
                                },
                                {"f"}};
  can(directory_synced, ext4, "f: 09000");
  can(directory_synced, xfs, "f: empty");
  can(directory_synced, btrfs, "f: empty");
  cannot(directory_synced, btrfs, "f: o9000");
  cannot(directory_synced, xfs, "f: 09000");
}

TEST_CASE("litmus: a file created by a rename, and never synced") {
  const litmus created{"create",
                       nothing,
                       [](shell& sh) {
                         sh.write("t", 0, 'n', 20000);
                         sh.rename("t", "f");
                         sh.write("u", 0, 'u', 1);
                         sh.sync("u");
                       },
                       {"f"}};
  can(created, ext4, "f: empty");
  can(created, ext4, "f: 020000");
  can(created, xfs, "f: empty");
  can(created, btrfs, "f: absent");
}

TEST_CASE("litmus: an append shows zeros on ext4, at any page, and not on xfs or btrfs") {
  const litmus append{
      "append", [](shell& sh) { sh.write("f", 0, 'a', 2500); }, [](shell& sh) { sh.write("f", 2500, 'b', 2500); }, {"f"}};
  can(append, ext4, "f: a2500 01596");
  can(append, ext4, "f: a2500 02500");
  can(append, ext4, "f: a2500 b1596");
  for (const profile* rules : {&xfs, &btrfs}) {
    cannot(append, *rules, "f: a2500 01596");
    cannot(append, *rules, "f: a2500 02500");
    can(append, *rules, "f: a2500 b2500");
    can(append, *rules, "f: a2500");
  }
  const litmus longer{
      "append", [](shell& sh) { sh.write("f", 0, 'a', 2500); }, [](shell& sh) { sh.write("f", 2500, 'b', 30000); }, {"f"}};
  can(longer, ext4, "f: a2500 b1596 028404");
}

TEST_CASE("litmus: fdatasync after a rename and an overwrite loses the rename on ext4 alone") {
  const litmus recycled{"recycle",
                        [](shell& sh) { sh.write("old", 0, 'o', 5000); },
                        [](shell& sh) {
                          sh.rename("old", "new");
                          sh.write("new", 0, 'n', 5000);
                          sh.sync("new", sync_what::data);
                        },
                        {"new", "old"}};
  can(recycled, ext4, "new: absent, old: n5000");
  cannot(recycled, xfs, "new: absent, old: n5000");
  cannot(recycled, btrfs, "new: absent, old: n5000");
}

TEST_CASE("litmus: a rename across directories, with the one synced or the other") {
  const auto directories = [](shell& sh) {
    sh.make_dir("d");
    sh.make_dir("e");
    sh.write("d/f", 0, 'o', 10);
  };
  const litmus to{"across, to",
                  directories,
                  [](shell& sh) {
                    sh.rename("d/f", "e/f");
                    sh.sync_dir("e");
                  },
                  {"d/f", "e/f"}};
  can(to, ext4, "d/f: absent, e/f: o10");
  can(to, xfs, "d/f: absent, e/f: o10");
  can(to, btrfs, "d/f: o10, e/f: o10");
  cannot(to, ext4, "d/f: o10, e/f: o10");
  const litmus from{"across, from",
                    directories,
                    [](shell& sh) {
                      sh.rename("d/f", "e/f");
                      sh.sync_dir("d");
                    },
                    {"d/f", "e/f"}};
  for (const profile* rules : {&ext4, &xfs, &btrfs}) can(from, *rules, "d/f: absent, e/f: o10");
  cannot(from, btrfs, "d/f: absent, e/f: absent");
  CHECK(from.on(profile::posix_minimum).count("d/f: absent, e/f: absent") == 1);  // ext2 did
}

TEST_CASE("litmus: the name of a file that was synced is there on all three, which POSIX does not say") {
  const litmus created{"create",
                       nothing,
                       [](shell& sh) {
                         sh.make_dir("d");
                         sh.make_dir("d/d");
                         sh.write("d/d/f", 0, 'n', 10);
                         sh.sync("d/d/f");
                       },
                       {"d/d/f"}};
  for (const profile* rules : {&ext4, &xfs, &btrfs}) cannot(created, *rules, "d/d/f: absent");
  CHECK(created.on(profile::posix_minimum).count("d/d/f: absent") == 1);
  const litmus linked{"link",
                      [](shell& sh) {
                        sh.make_dir("d");
                        sh.write("a", 0, 'o', 10);
                      },
                      [](shell& sh) {
                        sh.link("a", "d/b");
                        sh.sync("a");
                      },
                      {"d/b"}};
  for (const profile* rules : {&ext4, &xfs, &btrfs}) cannot(linked, *rules, "d/b: absent");
  CHECK(linked.on(profile::posix_minimum).count("d/b: absent") == 1);
}

TEST_CASE("litmus: of two files, the second synced") {
  const litmus created{"two",
                       nothing,
                       [](shell& sh) {
                         sh.write("a", 0, 'a', 5000);
                         sh.write("b", 0, 'b', 5000);
                         sh.sync("b");
                       },
                       {"a", "b"}};
  can(created, ext4, "a: empty, b: b5000");
  can(created, xfs, "a: empty, b: b5000");
  can(created, btrfs, "a: absent, b: b5000");
  cannot(created, ext4, "a: absent, b: b5000");
  cannot(created, xfs, "a: absent, b: b5000");
}

TEST_CASE("litmus: what was removed is back, though something else was synced since") {
  const litmus removed{"resurrection",
                       [](shell& sh) {
                         sh.write("f", 0, 'o', 10);
                         sh.write("g", 0, 'o', 10);
                       },
                       [](shell& sh) {
                         sh.remove("f");
                         sh.write("g", 0, 'n', 10);
                         sh.sync("g", sync_what::data);
                       },
                       {"f", "g"}};
  for (const profile* rules : {&ext4, &xfs, &btrfs}) can(removed, *rules, "f: o10, g: n10");
}

TEST_CASE("litmus: a pointer renamed, the old file removed, and something else synced: btrfs keeps the file") {
  const litmus pointer{"current",
                       [](shell& sh) {
                         sh.write("current", 0, '1', 1);
                         sh.write("m1", 0, '1', 10);
                       },
                       [](shell& sh) {
                         sh.write("t", 0, '2', 1);
                         sh.sync("t", sync_what::data);
                         sh.rename("t", "current");
                         sh.remove("m1");
                         sh.write("u", 0, 'u', 1);
                         sh.sync("u");
                       },
                       {"current", "m1"}};
  can(pointer, ext4, "current: 21, m1: absent");
  can(pointer, btrfs, "current: 21, m1: 110");
  cannot(pointer, ext4, "current: 21, m1: 110");
  cannot(pointer, ext4, "current: 11, m1: absent");
  CHECK(pointer.on(profile::posix_minimum).count("current: 11, m1: absent") == 1);
}

TEST_CASE("litmus: pages that were overwritten survive each by itself") {
  const litmus overwritten{
      "overwrite", [](shell& sh) { sh.write("f", 0, 'o', 12288); }, [](shell& sh) { sh.write("f", 0, 'n', 12288); }, {"f"}};
  for (const char* mix : {"f: o12288", "f: n4096 o8192", "f: o4096 n4096 o4096", "f: n8192 o4096", "f: o8192 n4096",
                          "f: n4096 o4096 n4096", "f: o4096 n8192", "f: n12288"}) {
    can(overwritten, ext4, mix);
    can(overwritten, xfs, mix);
  }
}

TEST_CASE("litmus: what was written after the file was removed shows under its old name") {
  litmus unlinked{"unlinked", [](shell& sh) { sh.write("f", 0, 'o', 12288); }, nothing, {"f"}};
  unlinked.only_at_the_end = false;
  for (const profile* rules : {&ext4, &xfs}) {
    std::set<std::string> found;
    (void)explore({.profile = *rules,
                   .setup =
                       [&](world& world) {
                         shell here(world);
                         unlinked.setup(here);
                       },
                   .workload =
                       [](world& world) {
                         auto file = world.fs().open("f", {.access = access::write});
                         (void)world.fs().remove("f");
                         if (file) (void)file->write_at(0, std::string(12288, 'n'));
                       },
                   .check = [&](after_crash& after) { return found.insert(told(after.fs(), "f")), true; }});
    CHECK(found.count("o4096 n4096 o4096") == 1);
    CHECK(found.count("absent") == 1);
  }
}
