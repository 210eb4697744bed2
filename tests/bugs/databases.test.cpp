// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Databases that keep pages, and Redis.

#include <tests/bugs/exhibit.hpp>

namespace bugs_in_databases {

using namespace tests;

namespace {

// What LMDB and bbolt do: a page that nobody uses yet is written, and then one of two meta pages leads to it.
std::string meta(std::uint32_t transaction) {
  const std::string text = std::string(98, static_cast<char>('a' + transaction)) + bytes_of_word(transaction);
  return text + bytes_of_word(crc32c(text));
}
std::uint32_t meta_of(const std::string& all, std::uint32_t which, bool verifies) {
  const std::string text = all.substr(which * 4096 + 16, 102);
  if (verifies && number_at(all, which * 4096 + 16 + 102) != crc32c(text)) return 0;
  return number_at(text, 98);
}
exploration two_metas(const std::string& file, bool verifies) {
  return {.setup = [=](world& world) { (void)save(world.fs(), file, std::string(std::size_t{6} * 4096, '\0'), flushed::yes); },
          .workload =
              [=](world& world) {
                for (std::uint32_t transaction = 1; transaction <= 2; ++transaction) {
                  const std::string value = "transaction " + std::to_string(transaction);
                  world.step(value, [&]() -> result<void> {
                    PERDURE_TRY(overwrite(world.fs(), file, (2 + transaction) * 4096, framed(value), flushed::yes));
                    return overwrite(world.fs(), file, transaction % 2 * 4096 + 16, meta(transaction), flushed::yes);
                  });
                }
              },
          .check = [=](after_crash& after) -> verdict {
            const std::string all = text_in(after.fs(), file);
            const std::uint32_t a = meta_of(all, 0, verifies);
            const std::uint32_t b = meta_of(all, 1, verifies);
            const std::uint32_t newest = a > b ? a : b;
            if (newest == 0) return after.latest_is(std::string("empty"), "empty");
            const std::string root = all.substr(newest % 2 * 4096 + 16, 98);
            if (root != std::string(98, static_cast<char>('a' + newest))) return "the newest meta page is half another one's";
            const auto page = unframed(all.substr((2 + newest) * 4096)).values;
            return after.latest_is(page.empty() ? "a page that was never written" : page[0], "empty");
          }};
}

profile with_sectors_of_64_bytes() {
  profile all = profile::posix_minimum;
  all.name = "posix_minimum with sectors of 64 bytes";
  all.tear_unit_bytes = 64;
  return all;
}
const profile small_sectors = with_sectors_of_64_bytes();

}  // namespace

EXHIBIT(1, "PostgreSQL 1d4a0ab19a",
        "a recycled log segment that is only overwritten may keep its old name, whatever fdatasync says", by(profile::ext4)) {
  return {
      .setup =
          [](world& world) {
            (void)world.fs().make_dir("pg_wal");
            const std::string old = framed("old", 1);
            (void)save(world.fs(), "pg_wal/000000010000000000000001", old + std::string(8192 - old.size(), '\0'), flushed::yes);
          },
      .workload =
          [=](world& world) {
            crash_fs& fs = world.fs();
            if (!fs.rename("pg_wal/000000010000000000000001", "pg_wal/000000010000000000000002")) return;
            if (fixed && !fs.sync_dir("pg_wal")) return;
            world.step("insert",
                       [&] { return overwrite(fs, "pg_wal/000000010000000000000002", 0, framed("insert", 2), flushed::yes); });
          },
      .check =
          [](after_crash& after) {
            const std::string segment = text_in(after.fs(), "pg_wal/000000010000000000000002");
            return is_log_of(after, unframed(segment, 2).values, {"insert"});
          }};
}

EXHIBIT(2, "PostgreSQL fsyncgate", "fsync failed, and is believed when it is tried again",
        by(profile::posix_minimum, "sync base/16384 nth 1 sync_lost drop")) {
  return {.setup =
              [](world& world) {
                (void)world.fs().make_dir("base");
                (void)save(world.fs(), "base/16384", "row 1", flushed::yes);
                (void)save(world.fs(), "pg_wal", "", flushed::yes);
              },
          .workload =
              [=](world& world) {
                crash_fs& fs = world.fs();
                const auto logged = world.step("row 2", [&] { return append(fs, "pg_wal", framed("row 2"), flushed::yes); });
                if (logged != step_outcome::acknowledged) return;
                // The checkpoint.
                auto table = opened(fs, "base/16384");
                if (!table || !table->write_at(0, "row 2")) return;
                auto synced = table->sync(sync_what::data);
                if (!synced && !fixed) {
                  table = opened(fs, "base/16384");
                  if (table) synced = table->sync(sync_what::data);
                }
                if (synced) (void)fs.remove("pg_wal");
              },
          .check =
              [](after_crash& after) {
                const auto log = unframed(text_in(after.fs(), "pg_wal")).values;
                return after.latest_is(log.empty() ? text_in(after.fs(), "base/16384") : log.back(), "row 1");
              },
          .faults = 1};
}

EXHIBIT(21, "HSQLDB (ALICE)", "between the removal of a file and the rename of its successor there is neither",
        by(profile::sequential)) {
  return {.setup = [](world& world) { (void)save(world.fs(), "db.properties", "modified=no", flushed::yes); },
          .workload =
              [=](world& world) {
                world.step("modified=yes", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  PERDURE_TRY(save(fs, "db.properties.new", "modified=yes", flushed::yes));
                  if (!fixed) PERDURE_TRY(fs.remove("db.properties"));
                  PERDURE_TRY(fs.rename("db.properties.new", "db.properties"));
                  return fs.sync_dir(".");
                });
              },
          .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "db.properties"), "modified=no"); }};
}

