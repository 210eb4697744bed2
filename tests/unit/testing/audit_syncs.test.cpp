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
