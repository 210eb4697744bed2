// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// What power cuts of a real kernel left on ext4, xfs and btrfs: none of it is unknown to their profiles. And what these were
// never seen to leave, where a profile would be of no use if it did.

#include <perdure/testing/explore.hpp>

#include <tests/crash/litmus.hpp>
#include <tests/support/catch.hpp>

#include <set>
#include <string>

namespace proofs_of_litmus {

using namespace perdure;
using namespace perdure::testing;
using namespace tests;

namespace {

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

void run(world& world, const shell& all) {
  any_fs fs(world.fs());
  for (const fs_step& step : all.steps()) step(fs);
}

enum class when { at_the_end, ever };

// What the files that it looks at may hold, joined by commas.
std::set<std::string> outcomes(const litmus& one, const profile& rules, when cut = when::at_the_end) {
  std::set<std::string> found;
  const auto report = explore({.profile = rules,
                               .setup = [&](world& world) { run(world, one.setup); },
                               .workload = [&](world& world) { world.step("done", [&] { run(world, one.work); }); },
                               .check =
                                   [&](after_crash& after) {
                                     if (cut == when::at_the_end && !after.acknowledged("done")) return true;
                                     std::string all;
                                     for (const std::string& path : one.looks_at)
                                       all += (all.empty() ? "" : ", ") + path + ": " + told(after.fs(), path);
                                     found.insert(all);
                                     return true;
                                   }});
  CHECK(report.exhaustive);
  return found;
}

const profile& ext4 = profile::ext4;
const profile& xfs = profile::xfs;
const profile& btrfs = profile::btrfs;

void can(const litmus& one, const profile& rules, const std::string& outcome) {
  const auto found = outcomes(one, rules);
  std::string all;
  for (const std::string& other : found) all += "\n  " + other;
  INFO(one.name << " on " << rules.name << ": " << outcome << all);
  CHECK(found.count(outcome) == 1);
  CHECK(outcomes(one, profile::posix_minimum).count(outcome) == 1);
}
void cannot(const litmus& one, const profile& rules, const std::string& outcome) {
  INFO(one.name << " on " << rules.name << ": " << outcome);
  CHECK(outcomes(one, rules).count(outcome) == 0);
}

}  // namespace

TEST_CASE("litmus: a file renamed over another, and never synced") {
  can(replace_unsynced, ext4, "f: 09000");
  can(replace_unsynced, xfs, "f: empty");
  can(replace_unsynced, btrfs, "f: o9000");
  cannot(replace_unsynced, ext4, "f: absent");
  can(replace_sync_dir, ext4, "f: 09000");
  can(replace_sync_dir, xfs, "f: empty");
  can(replace_sync_dir, btrfs, "f: empty");
  cannot(replace_sync_dir, btrfs, "f: o9000");
  cannot(replace_sync_dir, xfs, "f: 09000");
}

TEST_CASE("litmus: a file created by a rename, and never synced") {
  can(create_by_rename, ext4, "f: empty");
  can(create_by_rename, ext4, "f: 020000");
  can(create_by_rename, xfs, "f: empty");
  can(create_by_rename, btrfs, "f: absent");
}

TEST_CASE("litmus: an append shows zeros on ext4, at any page, and not on xfs or btrfs") {
  can(append_within, ext4, "f: a2500 01596");
  can(append_within, ext4, "f: a2500 02500");
  can(append_within, ext4, "f: a2500 b1596");
  for (const profile* rules : {&xfs, &btrfs}) {
    cannot(append_within, *rules, "f: a2500 01596");
    cannot(append_within, *rules, "f: a2500 02500");
    can(append_within, *rules, "f: a2500 b2500");
    can(append_within, *rules, "f: a2500");
  }
  can(append_pages, ext4, "f: a2500 b1596 028404");
}

TEST_CASE("litmus: fdatasync after a rename and an overwrite loses the rename on ext4 alone") {
  can(recycle, ext4, "new: absent, old: n5000");
  cannot(recycle, xfs, "new: absent, old: n5000");
  cannot(recycle, btrfs, "new: absent, old: n5000");
}

TEST_CASE("litmus: fdatasync of a file that has grown brings no later rename along on ext4, where the growth was there before") {
  can(rename_grown, ext4, "f: absent, t: n5000");
  for (const profile* rules : {&xfs, &btrfs}) cannot(rename_grown, *rules, "f: absent, t: n5000");
}

TEST_CASE("litmus: the end of a page may be zeros before the file is shorter, and not on btrfs") {
  for (const profile* rules : {&ext4, &xfs}) {
    can(shrink, *rules, "f: o5000 03192 o808");
    can(shrink, *rules, "f: o5000");
    can(shrink, *rules, "f: o9000");
  }
  cannot(shrink, btrfs, "f: o5000 03192 o808");
}

TEST_CASE("litmus: a name that is replaced leads to the one or to the other file") {
  // btrfs of Linux 6.18 breaks it where what is moved was not synced in the transaction that runs, and its directory neither. The
  // rig of power cuts counts that apart.
  for (const profile* rules : {&ext4, &xfs, &btrfs}) cannot(replace_synced, *rules, "f: absent, t: n10");
  for (const profile* rules : {&ext4, &xfs, &btrfs, &profile::posix_minimum}) {
    cannot(replace_in_place, *rules, "f: absent, t: n10");
    cannot(replace_across, *rules, "d/t: n10, f: absent");
  }
}

TEST_CASE("litmus: a rename across directories, with the one synced or the other") {
  can(across_sync_to, ext4, "d/f: absent, e/f: o10");
  can(across_sync_to, xfs, "d/f: absent, e/f: o10");
  can(across_sync_to, btrfs, "d/f: o10, e/f: o10");
  cannot(across_sync_to, ext4, "d/f: o10, e/f: o10");
  for (const profile* rules : {&ext4, &xfs, &btrfs}) can(across_sync_from, *rules, "d/f: absent, e/f: o10");
  cannot(across_sync_from, btrfs, "d/f: absent, e/f: absent");
  CHECK(outcomes(across_sync_from, profile::posix_minimum).count("d/f: absent, e/f: absent") == 1);  // ext2 did
}

TEST_CASE("litmus: the name of a file that was synced is there on all three, which POSIX does not say") {
  for (const profile* rules : {&ext4, &xfs, &btrfs}) cannot(create_in_new_dirs, *rules, "d/d/f: absent");
  CHECK(outcomes(create_in_new_dirs, profile::posix_minimum).count("d/d/f: absent") == 1);
  for (const profile* rules : {&ext4, &xfs, &btrfs}) cannot(link_and_sync, *rules, "d/b: absent");
  CHECK(outcomes(link_and_sync, profile::posix_minimum).count("d/b: absent") == 1);
}

TEST_CASE("litmus: of two files, the second synced") {
  can(sync_of_two, ext4, "a: empty, b: b5000");
  can(sync_of_two, xfs, "a: empty, b: b5000");
  can(sync_of_two, btrfs, "a: absent, b: b5000");
  cannot(sync_of_two, ext4, "a: absent, b: b5000");
  cannot(sync_of_two, xfs, "a: absent, b: b5000");
}

TEST_CASE("litmus: what was removed is back, though something else was synced since") {
  for (const profile* rules : {&ext4, &xfs, &btrfs}) can(resurrection, *rules, "f: o10, g: n10");
}

TEST_CASE("litmus: a pointer renamed, the old file removed, and something else synced: btrfs keeps the file") {
  can(pointer, ext4, "current: 21, m1: absent");
  can(pointer, btrfs, "current: 21, m1: 110");
  cannot(pointer, ext4, "current: 21, m1: 110");
  cannot(pointer, ext4, "current: 11, m1: absent");
  CHECK(outcomes(pointer, profile::posix_minimum).count("current: 11, m1: absent") == 1);
}

TEST_CASE("litmus: pages that were overwritten survive each by itself") {
  for (const char* mix : {"f: o12288", "f: n4096 o8192", "f: o4096 n4096 o4096", "f: n8192 o4096", "f: o8192 n4096",
                          "f: n4096 o4096 n4096", "f: o4096 n8192", "f: n12288"}) {
    can(overwrite_pages, ext4, mix);
    can(overwrite_pages, xfs, mix);
  }
}

TEST_CASE("litmus: what was written after the file was removed shows under its old name") {
  for (const profile* rules : {&ext4, &xfs}) {
    const auto found = outcomes(write_unlinked, *rules, when::ever);
    CHECK(found.count("f: o4096 n4096 o4096") == 1);
    CHECK(found.count("f: absent") == 1);
  }
}

}  // namespace proofs_of_litmus
