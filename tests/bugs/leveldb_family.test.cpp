// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// LevelDB and what was made of it: CURRENT names a manifest, the manifest names the tables, and a log has what is in no table
// yet.

#include <perdure/testing/lab_sync.hpp>

#include <tests/bugs/exhibit.hpp>

#include <mutex>
#include <utility>

namespace bugs_in_leveldb_family {

using namespace tests;

namespace {

std::string table_text(const std::string& name) { return framed("what " + name + " holds"); }
result<void> write_table(crash_fs& fs, const std::string& name) { return save(fs, name, table_text(name), flushed::yes); }
result<void> set_current(crash_fs& fs, const std::string& manifest) {
  PERDURE_TRY(save(fs, "000009.dbtmp", manifest + "\n", flushed::yes));
  return fs.rename("000009.dbtmp", "CURRENT");
}
void database(world& world) {
  (void)write_table(world.fs(), "000004.ldb");
  (void)save(world.fs(), "MANIFEST-000002", framed("000004.ldb"), flushed::yes);
  (void)set_current(world.fs(), "MANIFEST-000002");
}

result<std::vector<std::string>> tables_of(crash_fs& fs) {
  const auto current = read_text(fs, "CURRENT");
  if (!current) return current.error();
  const auto manifest = read_text(fs, current->substr(0, current->find('\n')));
  if (!manifest) return manifest.error();
  std::vector<std::string> names;
  for (std::string& record : unframed(*manifest).values) {
    if (record[0] != '#') names.push_back(std::move(record));
  }
  return names;
}
bool has(const std::vector<std::string>& tables, const std::string& name) {
  for (const std::string& one : tables) {
    if (one == name) return true;
  }
  return false;
}
// What it does when a database is opened. A record that is half there ends a manifest.
verdict opens(after_crash& after, const std::vector<std::string>& acknowledged = {}) {
  crash_fs& fs = after.fs();
  const std::string current = text_in(fs, "CURRENT");
  if (current.empty() || current.back() != '\n') return "CURRENT file does not end with newline";
  const std::string manifest = current.substr(0, current.size() - 1);
  if (!is_there(fs, manifest)) return "CURRENT points to a non-existent file: " + manifest;
  const auto tables = tables_of(fs);
  if (!tables) return verdict(tables);
  if (tables->empty()) return manifest + " is corrupted: it has no whole record";
  for (const std::string& name : *tables) {
    if (text_in(fs, name) != table_text(name)) return manifest + " names a table that is missing: " + name;
  }
  if (!has(*tables, "000004.ldb")) return manifest + " has lost the table that was there before";
  for (const std::string& name : acknowledged) {
    if (after.acknowledged(name) && !has(*tables, name)) return manifest + " has lost an acknowledged table: " + name;
  }
  return true;
}

// The next manifest takes over.
exploration reopening(const std::string& manifest, flushed manifest_flushed, bool named_first, bool current_named) {
  return {.setup = database,
          .workload =
              [=](world& world) {
                world.step("reopened", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  PERDURE_TRY(save(fs, "MANIFEST-000005", manifest, manifest_flushed));
                  if (named_first) PERDURE_TRY(fs.sync_dir("."));
                  PERDURE_TRY(set_current(fs, "MANIFEST-000005"));
                  if (current_named) PERDURE_TRY(fs.sync_dir("."));
                  return fs.remove("MANIFEST-000002");
                });
              },
          .check = [](after_crash& after) { return opens(after); }};
}

}  // namespace

EXHIBIT(4, "LevelDB #189", "CURRENT may name a manifest that was never synced", by(profile::ext4)) {
  return reopening(framed("000004.ldb"), flushed{fixed}, true, true);
}

EXHIBIT(5, "goleveldb PR 351", "the old manifest is removed, and of the new one a record may be torn", by(profile::ext4)) {
  return reopening(framed(std::string(4090, '#')) + framed("000004.ldb"), flushed{fixed}, true, true);
}

