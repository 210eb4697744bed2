// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Many files under one name that stands for all of them.

#include <tests/bugs/exhibit.hpp>

namespace bugs_in_stores {

using namespace tests;

EXHIBIT(22, "Git loose objects (ALICE)", "a ref may lead to an object that is empty", by(profile::ext4)) {
  return {.setup =
              [](world& world) {
                for (const char* name : {"objects", "objects/aa", "refs"}) (void)world.fs().make_dir(name);
                (void)save(world.fs(), "objects/aa/1", framed("commit 1"), flushed::yes);
                (void)save(world.fs(), "refs/master", "objects/aa/1", flushed::yes);
              },
          .workload =
              [=](world& world) {
                world.step("commit 2", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  PERDURE_TRY(fs.make_dir("objects/bb"));
                  PERDURE_TRY(save(fs, "objects/bb/tmp_obj_x", framed("commit 2"), flushed{fixed}));
                  PERDURE_TRY(link(fs, "objects/bb/tmp_obj_x", "objects/bb/2"));
                  PERDURE_TRY(fs.remove("objects/bb/tmp_obj_x"));
                  PERDURE_TRY(fs.sync_dir("objects/bb"));
                  PERDURE_TRY(fs.sync_dir("objects"));
                  PERDURE_TRY(save(fs, "refs/master.lock", "objects/bb/2", flushed{fixed}));
                  PERDURE_TRY(fs.rename("refs/master.lock", "refs/master"));
                  return fs.sync_dir("refs");
                });
              },
          .check = [](after_crash& after) -> verdict {
            const auto ref = read_text(after.fs(), "refs/master");
            if (!ref) return verdict(ref);
            if (ref->empty() || (*ref)[0] == '\0') return "fatal: your current branch appears to be broken";
            const auto object = unframed(text_in(after.fs(), *ref)).values;
            return object.empty() ? "error: object file " + *ref + " is empty" : after.latest_is(object[0], "commit 1");
          }};
}

EXHIBIT(33, "Nix #7126", "a path is registered, and its files are empty", by(profile::ext4)) {
  return {.setup =
              [](world& world) {
                (void)world.fs().make_dir("store");
                (void)save(world.fs(), "db.sqlite-wal", "", flushed::yes);
              },
          .workload =
              [=](world& world) {
                world.step("store/abc-hello", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  PERDURE_TRY(fs.make_dir("store/abc-hello"));
                  PERDURE_TRY(save(fs, "store/abc-hello/hello", "ELF", flushed{fixed}));
                  PERDURE_TRY(fs.sync_dir("store/abc-hello"));
                  PERDURE_TRY(fs.sync_dir("store"));
                  return append(fs, "db.sqlite-wal", framed("store/abc-hello"), flushed::yes);
                });
              },
          .check = [](after_crash& after) -> verdict {
            const auto rows = unframed(text_in(after.fs(), "db.sqlite-wal")).values;
            for (const std::string& path : rows) {
              if (text_in(after.fs(), path + "/hello") != "ELF") return path + " is valid, says the database; its file is not";
            }
            return is_log_of(after, rows, {"store/abc-hello"});
          }};
}

EXHIBIT(34, "containerd #10284, moby #23184", "a layer is committed, and its files are empty", by(profile::ext4)) {
  return {.setup =
              [](world& world) {
                (void)world.fs().make_dir("snapshots");
                (void)save(world.fs(), "metadata.db", "", flushed::yes);
              },
          .workload =
              [=](world& world) {
                world.step("snapshots/1", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  for (const char* name : {"snapshots/new-1", "snapshots/new-1/etc"}) PERDURE_TRY(fs.make_dir(name));
                  PERDURE_TRY(save(fs, "snapshots/new-1/etc/passwd", "root", flushed{fixed}));
                  PERDURE_TRY(save(fs, "snapshots/new-1/sh", "ELF", flushed{fixed}));
                  for (const char* name : {"snapshots/new-1/etc", "snapshots/new-1"}) PERDURE_TRY(fs.sync_dir(name));
                  PERDURE_TRY(fs.rename("snapshots/new-1", "snapshots/1"));
                  PERDURE_TRY(fs.sync_dir("snapshots"));
                  return append(fs, "metadata.db", framed("snapshots/1"), flushed::yes);
                });
              },
          .check = [](after_crash& after) -> verdict {
            const auto layers = unframed(text_in(after.fs(), "metadata.db")).values;
            for (const std::string& path : layers) {
              if (text_in(after.fs(), path + "/sh") != "ELF") return "exec /bin/sh: exec format error";
              if (text_in(after.fs(), path + "/etc/passwd") != "root") return "unable to find user root";
            }
            return is_log_of(after, layers, {"snapshots/1"});
          }};
}

