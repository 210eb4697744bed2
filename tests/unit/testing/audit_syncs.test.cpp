// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/atomic_write.hpp>
#include <perdure/testing/audit_syncs.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;
using namespace perdure::testing;

namespace {
// A save with as many syncs of its temporary file and of the directory as are asked for.
exploration saves(int file_syncs, int dir_syncs, std::function<void(world&)> restart = {}) {
  return {.workload =
              [=](world& world) {
                for (const char* value : {"v1", "v2"}) {
                  world.step(value, [&]() -> result<void> {
                    auto temp = world.fs().open("temp", {.access = access::write, .creation = creation::create});
                    if (!temp) return temp.error();
                    PERDURE_TRY(temp->write_at(0, std::string(value)));
                    for (int i = 0; i < file_syncs; ++i) PERDURE_TRY(temp->sync(sync_what::data));
                    PERDURE_TRY(world.fs().rename("temp", "cfg"));
                    for (int i = 0; i < dir_syncs; ++i) PERDURE_TRY(world.fs().sync_dir("."));
                    return {};
                  });
                }
              },
          .restart = restart,
          .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "cfg"), "absent"); }};
}
}  // namespace

TEST_CASE("audit_syncs: none missing and none to spare") {
  const auto audit = audit_syncs(saves(1, 1));
  INFO(audit.text());
  CHECK(audit.ok());
  CHECK(audit.syncs.size() == 4);
  CHECK(audit.syncs[0].text == "sync(data) of temp");
  CHECK(audit.syncs[0].complaint == "found \"\", which may only be \"absent\" or \"v1\"");
  CHECK(audit.syncs[1].text == "sync_dir .");
}

TEST_CASE("audit_syncs: one that is covered by another is idle, and told by its place") {
  const auto twice = audit_syncs(saves(2, 1));
  CHECK_FALSE(twice.ok());
  CHECK(twice.report.ok());
  CHECK(twice.idle() == 4);
  CHECK(twice.text().find("  IDLE    sync(data) of temp\n") != std::string::npos);
  CHECK(twice.text().find("  needed  sync_dir .: without it, found") != std::string::npos);
}

TEST_CASE("audit_syncs: where one is missing there is nothing to spare") {
  const auto audit = audit_syncs(saves(0, 1));
  CHECK_FALSE(audit.ok());
  CHECK(audit.syncs.empty());
  CHECK(audit.text() == audit.report.text());
}

namespace {
// What is in the file `next` is to be in `value`, too, once it is whole; the recovery sees to it, with the syncs that are asked
// for.
exploration copied_by_recovery(bool syncs_copy, bool syncs_twice) {
  return {.setup =
              [](world& world) {
                (void)atomic_write(world.fs(), "value", "1");
                (void)atomic_write(world.fs(), "other", "1");
              },
          .workload = [](world& world) { world.step("2", [&] { return atomic_write(world.fs(), "next", "2"); }); },
          .recover =
              [=](after_crash& after) {
                if (read_text(after.fs(), "next").value_or(std::string()) != "2") {
                  (void)after.fs().remove("other");
                  (void)after.fs().sync_dir(".");  // for nothing
                  return;
                }
                auto file = after.fs().open("value", {.access = access::write});
                if (!file || !file->write_at(0, "2")) return;
                if (syncs_copy && !file->sync(sync_what::data)) return;
                if (syncs_twice && !file->sync(sync_what::data)) return;
                (void)after.fs().remove("next");
              },
          .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "value"), "1"); }};
}
}  // namespace

TEST_CASE("audit_syncs: each sync of a recovery is left out, too, and told by its call") {
  const auto audit = audit_syncs(copied_by_recovery(true, false));
  INFO(audit.text());
  CHECK(audit.report.ok());
  CHECK(audit.text().find("  needed  sync(data) of value, in the recovery: without it, found \"1\"") != std::string::npos);
  CHECK(audit.text().find("  idle?   sync_dir ., in the recovery\n") != std::string::npos);
  CHECK(audit.idle_in_recovery() == 1);
  CHECK(audit.ok());  // what is done after the recovery may need it
  REQUIRE(audit.syncs.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(audit.syncs[i].in_recovery == (i >= 2));
  const auto twice = audit_syncs(copied_by_recovery(true, true));
  CHECK(twice.report.ok());
  CHECK(twice.idle_in_recovery() == 3);  // either of the two can be left out
  CHECK_FALSE(audit_syncs(copied_by_recovery(false, false)).report.ok());
  auto uncut = copied_by_recovery(true, false);
  uncut.budget.nested_cuts = 0;
  for (const audited_sync& one : audit_syncs(uncut).syncs) CHECK_FALSE(one.in_recovery);
}

TEST_CASE("audit_syncs: what a restarted process syncs is counted by itself") {
  auto what = saves(1, 1, [](world& world) {
    if (!read_text(world.fs(), "cfg")) return;
    (void)world.fs().sync_dir(".");
    world.step("seen", [] {});
  });
  what.check = [](after_crash& after) -> verdict {
    return read_text(after.fs(), "cfg") || !(after.acknowledged("seen") || after.acknowledged("v1"));
  };
  const auto audit = audit_syncs(what);
  INFO(audit.text());
  CHECK(audit.report.ok());
  CHECK(audit.syncs.back().after_kill);
  CHECK(audit.syncs.back().needed);
  CHECK(audit.syncs[1].needed);
  CHECK_FALSE(audit.syncs[0].needed);  // the check does not look at what is in the file
}
