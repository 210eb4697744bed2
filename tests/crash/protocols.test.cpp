// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Protocols that programs are built on, as they are written by hand: right, they pass on every profile; with one step left out,
// they do not.

#include <perdure/core/crc32c.hpp>
#include <perdure/fs/atomic_write.hpp>

#include <tests/crash/proof.hpp>

#include <cstring>
#include <string>
#include <vector>

namespace proofs_of_protocols {

using namespace tests;

namespace {

// A value with its number and a checksum, so that a half of it is known for what it is.
std::string sealed(std::uint32_t number, const std::string& value) {
  std::string all(8, '\0');
  const auto size = static_cast<std::uint32_t>(value.size());
  std::memcpy(all.data(), &number, 4);
  std::memcpy(all.data() + 4, &size, 4);
  all += value;
  const std::uint32_t sum = crc32c(all);
  all.append(reinterpret_cast<const char*>(&sum), 4);
  return all;
}
struct unsealed {
  std::uint32_t number = 0;
  std::string value;
  std::size_t size = 0;  // 0: nothing valid here
};
unsealed unseal(const std::string& all, std::size_t at, bool verify = true) {
  unsealed found;
  std::uint32_t size = 0;
  std::uint32_t sum = 0;
  if (all.size() < at + 12) return found;
  std::memcpy(&found.number, all.data() + at, 4);
  std::memcpy(&size, all.data() + at + 4, 4);
  if (found.number == 0 || size > all.size() - at - 12) return found;
  std::memcpy(&sum, all.data() + at + 8 + size, 4);
  if (verify && crc32c(bytes(all.data() + at, 8 + size)) != sum) return found;
  found.value = all.substr(at + 8, size);
  found.size = 12 + size;
  return found;
}
using file_of = crash_fs::file;
result<file_of> opened(crash_fs& fs, const std::string& path) {
  return fs.open(path, {.access = access::read_write, .creation = creation::create});
}
std::string content(crash_fs& fs, const std::string& path) { return read_text(fs, path).value_or(std::string()); }
void all_profiles(const std::string& name, const exploration& what) { prove(name, what); }

const std::vector<std::string> values = {"first", std::string(700, '2'), "third"};

// Two slots, written in turn.
exploration twin_slot(const std::string& bug = "") {
  return {.setup = [](world& world) { put(world.fs(), "slots", std::string(8192, '\0')); },
          .workload =
              [=](world& world) {
                auto file = opened(world.fs(), "slots");
                if (!file) return;
                std::uint32_t number = 0;
                for (const std::string& value : values) {
                  ++number;
                  world.step(value, [&]() -> result<void> {
                    const std::uint64_t slot = bug == "one slot" ? 0 : number % 2;
                    PERDURE_TRY(file->write_at(slot * 4096, sealed(number, value)));
                    if (bug != "no sync") PERDURE_TRY(file->sync(sync_what::data));
                    return {};
                  });
                }
              },
          .check = [=](after_crash& after) -> verdict {
            const std::string all = content(after.fs(), "slots");
            const auto a = unseal(all, 0, bug != "no checksum");
            const auto b = unseal(all, 4096, bug != "no checksum");
            const auto& newest = a.number > b.number && a.size != 0 ? a : b.size != 0 ? b : a;
            return after.latest_is(newest.size != 0 ? newest.value : std::string("none"), "none");
          }};
}

// Records one after another; what follows the last good one is cut off before the next append.
exploration append_log(const std::string& bug = "") {
  const auto append = [=](crash_fs& fs, const std::string& value) -> result<void> {
    const bool is_new = !fs.stat("log");
    auto file = opened(fs, "log");
    if (!file) return file.error();
    if (is_new && bug != "no sync_dir") PERDURE_TRY(fs.sync_dir("."));
    const std::string all = content(fs, "log");
    std::size_t end = 0;
    std::uint32_t number = 0;
    const bool verify = bug != "no checksum";
    for (auto one = unseal(all, end, verify); one.size != 0; one = unseal(all, end, verify)) {
      end += one.size;
      number = one.number;
    }
    if (end != all.size() && bug != "no truncation") PERDURE_TRY(file->truncate(end));
    PERDURE_TRY(file->write_at(bug == "no truncation" ? all.size() : end, sealed(number + 1, value)));
    return bug == "no sync" ? result<void>() : file->sync(sync_what::data);
  };
  exploration what{.workload =
                       [=](world& world) {
                         for (const std::string& value : values) world.step(value, [&] { return append(world.fs(), value); });
                       },
                   .check = [=](after_crash& after) -> verdict {
                     // The first append after the crash has to be found after those that were acknowledged.
                     (void)append(after.fs(), "after");
                     const std::string all = content(after.fs(), "log");
                     std::size_t found = 0;
                     std::string last;
                     for (std::size_t at = 0;;) {
                       const auto one = unseal(all, at, bug != "no checksum");
                       if (one.size == 0) break;
                       at += one.size;
                       last = one.value;
                       if (found < values.size() && last != "after" && last != values[found]) return "not what was appended";
                       ++found;
                     }
                     std::size_t acknowledged = 0;
                     for (const std::string& value : values) acknowledged += after.acknowledged(value) ? 1 : 0;
                     if (last != "after") return "the next append is not found";
                     return found > acknowledged ? "" : "an acknowledged record is lost";
                   }};
  return what;
}

// The old bytes of what will be overwritten are kept in a journal until the new ones are durable.
exploration rollback_journal(const std::string& bug = "") {
  const std::size_t size = 1500;
  return {.setup = [=](world& world) { put(world.fs(), "db", std::string(size, '0')); },
          .workload =
              [=](world& world) {
                for (const char letter : {'1', '2'}) {
                  const std::string value(size, letter);
                  world.step(value, [&]() -> result<void> {
                    crash_fs& fs = world.fs();
                    auto journal = opened(fs, "db-journal");
                    if (!journal) return journal.error();
                    PERDURE_TRY(journal->write_at(0, sealed(1, content(fs, "db"))));
                    if (bug != "no journal sync") PERDURE_TRY(journal->sync(sync_what::data));
                    if (bug != "no sync_dir") PERDURE_TRY(fs.sync_dir("."));
                    auto db = opened(fs, "db");
                    if (!db) return db.error();
                    PERDURE_TRY(db->write_at(0, value));
                    if (bug != "no database sync") PERDURE_TRY(db->sync(sync_what::data));
                    PERDURE_TRY(fs.remove("db-journal"));
                    if (bug != "no last sync_dir") PERDURE_TRY(fs.sync_dir("."));
                    return {};
                  });
                }
              },
          .recover =
              [=](after_crash& after) {
                crash_fs& fs = after.fs();
                const auto old = unseal(content(fs, "db-journal"), 0);
                if (bug == "journal first" && fs.stat("db-journal")) (void)fs.remove("db-journal"), (void)fs.sync_dir(".");
                if (old.size != 0) {
                  auto db = opened(fs, "db");
                  if (db) (void)db->write_at(0, old.value), (void)db->sync(sync_what::data);
                }
                if (fs.stat("db-journal")) (void)fs.remove("db-journal"), (void)fs.sync_dir(".");
              },
          .check = [=](after_crash& after) { return after.latest_is(content(after.fs(), "db"), std::string(size, '0')); }};
}

// A pointer to the newest of several files.
exploration current_pointer(const std::string& bug = "") {
  return {.setup =
              [](world& world) {
                put(world.fs(), "MANIFEST-0", "state 0");
                put(world.fs(), "CURRENT", "MANIFEST-0");
              },
          .workload =
              [=](world& world) {
                for (int number = 1; number < 3; ++number) {
                  const std::string name = "MANIFEST-" + std::to_string(number);
                  const std::string value = "state " + std::to_string(number);
                  world.step(value, [&]() -> result<void> {
                    crash_fs& fs = world.fs();
                    auto manifest = opened(fs, name);
                    if (!manifest) return manifest.error();
                    PERDURE_TRY(manifest->write_at(0, value));
                    if (bug != "no manifest sync") PERDURE_TRY(manifest->sync(sync_what::data));
                    if (bug != "no sync_dir") PERDURE_TRY(fs.sync_dir("."));
                    if (bug == "removed first") PERDURE_TRY(fs.remove("MANIFEST-" + std::to_string(number - 1)));
                    auto temp = opened(fs, "CURRENT.dbtmp");
                    if (!temp) return temp.error();
                    PERDURE_TRY(temp->write_at(0, name));
                    if (bug != "no pointer sync") PERDURE_TRY(temp->sync(sync_what::data));
                    PERDURE_TRY(fs.rename("CURRENT.dbtmp", "CURRENT"));
                    if (bug == "removed too early") PERDURE_TRY(fs.remove("MANIFEST-" + std::to_string(number - 1)));
                    if (bug != "no last sync_dir") PERDURE_TRY(fs.sync_dir("."));
                    if (bug.empty()) PERDURE_TRY(fs.remove("MANIFEST-" + std::to_string(number - 1)));
                    return {};
                  });
                }
              },
          .check = [](after_crash& after) -> verdict {
            const auto name = read_text(after.fs(), "CURRENT");
            if (!name) return name;
            const auto state = read_text(after.fs(), *name);
            if (!state) return state;
            return after.latest_is(state, "state 0");
          }};
}

// New nodes behind the old ones, and then one of two roots.
exploration copy_on_write(const std::string& bug = "") {
  return {.setup = [](world& world) { put(world.fs(), "tree", std::string(1024, '\0')); },
          .workload =
              [=](world& world) {
                auto file = opened(world.fs(), "tree");
                if (!file) return;
                std::uint64_t end = 1024;
                std::uint32_t number = 0;
                for (const std::string& value : values) {
                  ++number;
                  world.step(value, [&]() -> result<void> {
                    PERDURE_TRY(file->write_at(end, value));
                    if (bug != "no node sync") PERDURE_TRY(file->sync(sync_what::data));
                    const std::string root = std::to_string(end) + " " + std::to_string(value.size());
                    PERDURE_TRY(file->write_at(number % 2 * 512, sealed(number, root)));
                    if (bug != "no root sync") PERDURE_TRY(file->sync(sync_what::data));
                    end += value.size();
                    return {};
                  });
                }
              },
          .check = [](after_crash& after) -> verdict {
            const std::string all = content(after.fs(), "tree");
            const auto a = unseal(all, 0);
            const auto b = unseal(all, 512);
            const auto& root = a.size != 0 && (b.size == 0 || a.number > b.number) ? a : b;
            if (root.size == 0) return after.latest_is(std::string("none"), "none");
            const std::size_t space = root.value.find(' ');
            const std::size_t at = std::stoul(root.value);
            if (at > all.size()) return "the root leads past the end";
            return after.latest_is(all.substr(at, std::stoul(root.value.substr(space))), "none");
          }};
}

// A directory that is there whole or not at all.
exploration published_directory(const std::string& bug = "") {
  return {.workload =
              [=](world& world) {
                world.step("published", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  PERDURE_TRY(fs.make_dir("tmp"));
                  for (const char* name : {"tmp/a", "tmp/b"}) {
                    auto file = opened(fs, name);
                    if (!file) return file.error();
                    PERDURE_TRY(file->write_at(0, std::string(name)));
                    if (bug != "no file sync") PERDURE_TRY(file->sync(sync_what::data));
                  }
                  if (bug != "no sync_dir") PERDURE_TRY(fs.sync_dir("tmp"));
                  PERDURE_TRY(fs.rename("tmp", "final"));
                  if (bug != "no last sync_dir") PERDURE_TRY(fs.sync_dir("."));
                  return {};
                });
              },
          .check = [](after_crash& after) -> verdict {
            if (!after.fs().stat("final")) return !after.acknowledged("published");
            return content(after.fs(), "final/a") == "tmp/a" && content(after.fs(), "final/b") == "tmp/b";
          }};
}

}  // namespace

