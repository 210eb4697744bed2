// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Protocols that are right: logs, pages that are written in place, and what is put back from them.

#include <tests/bugs/right.hpp>

namespace bugs_in_protocols_of_logs {

using namespace tests;

namespace {

std::string record_of(crash_fs& fs, const std::string& path, std::uint64_t at = 0, std::uint32_t log = 0) {
  const auto found = unframed(text_in(fs, path), log, at).values;
  return found.empty() ? "" : found[0];
}
// Of a file that is written in place: as long as it was, whatever was in it.
std::string padded(const std::string& record, std::size_t size) { return record + std::string(size - record.size(), '\0'); }
result<void> replace(crash_fs& fs, const std::string& path, const std::string& text) {
  PERDURE_TRY(save(fs, path + ".tmp", text, flushed::yes));
  PERDURE_TRY(fs.rename(path + ".tmp", path));
  return after_write(fs.sync_dir("."));
}

}  // namespace

PROTOCOL(log_and_checkpoint, "a log that is written first, and emptied when the database has it all", stands::any_rename) {
  return {.setup =
              [](world& world) {
                (void)save(world.fs(), "db", padded(framed("row 0"), 1024), flushed::yes);
                (void)save(world.fs(), "db-log", "", flushed::yes);
              },
          .workload =
              [](world& world) {
                crash_fs& fs = world.fs();
                for (const char* const row : {"row 1", "row 2", "row 3"}) {
                  const auto done = world.step(row, [&] { return append(fs, "db-log", framed(row), flushed::yes); });
                  if (done != step_outcome::acknowledged) return;
                  if (std::string(row) != "row 2") continue;
                  if (!overwrite(fs, "db", 0, padded(framed(row), 1024), flushed::yes)) return;
                  auto log = opened(fs, "db-log");
                  // Else of the old records one may stand behind the new one.
                  if (!log || !log->truncate(0) || !log->sync(sync_what::data)) return;
                }
              },
          .check =
              [](after_crash& after) {
                const auto log = unframed(text_in(after.fs(), "db-log")).values;
                return after.latest_is(log.empty() ? record_of(after.fs(), "db") : log.back(), "row 0");
              }};
}

PROTOCOL(log_with_salt, "a log that begins anew under another salt", stands::atomic_renames) {
  return {.setup =
              [](world& world) {
                (void)save(world.fs(), "snapshot", bytes_of_word(1) + framed("row 0"), flushed::yes);
                (void)save(world.fs(), "log", std::string(256, '\0'), flushed::yes);
              },
          .workload =
              [](world& world) {
                crash_fs& fs = world.fs();
                std::uint32_t salt = 1;
                std::uint64_t end = 0;
                for (const char* const row : {"row 1", "row 2", "row 3", "row 4"}) {
                  const std::string record = framed(row, salt);
                  const auto done = world.step(row, [&] { return overwrite(fs, "log", end, record, flushed::yes); });
                  if (done != step_outcome::acknowledged) return;
                  end += record.size();
                  if (std::string(row) != "row 2") continue;
                  if (!replace(fs, "snapshot", bytes_of_word(++salt) + framed(row))) return;
                  end = 0;
                }
              },
          .check = [](after_crash& after) -> verdict {
            const std::string snapshot = text_in(after.fs(), "snapshot");
            if (snapshot.size() < 4) return "there is no snapshot";
            const auto log = unframed(text_in(after.fs(), "log"), number_at(snapshot, 0)).values;
            return after.latest_is(log.empty() ? record_of(after.fs(), "snapshot", 4) : log.back(), "row 0");
          }};
}

PROTOCOL(segments, "a log in segments, of which the oldest is removed when a snapshot has it", stands::any_rename) {
  static const std::vector<std::string> rows = {"row 1", "row 2", "row 3", "row 4"};
  return {.setup = [](world& world) { (void)save(world.fs(), "1.log", "", flushed::yes); },
          .workload =
              [](world& world) {
                crash_fs& fs = world.fs();
                const auto add = [&](const std::string& segment, const std::string& row) {
                  return world.step(row, [&] { return append(fs, segment, framed(row), flushed::yes); }) ==
                         step_outcome::acknowledged;
                };
                if (!add("1.log", rows[0]) || !add("1.log", rows[1])) return;
                if (!save(fs, "2.log", "", flushed::no) || !fs.sync_dir(".")) return;
                if (!add("2.log", rows[2])) return;
                if (replace(fs, "snapshot", framed(rows[0]) + framed(rows[1]))) (void)fs.remove("1.log");
                (void)add("2.log", rows[3]);
              },
          .check =
              [](after_crash& after) {
                std::vector<std::string> found = unframed(text_in(after.fs(), "snapshot")).values;
                // A segment that the snapshot has may be back.
                if (found.empty()) found = unframed(text_in(after.fs(), "1.log")).values;
                for (const std::string& row : unframed(text_in(after.fs(), "2.log")).values) found.push_back(row);
                return is_log_of(after, found, rows);
              }};
}

PROTOCOL(recycled_segments, "segments that are used again under another number", stands::any_rename) {
  static const std::vector<std::string> rows = {"row 1", "row 2"};
  return {.setup =
              [](world& world) {
                (void)save(world.fs(), "1.log", std::string(1024, '\0'), flushed::yes);
                (void)save(world.fs(), "base", "", flushed::yes);
              },
          .workload =
              [](world& world) {
                crash_fs& fs = world.fs();
                const auto add = [&](std::uint32_t log, const std::string& row) {
                  return world.step(row, [&] {
                    return overwrite(fs, std::to_string(log) + ".log", 0, framed(row, log), flushed::yes);
                  }) == step_outcome::acknowledged;
                };
                if (!add(1, rows[0]) || !replace(fs, "base", framed(rows[0]))) return;
                if (!fs.rename("1.log", "2.log") || !fs.sync_dir(".")) return;
                (void)add(2, rows[1]);
              },
          .check =
              [](after_crash& after) {
                std::vector<std::string> found = unframed(text_in(after.fs(), "base")).values;
                const std::uint32_t log = found.empty() ? 1 : 2;
                for (const std::string& row : unframed(text_in(after.fs(), std::to_string(log) + ".log"), log).values)
                  found.push_back(row);
                return is_log_of(after, found, rows);
              }};
}

PROTOCOL(tombstones, "objects that are deleted by a tombstone, and tombstones that outlive them", stands::any_rename) {
  return {.setup =
              [](world& world) {
                (void)world.fs().make_dir("objects");
                for (const char* name : {"objects/a", "objects/b", "tombstones"}) (void)save(world.fs(), name, "", flushed::yes);
              },
          .workload =
              [](world& world) {
                crash_fs& fs = world.fs();
                const auto deleted = world.step("a is gone", [&] { return append(fs, "tombstones", framed("a"), flushed::yes); });
                if (deleted != step_outcome::acknowledged) return;
                if (!fs.remove("objects/a") || !fs.sync_dir("objects")) return;
                auto all = opened(fs, "tombstones");
                if (all) (void)all->truncate(0);
              },
          .check = [](after_crash& after) -> verdict {
            bool is_gone = !is_there(after.fs(), "objects/a");
            for (const std::string& name : unframed(text_in(after.fs(), "tombstones")).values) is_gone = is_gone || name == "a";
            if (after.acknowledged("a is gone") && !is_gone) return "what was deleted is back";
            return is_there(after.fs(), "objects/b") ? "" : "what was not deleted is gone";
          }};
}

PROTOCOL(double_write, "pages that are written twice, and put back from their copies when they are torn", stands::any_rename) {
  static const std::size_t size = 4096;
  return {.setup =
              [](world& world) {
                (void)save(world.fs(), "copy", std::string(size, '\0'), flushed::yes);
                (void)save(world.fs(), "pages", padded(framed(std::string(2000, '0')), size), flushed::yes);
              },
          .workload =
              [](world& world) {
                for (const char letter : {'1', '2'}) {
                  const std::string value(2000, letter);
                  const auto done = world.step(value, [&]() -> result<void> {
                    PERDURE_TRY(overwrite(world.fs(), "copy", 0, padded(framed(value), size), flushed::yes));
                    return overwrite(world.fs(), "pages", 0, padded(framed(value), size), flushed::yes);
                  });
                  if (done != step_outcome::acknowledged) return;
                }
              },
          .recover =
              [](after_crash& after) {
                const std::string copy = record_of(after.fs(), "copy");
                if (!record_of(after.fs(), "pages").empty() || copy.empty()) return;
                (void)overwrite(after.fs(), "pages", 0, padded(framed(copy), size), flushed::yes);
              },
          .check = [](after_crash& after) { return after.latest_is(record_of(after.fs(), "pages"), std::string(2000, '0')); }};
}

PROTOCOL(intention, "two files that change together, by an intention that is done again", stands::any_rename) {
  const auto apply = [](crash_fs& fs, const std::string& value) -> result<void> {
    for (const char* name : {"debit", "credit"}) PERDURE_TRY(save(fs, name, framed(value), flushed::yes));
    return fs.remove("intention");
  };
  return {.setup =
              [](world& world) {
                for (const char* name : {"debit", "credit"}) (void)save(world.fs(), name, framed("0"), flushed::yes);
              },
          .workload =
              [=](world& world) {
                for (const char* const value : {"1", "2"}) {
                  const auto done = world.step(value, [&]() -> result<void> {
                    PERDURE_TRY(save(world.fs(), "intention", framed(value), flushed::yes));
                    PERDURE_TRY(after_write(world.fs().sync_dir(".")));
                    return after_write(apply(world.fs(), value));
                  });
                  if (done != step_outcome::acknowledged) return;
                }
              },
          .recover =
              [=](after_crash& after) {
                const std::string value = record_of(after.fs(), "intention");
                if (!value.empty()) (void)apply(after.fs(), value);
              },
          .check = [](after_crash& after) -> verdict {
            if (record_of(after.fs(), "debit") != record_of(after.fs(), "credit")) return "one of them has changed alone";
            return after.latest_is(record_of(after.fs(), "debit"), "0");
          }};
}

PROTOCOL(numbers, "numbers that are given out once, from a block that was reserved", stands::any_rename) {
  return {.setup = [](world& world) { (void)save(world.fs(), "reserved", framed("0"), flushed::yes); },
          .workload =
              [](world& world) {
                int reserved = 0;
                for (int number = 1; number <= 3; ++number) {
                  const auto given = world.step(std::to_string(number), [&]() -> result<void> {
                    if (number <= reserved) return {};
                    PERDURE_TRY(overwrite(world.fs(), "reserved", 0, framed(std::to_string(reserved + 2)), flushed::yes));
                    reserved += 2;
                    return {};
                  });
                  if (given != step_outcome::acknowledged) return;
                }
              },
          .check = [](after_crash& after) -> verdict {
            const std::string reserved = record_of(after.fs(), "reserved");
            if (reserved.empty()) return "nobody knows which numbers were given out";
            for (const char* number : {"1", "2", "3"}) {
              if (after.acknowledged(number) && reserved < number) return std::string(number) + " will be given out again";
            }
            return true;
          }};
}

PROTOCOL(ring, "a ring of sectors, of which the newest counts", stands::any_rename) {
  return {.setup = [](world& world) { (void)save(world.fs(), "ring", std::string(std::size_t{3} * 512, '\0'), flushed::yes); },
          .workload =
              [](world& world) {
                for (std::uint32_t number = 1; number <= 5; ++number) {
                  const std::string value = std::to_string(number);
                  const auto done = world.step(
                      value, [&] { return overwrite(world.fs(), "ring", number % 3 * 512, framed(value), flushed::yes); });
                  if (done != step_outcome::acknowledged) return;
                }
              },
          .check =
              [](after_crash& after) {
                std::string newest;
                for (const std::uint64_t at : {0U, 512U, 1024U}) {
                  const std::string value = record_of(after.fs(), "ring", at);
                  if (value > newest) newest = value;
                }
                return after.latest_is(newest.empty() ? "none" : newest, "none");
              }};
}

}  // namespace bugs_in_protocols_of_logs
