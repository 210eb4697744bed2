// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// One file that is to be replaced, or to be somewhere else.

#include <tests/bugs/exhibit.hpp>

namespace bugs_in_single_files {

using namespace tests;

EXHIBIT(46, "rust-atomic-write-file #6", "the sync of a file without a name saves nothing, and none follows when it has one",
        by(profile::posix_minimum)) {
  return {.setup = [](world& world) { (void)save(world.fs(), "cfg", "old", flushed::yes); },
          .workload =
              [=](world& world) {
                crash_fs& fs = world.fs();
                fs.plan().add("sync unnamed lie");  // what btrfs does with a file of O_TMPFILE
                world.step("new", [&]() -> result<void> {
                  PERDURE_TRY(save(fs, "unnamed", "new", flushed::yes));
                  PERDURE_TRY(link(fs, "unnamed", ".cfg.tmp"));
                  PERDURE_TRY(fs.remove("unnamed"));
                  if (fixed) PERDURE_TRY(sync(fs, ".cfg.tmp"));
                  PERDURE_TRY(fs.rename(".cfg.tmp", "cfg"));
                  return fs.sync_dir(".");
                });
              },
          .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "cfg"), "old"); }};
}

EXHIBIT(47, "rust-atomicwrites #36, tantivy #1224, npm write-file-atomic #64",
        "a file that was renamed over another one may be all zeros", by(profile::ext4)) {
  return {.setup = [](world& world) { (void)save(world.fs(), "meta.json", "old", flushed::yes); },
          .workload =
              [=](world& world) {
                world.step("new", [&]() -> result<void> {
                  PERDURE_TRY(save(world.fs(), ".tmp", "new", flushed{fixed}));
                  PERDURE_TRY(world.fs().rename(".tmp", "meta.json"));
                  return world.fs().sync_dir(".");
                });
              },
          .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "meta.json"), "old"); }};
}

EXHIBIT(49, "KDE and GNOME, 2009", "a file that is emptied and written again may stay empty", by(profile::ext4)) {
  return {.setup = [](world& world) { (void)save(world.fs(), "kdeglobals", "old", flushed::yes); },
          .workload =
              [=](world& world) {
                world.step("new", [&]() -> result<void> {
                  PERDURE_TRY(save(world.fs(), fixed ? "kdeglobals.new" : "kdeglobals", "new", flushed{fixed}));
                  if (fixed) PERDURE_TRY(world.fs().rename("kdeglobals.new", "kdeglobals"));
                  return world.fs().sync_dir(".");
                });
              },
          .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "kdeglobals"), "old"); }};
}

EXHIBIT(50, "WiredTiger PR 3337, MSVC STL #5501", "a rename that deletes first may leave neither file",
        by(profile::alice_harsh)) {
  return {.setup = [](world& world) { (void)save(world.fs(), "WiredTiger.turtle", framed("old"), flushed::yes); },
          .workload =
              [=](world& world) {
                for (const char* const value : {"new", "newer"}) {
                  world.step(value, [&]() -> result<void> {
                    crash_fs& fs = world.fs();
                    PERDURE_TRY(save(fs, "WiredTiger.turtle.set", framed(value), flushed::yes));
                    PERDURE_TRY(fs.sync_dir("."));
                    PERDURE_TRY(fixed ? save(fs, "WiredTiger.turtle", framed(value), flushed::yes)
                                      : fs.rename("WiredTiger.turtle.set", "WiredTiger.turtle"));
                    return fs.sync_dir(".");
                  });
                }
              },
          .check = [](after_crash& after) -> verdict {
            auto turtle = unframed(text_in(after.fs(), "WiredTiger.turtle")).values;
            if (turtle.empty()) turtle = unframed(text_in(after.fs(), "WiredTiger.turtle.set")).values;
            return after.latest_is(turtle.empty() ? "no turtle file" : turtle[0], "old");
          }};
}

EXHIBIT(51, "Kafka KAFKA-13391, Lucene, HDFS on Windows",
        "a directory that cannot be synced is told as a change that did not happen",
        by(profile::posix_minimum, "sync_dir topic-0 nth 1 unsupported")) {
  return {
      .setup =
          [](world& world) {
            (void)world.fs().make_dir("topic-0");
            (void)save(world.fs(), "topic-0/leader-epoch-checkpoint", "epoch 1", flushed::yes);
          },
      .workload =
          [=](world& world) {
            world.step("epoch 2", [&]() -> result<void> {
              crash_fs& fs = world.fs();
              PERDURE_TRY(save(fs, "topic-0/leader-epoch-checkpoint.tmp", "epoch 2", flushed::yes));
              PERDURE_TRY(fs.rename("topic-0/leader-epoch-checkpoint.tmp", "topic-0/leader-epoch-checkpoint"));
              const auto named = fs.sync_dir("topic-0");
              if (named) return named;
              return fixed ? named.error().with(doubt::durable) : failure(code::permission, operation::sync_dir);
            });
          },
      .check =
          [](after_crash& after) { return after.latest_is(read_text(after.fs(), "topic-0/leader-epoch-checkpoint"), "epoch 1"); },
      .faults = 1};
}

EXHIBIT(54, "btrfs (CrashMonkey)", "a file that was moved may be in both directories when only the new one was synced",
        by(profile::btrfs)) {
  return {.setup =
              [](world& world) {
                for (const char* name : {"A", "B"}) (void)world.fs().make_dir(name);
                (void)save(world.fs(), "A/foo", "text", flushed::yes);
              },
          .workload =
              [=](world& world) {
                world.step("moved", [&]() -> result<void> {
                  PERDURE_TRY(world.fs().rename("A/foo", "B/bar"));
                  PERDURE_TRY(world.fs().sync_dir("B"));
                  return fixed ? world.fs().sync_dir("A") : result<void>();
                });
              },
          .check = [](after_crash& after) -> verdict {
            if (!after.acknowledged("moved")) return true;
            if (text_in(after.fs(), "B/bar") != "text") return "it is not where it was moved to";
            return is_there(after.fs(), "A/foo") ? "it was moved, and is in both directories" : "";
          }};
}

EXHIBIT(55, "lnd, PostgreSQL statistics (LazyFS)", "a file that is made at the start is empty, and the next start fails",
        by(profile::ext4)) {
  return {.workload =
              [=](world& world) {
                world.step("started", [&]() -> result<void> {
                  PERDURE_TRY(save(world.fs(), fixed ? "admin.macaroon.tmp" : "admin.macaroon", "key", flushed{fixed}));
                  return fixed ? world.fs().rename("admin.macaroon.tmp", "admin.macaroon") : result<void>();
                });
              },
          .check = [](after_crash& after) -> verdict {
            if (!is_there(after.fs(), "admin.macaroon")) return true;  // it makes another one
            return text_in(after.fs(), "admin.macaroon") == "key" ? "" : "unable to read macaroon: EOF";
          }};
}

}  // namespace bugs_in_single_files