EXHIBIT(24, "GDBM (ALICE)", "a new database has a size before it has a header", by(profile::ext4)) {
  return {.workload =
              [=](world& world) {
                world.step("created", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  auto file = opened(fs, fixed ? "new.gdbm" : "file.gdbm");
                  if (!file) return file.error();
                  PERDURE_TRY(file->write_at(0, "GDBM" + std::string(4092, 'h')));
                  PERDURE_TRY(file->write_at(4096, std::string(4096, 'd')));
                  PERDURE_TRY(file->write_at(8192, std::string(4096, 'b')));
                  PERDURE_TRY(file->sync(sync_what::all));
                  if (fixed) PERDURE_TRY(fs.rename("new.gdbm", "file.gdbm"));
                  return fs.sync_dir(".");
                });
              },
          .check = [](after_crash& after) -> verdict {
            const std::string all = text_in(after.fs(), "file.gdbm");
            if (all.empty()) return after.acknowledged("created") ? "the database is gone" : "";
            if (all.substr(0, 4) != "GDBM") return "gdbm fatal: bad magic number";
            const bool is_whole = all == "GDBM" + std::string(4092, 'h') + std::string(4096, 'd') + std::string(4096, 'b');
            return is_whole ? "" : "gdbm fatal: read error";
          }};
}

EXHIBIT(25, "LMDB (ALICE)", "a meta page of 106 bytes may be torn where sectors are smaller than that", by(small_sectors)) {
  return two_metas("data.mdb", fixed);
}

EXHIBIT(27, "etcd-io/bbolt #562, etcd #16596 (LazyFS)", "of the four pages of a new database only some may be there",
        by(profile::posix_minimum)) {
  static const std::string pages[] = {"meta 0", "meta 1", "freelist", "leaf"};
  return {.workload =
              [=](world& world) {
                world.step("created", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  std::string all;
                  for (const std::string& page : pages) all += framed(page) + std::string(4096 - 8 - page.size(), '\0');
                  PERDURE_TRY(save(fs, fixed ? "db.tmp" : "db", all, flushed::yes));
                  if (fixed) PERDURE_TRY(fs.rename("db.tmp", "db"));
                  return fs.sync_dir(".");
                });
              },
          .check = [](after_crash& after) -> verdict {
            const std::string all = text_in(after.fs(), "db");
            if (all.empty()) return after.acknowledged("created") ? "the database is gone" : "";
            for (std::size_t i = 0; i < 4; ++i) {
              if (all.size() <= i * 4096) return "file size too small";
              const auto found = unframed(all.substr(i * 4096)).values;
              if (found.empty() || found[0] != pages[i]) return "invalid database: " + pages[i];
            }
            return true;
          }};
}

