// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Logs, and what is replayed from them.

#include <tests/bugs/exhibit.hpp>

namespace bugs_in_logs {

using namespace tests;

EXHIBIT(17, "SpacetimeDB PR 5785", "a new segment was synced before its rename, and acknowledged records go with its name",
        by(profile::posix_minimum)) {
  return {.setup = [](world& world) { (void)world.fs().make_dir("clog"); },
          .workload =
              [=](world& world) {
                crash_fs& fs = world.fs();
                if (!save(fs, "clog/.tmp", framed("header"), flushed::yes)) return;
                if (!fs.rename("clog/.tmp", "clog/00000000000000000002.stdb.log")) return;
                if (fixed && !fs.sync_dir("clog")) return;
                world.step("tx 2",
                           [&] { return append(fs, "clog/00000000000000000002.stdb.log", framed("tx 2"), flushed::yes); });
              },
          .check = [](after_crash& after) -> verdict {
            auto found = unframed(text_in(after.fs(), "clog/00000000000000000002.stdb.log")).values;
            if (!found.empty()) found.erase(found.begin());
            return is_log_of(after, found, {"tx 2"});
          }};
}

EXHIBIT(18, "Kafka KAFKA-3968", "a segment that was flushed may vanish with its name", by(profile::posix_minimum)) {
  return {.setup = [](world& world) { (void)world.fs().make_dir("topic-0"); },
          .workload =
              [=](world& world) {
                world.step("batch", [&]() -> result<void> {
                  PERDURE_TRY(save(world.fs(), "topic-0/00000000000000000000.index", "", flushed::no));
                  PERDURE_TRY(append(world.fs(), "topic-0/00000000000000000000.log", framed("batch"), flushed::yes));
                  return fixed ? world.fs().sync_dir("topic-0") : result<void>();
                });
              },
          .check =
              [](after_crash& after) {
                return is_log_of(after, unframed(text_in(after.fs(), "topic-0/00000000000000000000.log")).values, {"batch"});
              }};
}

EXHIBIT(19, "ZooKeeper (ALICE)", "a new transaction log, padded and forced, may have no name", by(profile::posix_minimum)) {
  return {.setup = [](world& world) { (void)world.fs().make_dir("version-2"); },
          .workload =
              [=](world& world) {
                world.step("create /a", [&]() -> result<void> {
                  auto log = opened(world.fs(), "version-2/log.1");
                  if (!log) return log.error();
                  PERDURE_TRY(log->write_at(0, framed("ZKLG")));
                  PERDURE_TRY(log->truncate(8192));
                  PERDURE_TRY(log->write_at(12, framed("create /a")));
                  PERDURE_TRY(log->sync(sync_what::data));
                  return fixed ? world.fs().sync_dir("version-2") : result<void>();
                });
              },
          .check = [](after_crash& after) -> verdict {
            auto found = unframed(text_in(after.fs(), "version-2/log.1")).values;
            if (!found.empty()) found.erase(found.begin());
            return is_log_of(after, found, {"create /a"});
          }};
}

EXHIBIT(20, "ZooKeeper ZOOKEEPER-2325", "an empty snapshot is taken for no snapshot, and the logs before it are gone",
        by(profile::ext4)) {
  return {.setup =
              [](world& world) {
                (void)world.fs().make_dir("version-2");
                (void)save(world.fs(), "version-2/log.1", framed("/a"), flushed::yes);
                (void)save(world.fs(), "version-2/log.2", "", flushed::yes);
              },
          .workload =
              [=](world& world) {
                crash_fs& fs = world.fs();
                if (!save(fs, "version-2/snapshot.1", framed("/a"), flushed{fixed}) || !fs.sync_dir("version-2")) return;
                (void)fs.remove("version-2/log.1");
                world.step("/b", [&] { return append(fs, "version-2/log.2", framed("/b"), flushed::yes); });
              },
          .check = [](after_crash& after) -> verdict {
            std::vector<std::string> tree = unframed(text_in(after.fs(), "version-2/snapshot.1")).values;
            if (tree.empty()) tree = unframed(text_in(after.fs(), "version-2/log.1")).values;
            if (tree.empty()) return "/a, which was there all the time, is lost";
            return is_log_of(after, unframed(text_in(after.fs(), "version-2/log.2")).values, {"/b"});
          }};
}

EXHIBIT(23, "Mercurial (ALICE)", "a changeset may refer to a manifest, and that to a file log, that have not reached the disk",
        by(profile::posix_minimum)) {
  static const char* const logs[] = {"f.i", "00manifest.i", "00changelog.i"};
  return {.setup =
              [](world& world) {
                for (const char* log : logs) (void)save(world.fs(), log, framed("rev 0"), flushed::yes);
              },
          .workload =
              [=](world& world) {
                world.step("rev 1", [&]() -> result<void> {
                  for (const char* log : logs) PERDURE_TRY(append(world.fs(), log, framed("rev 1"), flushed{fixed}));
                  return {};
                });
              },
          .check = [](after_crash& after) -> verdict {
            const auto changes = unframed(text_in(after.fs(), "00changelog.i")).values;
            if (unframed(text_in(after.fs(), "00manifest.i")).values.size() < changes.size())
              return "abort: 00manifest.i: no match found!";
            if (unframed(text_in(after.fs(), "f.i")).values.size() < changes.size()) return "abort: data/f.i: no match found!";
            return true;
          }};
}

EXHIBIT(32, "NATS #7564 (Jepsen)", "a message is acknowledged now, and synced two minutes later", by(profile::sequential)) {
  static const std::vector<std::string> messages = {"message 1", "message 2"};
  return {.setup = [](world& world) { (void)save(world.fs(), "1.blk", "", flushed::yes); },
          .workload =
              [=](world& world) {
                for (const std::string& message : messages)
                  world.step(message, [&] { return append(world.fs(), "1.blk", framed(message), flushed{fixed}); });
                (void)sync(world.fs(), "1.blk");
              },
          .check = [](after_crash& after) { return is_log_of(after, unframed(text_in(after.fs(), "1.blk")).values, messages); }};
}

EXHIBIT(41, "HarperFast rocksdb-js #748", "an append that failed leaves bytes, and the next one goes behind them",
        by(profile::posix_minimum, "write 1.txnlog nth 1 no_space short 5")) {
  static const std::vector<std::string> entries = {"entry 1", "entry 2"};
  return {.setup = [](world& world) { (void)save(world.fs(), "1.txnlog", "", flushed::yes); },
          .workload =
              [=](world& world) {
                std::uint64_t end = 0;
                for (const std::string& entry : entries) {
                  const auto done = world.step(entry, [&]() -> result<void> {
                    const auto added = append(world.fs(), "1.txnlog", framed(entry), flushed::yes);
                    if (added || !fixed) return added;
                    auto file = opened(world.fs(), "1.txnlog");
                    if (file) (void)file->truncate(end);
                    return added;
                  });
                  if (done == step_outcome::acknowledged) end += framed(entry).size();
                }
              },
          .check = [](after_crash& after) { return is_log_of(after, unframed(text_in(after.fs(), "1.txnlog")).values, entries); },
          .faults = 1};
}

EXHIBIT(42, "amelie #17, verdi #38",
        "recovery stops at a torn tail and leaves it there, and what is appended later is never found",
        by(profile::process_kill)) {
  static const std::string first(5000, '1');
  return {
      .setup = [](world& world) { (void)save(world.fs(), "log", "", flushed::yes); },
      .workload = [](world& world) { world.step(first, [&] { return append(world.fs(), "log", framed(first), flushed::yes); }); },
      .restart =
          [=](world& world) {
            world.step("second", [&] {
              return fixed ? append_record(world.fs(), "log", "second")
                           : append(world.fs(), "log", framed("second"), flushed::yes);
            });
          },
      .check =
          [](after_crash& after) { return is_log_of(after, unframed(text_in(after.fs(), "log")).values, {first, "second"}); }};
}

EXHIBIT(43, "LogCabin #191", "a new segment may hold garbage where its recovery expects zeros", by(profile::posix_minimum)) {
  return {.workload =
              [](world& world) {
                world.step("open-4", [&]() -> result<void> {
                  auto segment = opened(world.fs(), "open-4");
                  if (!segment) return segment.error();
                  PERDURE_TRY(segment->truncate(8192));
                  PERDURE_TRY(segment->write_at(0, std::string(8192, '\0')));
                  PERDURE_TRY(segment->write_at(0, "\x01"));
                  PERDURE_TRY(segment->sync(sync_what::all));
                  return world.fs().sync_dir(".");
                });
              },
          .check = [=](after_crash& after) -> verdict {
            const std::string all = text_in(after.fs(), "open-4");
            const bool is_used = all.substr(0, 1) == "\x01" && all.find_first_not_of('\0', 1) == std::string::npos;
            const bool is_zeros = all.find_first_not_of('\0') == std::string::npos;
            if (!fixed && !is_used && !is_zeros) return "the segment's version is not 1, and it is not empty: exiting";
            return is_used || !after.acknowledged("open-4");
          }};
}

}  // namespace bugs_in_logs