EXHIBIT(6, "LevelDB (ALICE)", "what follows the last whole record of a log may be garbage, which is not corruption",
        by(profile::posix_minimum)) {
  static const std::vector<std::string> puts = {"put a", "put b"};
  return {.setup = [](world& world) { (void)save(world.fs(), "000003.log", "", flushed::yes); },
          .workload =
              [](world& world) {
                for (const std::string& put : puts)
                  world.step(put, [&] { return append(world.fs(), "000003.log", framed(put), flushed::yes); });
              },
          .check = [=](after_crash& after) -> verdict {
            const frames log = unframed(text_in(after.fs(), "000003.log"));
            if (!fixed && !log.is_zeros) return "Corruption: bad record, and the database is not opened";
            return is_log_of(after, log.values, puts);
          }};
}

EXHIBIT(7, "LevelDB (ALICE), RocksDB #5287", "a synced manifest may name a table whose own name was not synced",
        by(profile::posix_minimum)) {
  return {.setup = database,
          .workload =
              [=](world& world) {
                world.step("000006.ldb", [&]() -> result<void> {
                  PERDURE_TRY(write_table(world.fs(), "000006.ldb"));
                  if (fixed) PERDURE_TRY(world.fs().sync_dir("."));
                  return append(world.fs(), "MANIFEST-000002", framed("000006.ldb"), flushed::yes);
                });
              },
          .check = [](after_crash& after) { return opens(after, {"000006.ldb"}); }};
}

EXHIBIT(8, "RocksDB PR 10573", "CURRENT may be the old one, and its manifest gone", by(profile::posix_minimum)) {
  return reopening(framed("000004.ldb"), flushed::yes, true, fixed);
}

EXHIBIT(9, "RocksDB #4990", "a table is deleted whose manifest record failed to sync and may survive all the same",
        by(profile::posix_minimum, "sync MANIFEST-000002 nth 1 sync_lost")) {
  return {.setup = database,
          .workload =
              [=](world& world) {
                world.step("000006.ldb", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  PERDURE_TRY(write_table(fs, "000006.ldb"));
                  PERDURE_TRY(fs.sync_dir("."));
                  const auto added = append(fs, "MANIFEST-000002", framed("000006.ldb"), flushed::yes);
                  if (!added && !fixed) (void)fs.remove("000006.ldb");
                  return added;
                });
              },
          .check = [](after_crash& after) { return opens(after, {"000006.ldb"}); },
          .faults = 1};
}

EXHIBIT(10, "RocksDB PR 7621, Pebble #984",
        "a record that a restart did not see may be there after the next crash, its table gone",
        by(profile::posix_minimum, "sync MANIFEST-000002 nth 1 sync_lost drop")) {
  return {.setup = database,
          .workload =
              [](world& world) {
                world.step("000006.ldb", [&]() -> result<void> {
                  PERDURE_TRY(write_table(world.fs(), "000006.ldb"));
                  PERDURE_TRY(world.fs().sync_dir("."));
                  return append(world.fs(), "MANIFEST-000002", framed("000006.ldb"), flushed::yes);
                });
              },
          .restart =
              [=](world& world) {
                crash_fs& fs = world.fs();
                const auto tables = tables_of(fs);
                if (!tables || has(*tables, "000006.ldb")) return;
                if (fixed) {  // whatever the old manifest has, nobody reads it any more
                  if (!save(fs, "MANIFEST-000007", framed("000004.ldb"), flushed::yes) || !fs.sync_dir(".")) return;
                  if (!set_current(fs, "MANIFEST-000007") || !fs.sync_dir(".")) return;
                }
                (void)fs.remove("000006.ldb");  // its number is given again
              },
          .check = [](after_crash& after) { return opens(after); },
          .faults = 1};
}

EXHIBIT(11, "RocksDB #6316", "a manifest that failed half-way through a record is appended to",
        by(profile::posix_minimum, "write MANIFEST-000002 nth 1 no_space short 7")) {
  return {.setup = database,
          .workload =
              [=](world& world) {
                crash_fs& fs = world.fs();
                bool is_broken = false;
                for (const char* const name : {"000006.ldb", "000007.ldb"}) {
                  world.step(name, [&]() -> result<void> {
                    PERDURE_TRY(write_table(fs, name));
                    PERDURE_TRY(fs.sync_dir("."));
                    if (!is_broken || !fixed) {
                      const auto added = append(fs, "MANIFEST-000002", framed(name), flushed::yes);
                      is_broken = !added;
                      return added;
                    }
                    PERDURE_TRY(save(fs, "MANIFEST-000008", framed("000004.ldb") + framed(name), flushed::yes));
                    PERDURE_TRY(fs.sync_dir("."));
                    PERDURE_TRY(set_current(fs, "MANIFEST-000008"));
                    return fs.sync_dir(".");
                  });
                }
              },
          .check = [](after_crash& after) { return opens(after, {"000006.ldb", "000007.ldb"}); },
          .faults = 1};
}