EXHIBIT(28, "etcd 2.3 (LazyFS)", "the last record of a log, of more than one sector, may be torn, which is not corruption",
        by(profile::posix_minimum)) {
  static const std::vector<std::string> entries = {std::string(100, '1'), std::string(700, '2')};
  return {.setup = [](world& world) { (void)save(world.fs(), "0-0.wal", "", flushed::yes); },
          .workload =
              [](world& world) {
                for (const std::string& entry : entries)
                  world.step(entry, [&] { return append(world.fs(), "0-0.wal", framed(entry), flushed::yes); });
              },
          .check = [=](after_crash& after) -> verdict {
            const frames log = unframed(text_in(after.fs(), "0-0.wal"));
            if (!fixed && !log.is_zeros) return "walpb: crc mismatch";
            return is_log_of(after, log.values, entries);
          }};
}

EXHIBIT(29, "bbolt #562", "a protocol that is right is worth nothing on a disk that lies about its flushes",
        by(profile::posix_minimum, "sync db lie")) {
  return two_metas("db", true);  // what is put right is the disk
}

EXHIBIT(30, "Redis PR 10737", "the old manifest may be back, and the base file that it names removed",
        by(profile::posix_minimum)) {
  return {.setup =
              [](world& world) {
                (void)world.fs().make_dir("appendonlydir");
                (void)save(world.fs(), "appendonlydir/appendonly.aof.1.base.rdb", "data", flushed::yes);
                (void)save(world.fs(), "appendonlydir/appendonly.aof.manifest", "appendonly.aof.1.base.rdb", flushed::yes);
              },
          .workload =
              [=](world& world) {
                world.step("rewritten", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  PERDURE_TRY(save(fs, "temp-rewriteaof.aof", "data", flushed::yes));
                  PERDURE_TRY(fs.rename("temp-rewriteaof.aof", "appendonlydir/appendonly.aof.2.base.rdb"));
                  PERDURE_TRY(fs.sync_dir("appendonlydir"));
                  PERDURE_TRY(save(fs, "appendonlydir/temp-manifest", "appendonly.aof.2.base.rdb", flushed::yes));
                  PERDURE_TRY(fs.rename("appendonlydir/temp-manifest", "appendonlydir/appendonly.aof.manifest"));
                  if (fixed) PERDURE_TRY(fs.sync_dir("appendonlydir"));
                  return fs.remove("appendonlydir/appendonly.aof.1.base.rdb");
                });
              },
          .check = [](after_crash& after) -> verdict {
            const std::string base = text_in(after.fs(), "appendonlydir/appendonly.aof.manifest");
            if (text_in(after.fs(), "appendonlydir/" + base) == "data") return true;
            return "the AOF base file " + base + " doesn't exist";
          }};
}

EXHIBIT(31, "Redis PR 8347", "an answer is given although fsync failed",
        by(profile::posix_minimum, "sync appendonly.aof nth 1 sync_lost")) {
  static const std::vector<std::string> commands = {"SET a", "SET b"};
  return {
      .setup = [](world& world) { (void)save(world.fs(), "appendonly.aof", "", flushed::yes); },
      .workload =
          [=](world& world) {
            auto file = opened(world.fs(), "appendonly.aof");
            std::uint64_t end = 0;
            for (const std::string& command : commands) {
              const auto done = world.step(command, [&]() -> result<void> {
                if (!file) return file.error();
                PERDURE_TRY(file->write_at(end, framed(command)));
                const auto synced = file->sync(sync_what::data);
                if (fixed) PERDURE_TRY(synced);
                return {};
              });
              if (done != step_outcome::acknowledged) return;  // exit(1)
              end += framed(command).size();
            }
          },
      .check =
          [](after_crash& after) { return is_log_of(after, unframed(text_in(after.fs(), "appendonly.aof")).values, commands); },
      .faults = 1};
}

}  // namespace bugs_in_databases