TEST_CASE("protocols: two slots in turn") {
  all_profiles("twin slot", twin_slot());
  CHECK(audit_syncs(twin_slot()).ok());
  for (const char* bug : {"one slot", "no sync", "no checksum"}) CHECK(refuted(twin_slot(bug)) != "");
}
TEST_CASE("protocols: a log of records with checksums") {
  all_profiles("append log", append_log());
  const auto audit = audit_syncs(append_log());
  INFO(audit.text());
  CHECK(audit.ok());
  for (const char* bug : {"no sync_dir", "no sync", "no checksum", "no truncation"}) {
    INFO(bug);
    CHECK(refuted(append_log(bug)) != "");
  }
}
TEST_CASE("protocols: a rollback journal, and its recovery cut, too") {
  all_profiles("rollback journal", rollback_journal());
  const auto audit = audit_syncs(rollback_journal());
  INFO(audit.text());
  CHECK(audit.ok());
  // That the journal stays away is for the next transaction, which begins after the recovery; that the database was put back is
  // not.
  CHECK(audit.idle_in_recovery() == 1);
  CHECK(audit.text().find("  needed  sync(data) of db, in the recovery") != std::string::npos);
  for (const char* bug : {"no journal sync", "no sync_dir", "no database sync", "no last sync_dir", "journal first"}) {
    INFO(bug);
    CHECK(refuted(rollback_journal(bug)) != "");
  }
}
TEST_CASE("protocols: a pointer to the newest of several files") {
  all_profiles("current pointer", current_pointer());
  const auto audit = audit_syncs(current_pointer());
  INFO(audit.text());
  CHECK(audit.ok());
  for (const char* bug :
       {"no manifest sync", "no sync_dir", "removed first", "no pointer sync", "removed too early", "no last sync_dir"}) {
    INFO(bug);
    CHECK(refuted(current_pointer(bug)) != "");
  }
}
TEST_CASE("protocols: nodes that are never overwritten under two roots") {
  all_profiles("copy on write", copy_on_write());
  const auto audit = audit_syncs(copy_on_write());
  INFO(audit.text());
  CHECK(audit.ok());
  for (const char* bug : {"no node sync", "no root sync"}) CHECK(refuted(copy_on_write(bug)) != "");
}
TEST_CASE("protocols: a directory made aside and renamed") {
  all_profiles("published directory", published_directory());
  const auto audit = audit_syncs(published_directory());
  INFO(audit.text());
  CHECK(audit.ok());
  for (const char* bug : {"no file sync", "no sync_dir", "no last sync_dir"}) CHECK(refuted(published_directory(bug)) != "");
}

}  // namespace proofs_of_protocols