EXHIBIT(12, "RocksDB PR 14780",
        "a crash in recovery: the manifest that lives on names a table that recovery wrote and did not name",
        by(profile::posix_minimum)) {
  return {.setup =
              [](world& world) {
                database(world);
                (void)save(world.fs(), "000005.log", "", flushed::yes);
              },
          .workload =
              [](world& world) {
                world.step("000006.ldb", [&] { return append(world.fs(), "000005.log", framed("put"), flushed::yes); });
              },
          .recover =
              [=](after_crash& after) {
                crash_fs& fs = after.fs();
                const auto tables = tables_of(fs);
                if (unframed(text_in(fs, "000005.log")).values.empty() || !tables || has(*tables, "000006.ldb")) return;
                if (!write_table(fs, "000006.ldb")) return;
                if (fixed && !fs.sync_dir(".")) return;
                (void)append_record(fs, "MANIFEST-000002", "000006.ldb");
              },
          .check = [](after_crash& after) { return opens(after, {"000006.ldb"}); }};
}

EXHIBIT(14, "Pebble PR 580, RocksDB PR 12918", "behind the end of a recycled log its old records are taken for new ones",
        by(profile::posix_minimum)) {
  static const std::vector<std::string> puts = {"new put a", "new put b"};
  return {.setup =
              [=](world& world) {
                const std::uint32_t number = fixed ? 3 : 0;  // the legacy format has none
                (void)save(world.fs(), "000003.log", framed("old put a", number) + framed("old put b", number), flushed::yes);
              },
          .workload =
              [=](world& world) {
                if (!world.fs().rename("000003.log", "000007.log") || !world.fs().sync_dir(".")) return;
                std::uint64_t at = 0;
                for (const std::string& put : puts) {
                  const std::string record = framed(put, fixed ? 7 : 0);
                  world.step(put, [&] { return overwrite(world.fs(), "000007.log", at, record, flushed::yes); });
                  at += record.size();
                }
              },
          .check =
              [=](after_crash& after) {
                return is_log_of(after, unframed(text_in(after.fs(), "000007.log"), fixed ? 7 : 0).values, puts);
              }};
}

EXHIBIT(52, "Riak's LevelDB #153", "CURRENT may be durable before the name of the manifest that it names",
        by(profile::posix_minimum)) {
  return reopening(framed("000004.ldb"), flushed::yes, fixed, true);
}

EXHIBIT(15, "Pebble PR 3755, CockroachDB PR 127361",
        "of two threads that sync a directory one returns before the other has done it", by(profile::posix_minimum)) {
  struct provider {
    lab_sync::mutex mutex;
    bool has_changed = false;

    result<void> add(crash_fs& fs, const std::string& name) {
      const auto written = write_table(fs, name);
      const std::lock_guard lock(mutex);
      has_changed = true;
      return written;
    }
    result<void> sync(crash_fs& fs, bool waits) {
      std::unique_lock lock(mutex);
      const bool is_mine = std::exchange(has_changed, false);
      if (!waits) lock.unlock();
      return is_mine ? fs.sync_dir(".") : result<void>();
    }
  };
  return {.workload =
              [=](world& world) {
                provider objects;
                const auto thread = [&](const std::string& name) {
                  if (objects.add(world.fs(), name)) world.step(name, [&] { return objects.sync(world.fs(), fixed); });
                };
                world.together([&] { thread("000006.sst"); }, [&] { thread("000007.sst"); });
              },
          .check = [](after_crash& after) -> verdict {
            for (const char* name : {"000006.sst", "000007.sst"}) {
              if (after.acknowledged(name) && text_in(after.fs(), name) != table_text(name))
                return std::string(name) + " was synced, and is gone";
            }
            return true;
          }};
}

}  // namespace bugs_in_leveldb_family