EXHIBIT(35, "stellar-core #2202, HoraeDB #394", "a manifest that is durable names a data file that is not",
        by(profile::posix_minimum)) {
  return {.setup =
              [](world& world) {
                for (const char* name : {"tmp", "buckets"}) (void)world.fs().make_dir(name);
                (void)save(world.fs(), "stellar.db-wal", "", flushed::yes);
              },
          .workload =
              [=](world& world) {
                world.step("buckets/bucket-ab.xdr", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  PERDURE_TRY(save(fs, "tmp/bucket-ab.xdr", "entries", flushed{fixed}));
                  PERDURE_TRY(fs.rename("tmp/bucket-ab.xdr", "buckets/bucket-ab.xdr"));
                  PERDURE_TRY(fs.sync_dir("buckets"));
                  return append(fs, "stellar.db-wal", framed("buckets/bucket-ab.xdr"), flushed::yes);
                });
              },
          .check = [](after_crash& after) -> verdict {
            const auto rows = unframed(text_in(after.fs(), "stellar.db-wal")).values;
            for (const std::string& path : rows) {
              if (text_in(after.fs(), path) != "entries") return "hash mismatch in " + path;
            }
            return is_log_of(after, rows, {"buckets/bucket-ab.xdr"});
          }};
}

EXHIBIT(36, "Prometheus #4058", "a block is in place, and its meta.json is empty", by(profile::ext4)) {
  return {.workload =
              [=](world& world) {
                world.step("block", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  PERDURE_TRY(fs.make_dir("01B.tmp"));
                  PERDURE_TRY(save(fs, "01B.tmp/chunks", "samples", flushed::yes));
                  PERDURE_TRY(save(fs, "01B.tmp/meta.json.tmp", "{}", flushed{fixed}));
                  PERDURE_TRY(fs.rename("01B.tmp/meta.json.tmp", "01B.tmp/meta.json"));
                  PERDURE_TRY(fs.sync_dir("01B.tmp"));
                  PERDURE_TRY(fs.rename("01B.tmp", "01B"));
                  return fs.sync_dir(".");
                });
              },
          .check = [](after_crash& after) -> verdict {
            if (!is_there(after.fs(), "01B")) return !after.acknowledged("block");
            if (text_in(after.fs(), "01B/meta.json") != "{}") return "read meta information: unexpected end of JSON input";
            return text_in(after.fs(), "01B/chunks") == "samples";
          }};
}

EXHIBIT(45, "Borg #1195", "an index that could be built again is empty, and that is fatal", by(profile::ext4)) {
  return {.setup =
              [](world& world) {
                (void)world.fs().make_dir("data");
                (void)save(world.fs(), "data/1", framed("archive 1"), flushed::yes);
                (void)save(world.fs(), "index.1", framed("archive 1"), flushed::yes);
              },
          .workload =
              [](world& world) {
                world.step("archive 2", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  PERDURE_TRY(save(fs, "data/2", framed("archive 2"), flushed::yes));
                  PERDURE_TRY(fs.sync_dir("data"));
                  PERDURE_TRY(save(fs, "index.2.tmp", framed("archive 2"), flushed::no));
                  PERDURE_TRY(fs.rename("index.2.tmp", "index.2"));
                  return fs.remove("index.1");
                });
              },
          .check = [=](after_crash& after) -> verdict {
            crash_fs& fs = after.fs();
            const std::string newest = is_there(fs, "data/2") ? "2" : "1";
            const auto segment = unframed(text_in(fs, "data/" + newest)).values;
            if (segment.empty()) return after.latest_is(std::string("archive 1"), "archive 1");
            const auto index = unframed(text_in(fs, "index." + newest)).values;
            if (!fixed && is_there(fs, "index." + newest) && index.empty())
              return "hashindex: fread header failed (expected 18, got 0)";
            return after.latest_is(index.empty() ? segment[0] : index[0], "archive 1");
          }};
}

}  // namespace bugs_in_stores
