// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A log of records: whenever the power goes, whatever goes wrong, and whoever is killed, what is found is what was appended, in
// order, up to some record, with all that was acknowledged in it; and what is appended then is found behind it.

#include <perdure/fs/record_log.hpp>
#include <perdure/testing/fs_archetypes.hpp>

#include <tests/crash/proof.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace proofs_of_record_log {

using namespace tests;

namespace {

using log_type = record_log<crash_fs>;
using values = std::vector<std::string>;

// "r3000" is a record of 3,000 bytes.
std::string record_of(const std::string& value) {
  const std::size_t digits = value.find_first_of("0123456789");
  std::string record = value + ' ';
  const std::size_t size = digits == std::string::npos ? 0 : std::stoul(value.substr(digits));
  while (record.size() < size) record += value;
  return record;
}
std::string value_of(bytes record) {
  const std::string text(reinterpret_cast<const char*>(record.data()), record.size());
  const std::string value = text.substr(0, text.find(' '));
  return text == record_of(value) ? value : "an altered record";
}

char window[8192];

result<log_type> opened(crash_fs& fs, const log_options& options, values& found) {
  found.clear();
  return log_type::open(fs, "log", options, window, [&](const log_record& record) {
    found.push_back(value_of(record.payload));
    if (record.sequence != found.size()) found.push_back("a gap");
    return visit::go_on;
  });
}
result<values> observed(crash_fs& fs) {
  values found;
  const auto replayed = replay_log(fs, "log", {}, window, [&](const log_record& record) {
    found.push_back(value_of(record.payload));
    return visit::go_on;
  });
  if (!replayed && replayed.error().code() == code::not_found) return values();
  if (!replayed) return replayed.error();
  return found;
}

std::string joined(const values& all) {
  std::string text;
  for (const std::string& one : all) text += " " + one;
  return text;
}

// Appends a value, in a step of its own. What is less durable than asked promises no more; a value that begins with 'n' is
// appended without a sync, and one with 'o' with a barrier.
void append(world& world, log_type& log, const std::string& value) {
  bool appended = false;
  world.step(value, [&]() -> result<void> {
    const enum durability how = value[0] == 'n' ? durability::none : value[0] == 'o' ? durability::ordered : durability::full;
    const auto done = log.append(record_of(value), how);
    if (!done) return done.error();
    appended = true;
    if (done->durability == durability::full) return {};
    return failure(code::unsupported, operation::sync).with(doubt::durable);
  });
  if (appended) world.step("appended " + value, [] {});
}
void append_to_log(world& world, const values& all, const log_options& options) {
  values found;
  auto log = opened(world.fs(), options, found);
  // What open() has shown is durable, or else the next process may take back what this one was told.
  if (log) world.step("seen" + joined(found), [] {});
  if (!log) return;
  for (const std::string& value : all) append(world, *log, value);
}

// What the steps promised of these records, in the order in which they were appended.
verdict kept(const after_crash& after, const values& all, const values& found) {
  std::size_t next = 0;
  bool all_before = true;  // whatever was appended, synced or not
  for (const std::string& value : all) {
    const auto outcome = after.outcome_of(value);
    const bool there = next < found.size() && found[next] == value;
    if (there) ++next;
    if (there && !all_before) return value + " is there, and one before it is not:" + joined(found);
    if (there && outcome == step_outcome::unchanged) return value + " is there, and was refused";
    if (there && outcome == step_outcome::not_begun) return value + " is there, and was never appended";
    if (!there && outcome == step_outcome::acknowledged) return value + " is lost:" + joined(found);
    if (!there && after.acknowledged("appended " + value)) all_before = false;
  }
  return next == found.size() ? "" : "what was not appended like that:" + joined(found);
}
// What a process was shown when it opened the log, later ones find, too.
verdict still_seen(const after_crash& after, const values& all, const values& found) {
  for (std::size_t size = 1; size <= all.size(); ++size) {
    const values seen(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
    if (!after.acknowledged("seen" + joined(seen))) continue;
    const bool there = found.size() >= size && std::equal(seen.begin(), seen.end(), found.begin());
    if (!there) return "seen at the opening, and lost:" + joined(found);
  }
  return true;
}

verdict check_log(after_crash& after, const values& all, const log_options& options) {
  const auto found = observed(after.fs());
  if (!found) return found;
  verdict says = both(kept(after, all, *found), still_seen(after, all, *found));
  if (!says) return says;
  // And it goes on.
  values shown;
  auto log = opened(after.fs(), options, shown);
  if (!log) return log;
  if (shown != *found) return "a writer and an observer see different logs";
  for (const char* value : {"n-after", "after"}) {
    if (const auto done = log->append(record_of(value), value[0] == 'n' ? durability::none : durability::full); !done)
      return done;
    shown.push_back(value);
  }
  const auto longer = observed(after.fs());
  if (!longer) return longer;
  return *longer == shown ? "" : "what is appended after the crash is not found:" + joined(*longer);
}

exploration logging(const values& all, const log_options& options = {}) {
  exploration what;
  what.workload = [=](world& world) { append_to_log(world, all, options); };
  what.check = [=](after_crash& after) { return check_log(after, all, options); };
  return what;
}
exploration logging_killed(const values& before, const values& later, const log_options& options = {}) {
  exploration what = logging(before, options);
  what.restart = [=](world& world) { append_to_log(world, later, options); };
  values all = before;
  all.insert(all.end(), later.begin(), later.end());
  what.check = [=](after_crash& after) { return check_log(after, all, options); };
  return what;
}

void tell(const char* what, std::uint64_t states) {
  std::printf("record_log, %s: %llu states\n", what, static_cast<unsigned long long>(states));
}

}  // namespace

TEST_CASE("record_log: whenever the power goes, what is found is a prefix of what was appended, with all that was acknowledged") {
  tell("synced", prove("synced", logging({"r1", "r3000", "r1200", "r5"})));
  tell("some not synced", prove("some not synced", logging({"n1", "n2000", "n3", "r4", "o5", "n900", "o6"})));
}

TEST_CASE("record_log: segments follow each other without a gap, whenever the power goes") {
  const log_options small{.segment_bytes_max = 300};
  tell("rotated", prove("rotated", logging({"r1", "r100", "n2", "n101", "n3", "r102"}, small)));
}

TEST_CASE("record_log: killed anywhere and opened again, what was shown and what was acknowledged survives") {
  tell("killed", prove("killed", logging_killed({"r1", "r600", "n2"}, {"s1", "n3", "s500"})));
  tell("killed, rotated",
       prove("killed, rotated", logging_killed({"r1", "n100", "r101"}, {"s1", "s100"}, {.segment_bytes_max = 250})));
}

TEST_CASE("record_log: recovery may itself be cut, and cut again") {
  for (const bool restarted : {false, true}) {
    exploration what = restarted ? logging_killed({"n1"}, {"s1"}) : logging({"r1", "n700", "r2"});
    const values all = restarted ? values{"n1", "s1"} : values{"r1", "n700", "r2"};
    what.recover = [](after_crash& after) {
      values found;
      auto log = opened(after.fs(), {}, found);
      if (log) (void)log->append(record_of("recovered"));
    };
    what.check = [=](after_crash& after) -> verdict {
      auto found = observed(after.fs());
      if (!found) return found;
      found->erase(std::remove(found->begin(), found->end(), "recovered"), found->end());
      return kept(after, all, *found);
    };
    what.budget.nested_cuts = 2;
    tell("recovery cut", prove("recovery cut", what));
  }
}

TEST_CASE("record_log: whatever goes wrong, what is answered is true, and the next append is right") {
  for (const enum durability at_least : {durability::ordered, durability::full}) {
    exploration what = logging({"r1", "n600", "r2", "r3"}, {.at_least = at_least});
    what.faults = 1;
    tell("faults", prove("faults", what));
  }
  exploration what = logging({"n1", "r100", "r101"}, {.segment_bytes_max = 200});
  what.faults = 1;
  tell("faults, rotated", prove("faults, rotated", what));
}

TEST_CASE(
    "record_log: without a sync of directories, where names keep their order, it can be read, and says that it promised less") {
  using device = poorest_fs<crash_fs, dir_sync::unsupported>;
  exploration what;
  what.profile = profile::ntfs;
  what.workload = [](world& world) {
    device fs(world.fs());
    const log_options how{.segment_bytes_max = 200, .at_least = durability::ordered, .writers = writers::only_this};
    auto log = record_log<device>::open(fs, "log", how, window, [](const log_record&) { return visit::go_on; });
    if (!log) return;
    for (const char* value : {"r1", "r100", "r101"}) {
      const auto done = log->append(record_of(value));
      world.step(value, [&] { return done && done->durability == durability::ordered; });
    }
  };
  what.check = [](after_crash& after) -> verdict {
    const auto found = observed(after.fs());
    if (!found) return found;
    const values all{"r1", "r100", "r101"};
    return found->size() <= all.size() && std::equal(found->begin(), found->end(), all.begin());
  };
  const auto report = explore(what);
  INFO(report.text());
  CHECK(report.ok());
  exploration full = what;
  full.workload = [](world& world) {
    device fs(world.fs());
    const auto log = record_log<device>::open(fs, "log", {.writers = writers::only_this}, window,
                                              [](const log_record&) { return visit::go_on; });
    if (log || log.error().code() != code::unsupported) (void)world.fs().make_dir("opened");
  };
  full.check = [](after_crash& after) -> verdict { return !after.fs().stat("opened"); };
  CHECK(explore(full).ok());
}

TEST_CASE("record_log: two things go wrong") {
  exploration what = logging({"r1", "r2"});
  what.faults = 2;
  tell("two faults", prove("two faults", what));
}

TEST_CASE("record_log: something goes wrong, the process is killed, and another one goes on") {
  exploration what = logging_killed({"r1", "r2"}, {"s1"});
  what.faults = 1;
  // What is not promised: whoever finds a directory cannot tell that the sync of its name failed, for somebody else.
  CHECK(refuted(what).find("s1 is lost") != std::string::npos);
  what.setup = [](world& world) { (void)world.fs().make_dir("log"); };
  tell("faults, killed", prove("faults, killed", what));
}

TEST_CASE("record_log: a group of records costs one sync, and a crash leaves a prefix of it") {
  const values group{"r1", "r900", "r2", "r3"};
  exploration what;
  what.workload = [=](world& world) {
    values found;
    auto log = opened(world.fs(), {}, found);
    if (!log) return;
    std::vector<std::string> records;
    for (const std::string& value : group) records.push_back(record_of(value));
    const std::vector<bytes> views(records.begin(), records.end());
    world.step("all", [&] { return log->append_all(views.data(), views.size()); });
  };
  what.check = [=](after_crash& after) -> verdict {
    const auto found = observed(after.fs());
    if (!found) return found;
    if (after.acknowledged("all") && *found != group) return "acknowledged, and not all there";
    return found->size() <= group.size() && std::equal(found->begin(), found->end(), group.begin());
  };
  tell("a group", prove("a group", what));
  const auto audit = audit_syncs(what);
  INFO(audit.text());
  CHECK(audit.ok());
}

TEST_CASE("record_log: segments that were dropped do not matter, whenever the power goes and whatever it brings back") {
  const log_options small{.segment_bytes_max = 200};
  exploration what;
  what.workload = [=](world& world) {
    values found;
    auto log = opened(world.fs(), small, found);
    if (!log) return;
    append(world, *log, "r1");
    append(world, *log, "r100");
    const std::uint64_t third = log->next_sequence();
    append(world, *log, "r101");
    append(world, *log, "r102");
    world.step("dropped", [&] { return log->drop_before(third); });
    append(world, *log, "r5");
  };
  // A segment goes whole or not at all. After a failure a record may share one with the next.
  const auto check = [=](after_crash& after, bool exact) -> verdict {
    values found;
    std::uint64_t next = 0;
    const auto replayed = replay_log(after.fs(), "log", {}, window, [&](const log_record& record) {
      if (next != 0 && record.sequence != next) found.push_back("a gap");
      next = record.sequence + 1;
      found.push_back(value_of(record.payload));
      return visit::go_on;
    });
    if (!replayed && replayed.error().code() == code::not_found) return !after.acknowledged("r1");
    if (!replayed) return replayed;
    const values all{"r1", "r100", "r101", "r102", "r5"};
    const bool dropping = after.outcome_of("dropped") != step_outcome::not_begun;
    if (exact && after.acknowledged("dropped") && found[0] != "r101") return "dropped, and shown";
    values left = all;
    while (dropping && left.size() > 3 && (found.empty() || found[0] != left[0])) left.erase(left.begin());
    if (exact && left.size() == 4) return "half of what was dropped is there";
    if (const verdict says = kept(after, left, found); !says) return says;
    auto log = log_type::open(after.fs(), "log", small, window, [](const log_record&) { return visit::go_on; });
    if (!log) return log;
    return log->append("after");
  };
  what.check = [=](after_crash& after) { return check(after, true); };
  tell("dropped", prove("dropped", what));
  what.recover = [=](after_crash& after) {
    (void)log_type::open(after.fs(), "log", small, window, [](const log_record&) { return visit::go_on; });
  };
  tell("dropped, recovery cut", prove("dropped, recovery cut", what));
  what.recover = {};
  what.faults = 1;
  what.check = [=](after_crash& after) { return check(after, false); };
  tell("dropped, faults", prove("dropped, faults", what));
}

TEST_CASE("record_log: no sync is missing and none is idle") {
  for (const exploration& what :
       {logging({"r1", "r2000"}), logging({"n1", "r2"}), logging({"n1", "r100"}, {.segment_bytes_max = 150})}) {
    const auto audit = audit_syncs(what);
    INFO(audit.text());
    CHECK(audit.ok());
    // The directory's name, the first segment with its name, and one for each record that was synced, or for each segment two.
    CHECK(audit.syncs.size() >= 4);
  }
}

}  // namespace proofs_of_record_log
