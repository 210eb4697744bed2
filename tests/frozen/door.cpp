// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// The frozen door. This is a stranger's test: it knows the documented interface of Fs, explore, fault_fs, audit_syncs,
// durability_lint, crash_store and the lab's threads, and nothing else of the library or of its tests. It has to compile, and to
// say what it says, with every later version. So it may be added to, and what stands here is never changed: who feels that he
// must is about to break somebody's tests. Each part names what it holds still.

// What was included before, and what <windows.h> defines, is the stranger's own affair.
// clang-format off
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <iomanip>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
// clang-format on

#include <perdure/core/describe.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/fs.hpp>
#include <perdure/fs/fs_optional.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/store/read_object.hpp>
#include <perdure/testing/audit_syncs.hpp>
#include <perdure/testing/crash_fs.hpp>
#include <perdure/testing/crash_store.hpp>
#include <perdure/testing/durability_lint.hpp>
#include <perdure/testing/explore.hpp>
#include <perdure/testing/fault_fs.hpp>
#include <perdure/testing/fault_store.hpp>
#include <perdure/testing/fs_laws.hpp>
#include <perdure/testing/lab_sync.hpp>
#include <perdure/testing/natural_faults.hpp>

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace lab = perdure::testing;

namespace {

int failures = 0;
int checks = 0;

void expect(bool holds, const char* what, const std::string& more = {}) {
  ++checks;
  if (holds) return;
  ++failures;
  std::printf("FAILED: %s\n%s\n", what, more.c_str());
}

// ---- Fs, as who calls it: the required operations, every option of an open, and a failure that is told.

enum class forgets { nothing, the_sync, the_directory };

template <perdure::Fs F>
perdure::result<void> save(F& fs, const std::string& text, forgets what = forgets::nothing) {
  auto file = fs.open(
      "d/cfg.tmp",
      {.access = perdure::access::write, .creation = perdure::creation::create, .links = perdure::links::refuse, .mode = 0600});
  if (!file) return file.error();
  PERDURE_TRY(file->truncate(0));
  const perdure::bytes parts[] = {text, "\n"};
  PERDURE_TRY(file->write_at(0, perdure::gather(parts, 2)));
  if (what != forgets::the_sync) PERDURE_TRY(file->sync(perdure::sync_what::data));
  PERDURE_TRY(file->close());
  PERDURE_TRY(fs.rename("d/cfg.tmp", "d/cfg"));
  if (what == forgets::the_directory) return {};
  const auto synced = fs.sync_dir("d");
  if (!synced) return perdure::failure(synced.error()).with(perdure::doubt::durable);
  return {};
}
template <perdure::Fs F>
perdure::result<std::string> load(F& fs) {
  auto file = fs.open("d/cfg", {});
  if (!file) return file.error();
  const auto size = file->size();
  if (!size) return size.error();
  std::vector<char> buffer(static_cast<std::size_t>(*size));
  const auto got = file->read_at(0, buffer);
  if (!got) return got.error();
  std::string text(buffer.data(), *got);
  if (text.empty() || text.back() != '\n')
    return perdure::failure(perdure::code::corrupt, perdure::operation::read).about("d/cfg");
  text.pop_back();
  return text;
}

// ---- explore: a bug that it finds, the report and its token, and a protocol that it passes.

lab::exploration saves(forgets what) {
  return {.profile = lab::profile::posix_minimum,
          .setup = [](auto& world) { (void)world.fs().make_dir("d"); },
          .workload =
              [=](auto& world) {
                for (const char* value : {"one", "two"}) world.step(value, [&] { return save(world.fs(), value, what); });
              },
          .check = [](auto& after) { return after.latest_is(load(after.fs()), "absent"); },
          .budget = {.states = 100'000, .seconds = 0, .nested_cuts = 1},
          .seed = 1};
}

void exploring() {
  const lab::report right = lab::explore(saves(forgets::nothing));
  expect(right.ok() && right.exhaustive && !right.mixtures_left_out, "a right save passes", right.text());
  expect(right.states > 1 && right.visited >= right.states && right.cuts > 1 && right.runs == 1, "its numbers", right.bounds());
  expect(right.text().rfind("exhaustive: ", 0) == 0, "its bounds", right.text());
  expect(right.profile == std::string("posix_minimum") && right.failure.empty() && right.replay.empty(), "no failure");

  for (const forgets what : {forgets::the_sync, forgets::the_directory}) {
    lab::exploration all = saves(what);
    const lab::report wrong = lab::explore(all);
    expect(!wrong.ok(), "a save without a sync is found");
    expect(wrong.text().find("the power goes") != std::string::npos, "where the power went", wrong.text());
    expect(wrong.text().find("replay: " + wrong.replay) != std::string::npos, "the token", wrong.text());
    expect(!wrong.complaint.empty(), "what the check said");
    all.replay = wrong.replay;
    const lab::report again = lab::explore(all);
    expect(!again.ok() && again.complaint == wrong.complaint && again.replay == wrong.replay, "the same once more", again.text());
  }

  lab::exploration elsewhere = saves(forgets::the_directory);
  for (const lab::profile& one : {lab::profile::ext4, lab::profile::ext4_strict, lab::profile::btrfs, lab::profile::xfs,
                                  lab::profile::apfs, lab::profile::ntfs, lab::profile::sequential}) {
    elsewhere.profile = one;
    expect(!lab::explore(elsewhere).ok(), "on that disk, too", one.name);
  }
  elsewhere.profile = lab::profile::process_kill;
  expect(lab::explore(elsewhere).ok(), "who is only killed loses nothing");
  elsewhere = saves(forgets::nothing);
  elsewhere.profile = lab::profile::alice_harsh;
  expect(!lab::explore(elsewhere).ok(), "where a rename is not atomic, that save is not, either");
}

// ---- explore: restarts, recovery, choices, time, notes, and the outcomes of steps.

void more_exploring() {
  lab::exploration what = saves(forgets::nothing);
  what.workload = [](auto& world) {
    const char* const value = world.choose(2) == 0 ? "one" : "two";
    world.note("a line for the trace");
    world.clock().advance_ns(perdure::ns_per_second);
    world.step(value, [&] { return save(world.fs(), value); });
  };
  what.restart = [](auto& world) { world.step("three", [&] { return save(world.fs(), "three"); }); };
  what.recover = [](auto& after) { (void)after.fs().remove("d/cfg.tmp"); };
  what.check = [](auto& after) -> lab::verdict {
    if (after.acknowledged("three") && after.outcome_of("three") != lab::step_outcome::acknowledged) return "outcomes differ";
    (void)after.clock().unix_ns();
    return after.latest_is(load(after.fs()), "absent");
  };
  what.cuts = lab::cut_points::every_operation;
  what.reductions = {.same_disk = true, .unread = true, .nearest_first = true, .few_mixtures = false};
  const lab::report report = lab::explore(what);
  expect(report.ok() && report.runs > 2, "a restart and a recovery", report.text());

  what = saves(forgets::nothing);
  what.budget.states = 3;
  what.seed = 7;
  const lab::report sampled = lab::explore(what);
  expect(sampled.ok() && !sampled.exhaustive && sampled.at_least > 3, "past its budget it samples, and says so", sampled.text());

  what = saves(forgets::nothing);
  what.faults = 1;
  what.budget.depth = 4;
  const lab::report bounded = lab::explore(what);
  expect(bounded.ok() && !bounded.exhaustive && bounded.depth == 4, "within its depth, and it says so", bounded.text());
  expect(bounded.text().rfind("bounded: ", 0) == 0, "in that word", bounded.text());

  expect(static_cast<bool>(lab::verdict(true)) && !lab::verdict("no") && lab::verdict(std::string()), "verdicts");
  expect(!lab::verdict(perdure::result<void>(perdure::failure(perdure::code::io, perdure::operation::read))), "of a result");
}

// ---- faults: in the lab, by rules, and all that there are.

void failing() {
  lab::exploration what = saves(forgets::nothing);
  what.faults = 1;
  const lab::report right = lab::explore(what);
  expect(right.ok() && right.runs > 10, "one call fails, each in turn", right.text());
  what.workload = [](auto& world) {
    world.step("one", [&]() -> bool {
      (void)save(world.fs(), "one");
      return true;  // whatever became of it
    });
  };
  const lab::report wrong = lab::explore(what);
  expect(!wrong.ok() && wrong.text().find("fault: ") != std::string::npos, "who ignores a failure is found", wrong.text());
  what = saves(forgets::nothing);
  what.workload = [](auto& world) {
    world.fs().plan().add("sync_dir ** nth 1 io");
    world.step("one", [&] { return save(world.fs(), "one"); });
  };
  expect(lab::explore(what).ok(), "a rule of one's own");

  perdure::mem_fs memory;
  expect(static_cast<bool>(memory.make_dir("d")), "a directory");
  lab::fault_fs fs(memory, "write **.tmp nth 1 no_space short 2\nrename ** io after");
  const auto full = save(fs, "text");
  expect(!full && full.error().code() == perdure::code::no_space, "the disk is full");
  expect(!full && full.error().operation() == perdure::operation::write, "and it was the write");
  const auto unsure = save(fs, "text");
  expect(!unsure && unsure.error().outcome() == perdure::outcome::unknown, "it may have happened");
  expect(!unsure && unsure.error().doubt() == perdure::doubt::visible, "and nobody can say whether");
  expect(!unsure && std::string(perdure::describe(unsure.error())).find("rename") != std::string::npos, "a sentence about it");
  expect(load(fs).value_or(std::string()) == "text", "it had happened");
  expect(fs.plan().ok() && fs.plan().strikes(0) == 1 && fs.plan().strikes(1) == 1, "both rules struck");
  expect(fs.plan().text() == "write **.tmp nth 1 no_space short 2\nrename ** io after\n", "a plan prints", fs.plan().text());
  lab::fault_fs kept(memory, "sync ** nth 1 sync_lost clean");
  expect(!save(kept, "kept") && kept.plan().text() == "sync ** nth 1 sync_lost clean\n",
         "a sync that fails, and leaves its pages");
  expect(lab::fault_rule{.operation = perdure::operation::sync, .fails = perdure::code::sync_lost, .clean = true}.objection() ==
             nullptr,
         "the same as a value");
  lab::fault_fs misspelt(memory, "wriet ** io");
  expect(!misspelt.plan().ok() && !misspelt.plan().complaint().empty() && !save(misspelt, "x"), "a spelling mistake is told");
  lab::fault_fs small(memory, lab::fault_plan{lab::fault_rule{.capacity_bytes = 3}});
  expect(!save(small, "too much"), "a small disk");

  const auto count = lab::each_natural_fault([](lab::fault_plan& plan) {
    perdure::mem_fs disk;
    (void)disk.make_dir("d");
    (void)save(disk, "old");
    lab::fault_fs faulty(disk, plan);
    const auto saved = save(faulty, "new");
    const auto found = load(disk).value_or("nothing");
    expect(saved ? found == "new" : saved.error().outcome() == perdure::outcome::unknown || found == "old", "all or nothing");
  });
  expect(count.calls > 5 && count.faults > count.calls, "every fault");
  expect(!lab::natural_faults(perdure::operation::rename).empty(), "those of one call");
}

// ---- audit_syncs: none missing, none to spare.

void auditing() {
  const lab::sync_audit audit = lab::audit_syncs(saves(forgets::nothing));
  expect(audit.ok() && audit.report.ok() && audit.idle() == 0, "each sync is needed", audit.text());
  expect(audit.syncs.size() == 4, "two saves of two syncs", audit.text());
  for (const lab::audited_sync& one : audit.syncs)
    expect(one.needed && !one.after_kill && !one.text.empty() && !one.complaint.empty() && !one.replay.empty(), "why");
  lab::exploration what = saves(forgets::nothing);
  what.workload = [](auto& world) {
    world.step("one", [&]() -> perdure::result<void> {
      PERDURE_TRY(save(world.fs(), "one"));
      return world.fs().sync_dir(".");
    });
  };
  const lab::sync_audit spare = lab::audit_syncs(what);
  lab::exploration recovers = saves(forgets::nothing);
  recovers.recover = [](auto& after) { (void)after.fs().sync_dir("d"); };
  const lab::sync_audit also = lab::audit_syncs(recovers);
  expect(also.ok() && also.idle_in_recovery() == 1 && also.syncs.back().in_recovery && !also.syncs.front().in_recovery,
         "of a recovery", also.text());
  expect(!spare.ok() && spare.idle() == 1 && spare.text().find("IDLE") != std::string::npos, "one to spare", spare.text());
}

// ---- durability_lint: over any Fs, and in the lab.

void linting() {
  for (const forgets what : {forgets::nothing, forgets::the_sync, forgets::the_directory}) {
    perdure::mem_fs memory;
    (void)memory.make_dir("d");
    lab::durability_lint fs(memory);
    if (save(fs, "text", what)) fs.acknowledge("d/cfg");
    expect(fs.ok() == (what == forgets::nothing), "the lint", fs.text());
    if (what == forgets::nothing) continue;
    const std::vector<lab::lint_finding> found = fs.findings();
    const lab::lint_kind kind =
        what == forgets::the_sync ? lab::lint_kind::published_unsynced : lab::lint_kind::acknowledged_name;
    expect(!found.empty() && found[0].kind == kind && found[0].path == "d/cfg", "what it found", fs.text());
    expect(!found.empty() && found[0].operation > found[0].cause && found[0].cause > 0, "where");
    expect(!found.empty() && !found[0].call.empty() && !found[0].what.empty() && !found[0].advice.empty(), "in words");
    expect(fs.findings_so_far().size() == found.size(), "so far");
  }
  perdure::mem_fs memory;
  lab::durability_lint patterns(memory, {.temps = {"*.part"}});
  {
    auto file = patterns.open("a.part", {.access = perdure::access::write, .creation = perdure::creation::create_new});
    expect(static_cast<bool>(file), "a file");
    expect(patterns.findings().size() == 2 && patterns.findings_so_far().empty(), "a leak and a temporary file", patterns.text());
  }
  expect(patterns.findings().size() == 1, "a temporary file", patterns.text());
  if (perdure::atomic_write(patterns, "b", "b", {.durability = perdure::durability::ordered}))
    patterns.acknowledge("b", perdure::durability::ordered);
  patterns.acknowledge();
  expect(patterns.findings().size() > 1, "a name that was never synced", patterns.text());

  std::string complaints;
  lab::exploration what = saves(forgets::nothing);
  what.workload = [&](auto& world) {
    lab::durability_lint fs(world.fs());
    world.step("one", [&] { return save(fs, "one"); });
    fs.acknowledge("d/cfg");
    if (!fs.ok()) complaints = fs.text();
  };
  expect(lab::explore(what).ok() && complaints.empty(), "in the lab", complaints);
}

// ---- Fs, as who writes a model: what every model must have, two operations that it may have, and the tag.

struct tray {
  struct item {
    bool is_directory = false;
    std::string text;
  };
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<item>> items;
  std::uint64_t nonces = 0;
};

class tray_file {
 public:
  tray_file(std::shared_ptr<tray> all, std::shared_ptr<tray::item> mine, perdure::access how)
      : all_(std::move(all)), mine_(std::move(mine)), how_(how) {}
  tray_file(tray_file&&) noexcept = default;
  tray_file& operator=(tray_file&&) noexcept = default;

  perdure::result<std::size_t> read_at(std::uint64_t offset, perdure::mutable_bytes into) const {
    if (!mine_ || how_ == perdure::access::write) return no(perdure::operation::read);
    const std::lock_guard lock(all_->mutex);
    if (offset >= mine_->text.size()) return std::size_t{0};
    return mine_->text.copy(reinterpret_cast<char*>(into.data()), into.size(), static_cast<std::size_t>(offset));
  }
  perdure::result<void> write_at(std::uint64_t offset, perdure::gather from) {
    if (!mine_ || how_ == perdure::access::read) return no(perdure::operation::write);
    const std::lock_guard lock(all_->mutex);
    for (const perdure::bytes& part : from) {
      if (part.empty()) continue;
      const auto end = static_cast<std::size_t>(offset + part.size());
      if (mine_->text.size() < end) mine_->text.resize(end);
      mine_->text.replace(static_cast<std::size_t>(offset), part.size(), reinterpret_cast<const char*>(part.data()), part.size());
      offset = end;
    }
    return {};
  }
  perdure::result<std::uint64_t> size() const {
    if (!mine_) return no(perdure::operation::size);
    const std::lock_guard lock(all_->mutex);
    return std::uint64_t{mine_->text.size()};
  }
  perdure::result<void> truncate(std::uint64_t size) {
    if (!mine_ || how_ == perdure::access::read) return no(perdure::operation::truncate);
    const std::lock_guard lock(all_->mutex);
    mine_->text.resize(static_cast<std::size_t>(size));
    return {};
  }
  perdure::result<void> sync(perdure::sync_what) { return mine_ ? perdure::result<void>() : no(perdure::operation::sync); }
  perdure::result<void> close() {
    if (!mine_) return no(perdure::operation::close);
    mine_.reset();
    return {};
  }

 private:
  static perdure::failure no(perdure::operation what) { return {perdure::code::invalid_argument, what}; }
  std::shared_ptr<tray> all_;
  std::shared_ptr<tray::item> mine_;
  perdure::access how_;
};

class tray_fs {
 public:
  using perdure_fs = tray_fs;
  using file = tray_file;

  perdure::result<file> open(perdure::path_view path, const perdure::open_options& options) {
    const std::lock_guard lock(all_->mutex);
    auto at = find(path, perdure::operation::open);
    if (!at) return at.error();
    if (at->is && options.creation == perdure::creation::create_new) return no(perdure::code::already_exists, at->name);
    if (at->is && at->is->is_directory) return no(perdure::code::is_a_directory, at->name);
    if (!at->is && options.creation == perdure::creation::must_exist) return no(perdure::code::not_found, at->name);
    if (!at->is) at->is = all_->items[at->name] = std::make_shared<tray::item>();
    return file(all_, at->is, options.access);
  }
  perdure::result<perdure::file_info> stat(perdure::path_view path) {
    const std::lock_guard lock(all_->mutex);
    const auto at = find(path, perdure::operation::stat);
    if (!at) return at.error();
    if (!at->is) return no(perdure::code::not_found, at->name);
    return perdure::file_info{at->is->is_directory ? perdure::file_kind::directory : perdure::file_kind::file,
                              at->is->text.size()};
  }
  perdure::result<void> rename(perdure::path_view from, perdure::path_view to) { return move(from, to, true); }
  perdure::result<void> rename_no_replace(perdure::path_view from, perdure::path_view to) { return move(from, to, false); }
  perdure::result<void> link(perdure::path_view from, perdure::path_view to) {
    const std::lock_guard lock(all_->mutex);
    const auto source = find(from, perdure::operation::link);
    if (!source) return source.error();
    const auto target = find(to, perdure::operation::link);
    if (!target) return target.error();
    if (!source->is) return no(perdure::code::not_found, source->name);
    if (target->is) return no(perdure::code::already_exists, target->name);
    if (source->is->is_directory) return no(perdure::code::unsupported, target->name);
    all_->items[target->name] = source->is;
    return {};
  }
  perdure::result<void> remove(perdure::path_view path) { return take(path, false); }
  perdure::result<void> remove_dir(perdure::path_view path) { return take(path, true); }
  perdure::result<void> make_dir(perdure::path_view path) {
    const std::lock_guard lock(all_->mutex);
    const auto at = find(path, perdure::operation::make_dir);
    if (!at) return at.error();
    if (at->is) return no(perdure::code::already_exists, at->name);
    all_->items[at->name] = std::make_shared<tray::item>(tray::item{true, {}});
    return {};
  }
  perdure::result<void> for_each_entry(perdure::path_view path, perdure::entry_visitor visitor) {
    std::vector<std::pair<std::string, perdure::file_kind>> seen;
    {
      const std::lock_guard lock(all_->mutex);
      const auto at = find(path, perdure::operation::list);
      if (!at) return at.error();
      if (!at->is) return no(perdure::code::not_found, at->name);
      if (!at->is->is_directory) return no(perdure::code::not_a_directory, at->name);
      for (const auto& [name, item] : all_->items) {
        if (!is_in(name, at->name)) continue;
        seen.emplace_back(name.substr(at->name.size() + 1),
                          item->is_directory ? perdure::file_kind::directory : perdure::file_kind::file);
      }
    }
    for (const auto& [name, kind] : seen) {
      if (visitor(perdure::dir_entry{name, kind}) == perdure::visit::stop) break;
    }
    return {};
  }
  perdure::result<void> sync_dir(perdure::path_view path) {
    const auto at = stat(path);
    if (!at) return at.error();
    if (at->kind != perdure::file_kind::directory)
      return no(perdure::code::not_a_directory, std::string(path.data(), path.size()));
    return {};
  }
  perdure::nonce nonce() {
    const std::lock_guard lock(all_->mutex);
    return {.place = 0, .process = 0, .started = 0, .serial = ++all_->nonces};
  }

 private:
  struct place {
    std::string name;
    std::shared_ptr<tray::item> is;
  };
  static perdure::failure no(perdure::code why, const std::string& path) {
    return perdure::failure(why, perdure::operation::none).about(path);
  }
  static bool is_in(const std::string& name, const std::string& directory) {
    return name.rfind(directory + "/", 0) == 0 && name.find('/', directory.size() + 1) == std::string::npos;
  }
  perdure::result<place> find(perdure::path_view path, perdure::operation what) {
    const std::string text(path.data(), path.size());
    if (text.empty() || text.find('\0') != std::string::npos) return perdure::failure(perdure::code::invalid_argument, what);
    if (text.size() > 1000) return perdure::failure(perdure::code::too_large, what).about(text);
    place at{"", root_};
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t slash = text.find('/', begin);
      const std::size_t end = slash == std::string::npos ? text.size() : slash;
      const std::string part = text.substr(begin, end - begin);
      begin = end + 1;
      if (part.empty() || part == ".") continue;
      if (!at.is) return perdure::failure(perdure::code::not_found, what).about(text);
      if (!at.is->is_directory) return perdure::failure(perdure::code::not_a_directory, what).about(text);
      at.name += "/" + part;
      const auto there = all_->items.find(at.name);
      at.is = there == all_->items.end() ? nullptr : there->second;
    }
    return at;
  }
  perdure::result<void> move(perdure::path_view from, perdure::path_view to, bool replaces) {
    const std::lock_guard lock(all_->mutex);
    const auto source = find(from, perdure::operation::rename);
    if (!source) return source.error();
    const auto target = find(to, perdure::operation::rename);
    if (!target) return target.error();
    if (!source->is) return no(perdure::code::not_found, source->name);
    if (target->is && !replaces) return no(perdure::code::already_exists, target->name);
    if (source->is == target->is) return {};
    const bool directory = source->is->is_directory;
    if (target->is && directory)
      return no(target->is->is_directory ? perdure::code::not_empty : perdure::code::not_a_directory, target->name);
    if (target->is && target->is->is_directory) return no(perdure::code::is_a_directory, target->name);
    if (target->name.rfind(source->name + "/", 0) == 0) return no(perdure::code::invalid_argument, target->name);
    std::map<std::string, std::shared_ptr<tray::item>> moved;
    for (auto at = all_->items.begin(); at != all_->items.end();) {
      const bool goes = at->first == source->name || at->first.rfind(source->name + "/", 0) == 0;
      if (goes) moved[target->name + at->first.substr(source->name.size())] = at->second;
      at = goes ? all_->items.erase(at) : std::next(at);
    }
    for (auto& [name, item] : moved) all_->items[name] = item;
    return {};
  }
  perdure::result<void> take(perdure::path_view path, bool directory) {
    const std::lock_guard lock(all_->mutex);
    const auto at = find(path, perdure::operation::remove);
    if (!at) return at.error();
    if (!at->is) return no(perdure::code::not_found, at->name);
    if (at->is->is_directory != directory)
      return no(directory ? perdure::code::not_a_directory : perdure::code::is_a_directory, at->name);
    for (const auto& [name, item] : all_->items) {
      if (directory && is_in(name, at->name)) return no(perdure::code::not_empty, at->name);
    }
    all_->items.erase(at->name);
    return {};
  }

  std::shared_ptr<tray> all_ = std::make_shared<tray>();
  std::shared_ptr<tray::item> root_ = std::make_shared<tray::item>(tray::item{true, {}});
};
static_assert(perdure::File<tray_file> && perdure::Fs<tray_fs>);

void modelling() {
  tray_fs fs;
  const lab::law_report laws = lab::check_fs_laws(fs, ".");
  expect(laws.ok() && laws.held > 15 && laws.broken.empty() && !laws.not_applicable.empty(), "the laws", laws.text());
  expect(static_cast<bool>(fs.make_dir("d")) && save(fs, "text") && load(fs).value_or("") == "text", "a save on one's own Fs");
  expect(static_cast<bool>(perdure::atomic_write(fs, "d/cfg", "again\n")) && load(fs).value_or("") == "again", "the library's");
  // What it has of the optional operations is used, and what it has not is answered.
  expect(static_cast<bool>(perdure::link(fs, "d/cfg", "d/other")), "a link");
  expect(perdure::rename_no_replace(fs, "d/cfg", "d/other").error().code() == perdure::code::already_exists, "no replacing");
  expect(perdure::make_link(fs, "a", "b").error().code() == perdure::code::unsupported, "no symbolic links");
  expect(perdure::stat_link(fs, "d").error().code() == perdure::code::unsupported, "nor a look at them");
  char buffer[8];
  expect(perdure::read_link(fs, "d", buffer).error().code() == perdure::code::unsupported, "nor what they say");
  expect(perdure::sync_all(fs, "d").error().code() == perdure::code::unsupported, "no sync of everything");
  expect(perdure::backend_id_of(fs).error().code() == perdure::code::unsupported, "no backend");
  expect(!perdure::same_backend(fs, fs) && !perdure::can_open_dir<tray_fs>, "no held directory");
  expect(perdure::writer(fs, fs.nonce()) == perdure::writer_state::unknown, "nobody knows the writer");
  auto file = fs.open("d/cfg", {.access = perdure::access::read_write});
  expect(static_cast<bool>(file), "a file");
  if (!file) return;
  expect(perdure::try_lock(*file, perdure::lock_mode::exclusive).error().code() == perdure::code::unsupported, "no locks");
  expect(perdure::map(*file).error().code() == perdure::code::unsupported, "no maps");
  expect(perdure::get_attributes(*file).error().code() == perdure::code::unsupported, "no attributes");
  expect(!perdure::set_attributes(*file, {.mode = 0600}, perdure::attribute_set::mode), "to be set, either");
  expect(!perdure::clone_range(*file, 0, *file, 0, 1), "no clones");
  expect(!perdure::for_each_xattr(*file, [](perdure::path_view, perdure::bytes) { return perdure::visit::go_on; }), "nor these");
  expect(!perdure::set_xattr(*file, "user.a", "b") && !perdure::remove_xattr(*file, "user.a"), "by name");
}

// ---- Fs, as who wraps a model: any one, the lab's own too, with the files of the one below.

template <perdure::Fs Base>
class counting_fs {
 public:
  using perdure_fs = counting_fs;
  using file = typename Base::file;
  explicit counting_fs(Base& base) : base_(&base) {}

  perdure::result<file> open(perdure::path_view path, const perdure::open_options& options) {
    return ++calls, base_->open(path, options);
  }
  perdure::result<perdure::file_info> stat(perdure::path_view path) { return ++calls, base_->stat(path); }
  perdure::result<void> rename(perdure::path_view from, perdure::path_view to) { return ++calls, base_->rename(from, to); }
  perdure::result<void> remove(perdure::path_view path) { return ++calls, base_->remove(path); }
  perdure::result<void> make_dir(perdure::path_view path) { return ++calls, base_->make_dir(path); }
  perdure::result<void> remove_dir(perdure::path_view path) { return ++calls, base_->remove_dir(path); }
  perdure::result<void> for_each_entry(perdure::path_view path, perdure::entry_visitor visitor) {
    return ++calls, base_->for_each_entry(path, visitor);
  }
  perdure::result<void> sync_dir(perdure::path_view path) { return ++calls, base_->sync_dir(path); }
  perdure::nonce nonce() { return base_->nonce(); }
  perdure::result<void> link(perdure::path_view from, perdure::path_view to) { return perdure::link(*base_, from, to); }

  int calls = 0;

 private:
  Base* base_;
};
static_assert(perdure::Fs<counting_fs<perdure::mem_fs>> && perdure::Fs<counting_fs<lab::crash_fs>>);
static_assert(perdure::Fs<lab::fault_fs<counting_fs<tray_fs>>> && perdure::Fs<lab::durability_lint<tray_fs>>);

void wrapping() {
  int calls = 0;
  lab::exploration what = saves(forgets::nothing);
  what.workload = [&](auto& world) {
    counting_fs fs(world.fs());
    world.step("one", [&] { return save(fs, "one"); });
    world.step("two", [&] { return perdure::atomic_write(fs, "d/cfg", "two\n"); });
    calls = fs.calls;
  };
  const lab::report report = lab::explore(what);
  expect(report.ok() && calls > 5, "a wrapped Fs in the lab", report.text());

  tray_fs own;
  (void)own.make_dir("d");
  counting_fs counted(own);
  lab::fault_fs faulty(counted, "sync ** sync_lost");
  const auto saved = save(faulty, "text");
  expect(!saved && saved.error().code() == perdure::code::sync_lost && counted.calls == 1, "faults over both");
  std::string text;
  expect(!perdure::read_file(counted, "d/cfg", text, 100), "and nothing was saved");
}

// Threads: together, yield, lab_sync, preemptions.
void threading() {
  const auto counted = [](bool guarded, std::uint32_t preemptions) {
    return lab::explore({.workload =
                             [=](auto& world) {
                               lab::lab_sync::mutex mutex;
                               const auto add = [&] {
                                 if (guarded) mutex.lock();
                                 const auto text = lab::read_text(world.fs(), "n");
                                 world.yield();
                                 (void)perdure::atomic_write(world.fs(), "n", text ? *text + "1" : "1");
                                 if (guarded) mutex.unlock();
                               };
                               world.together(add, add);
                               const auto all = lab::read_text(world.fs(), "n");
                               world.step(all && all->size() == 2 ? "both" : "one is lost", [] {});
                             },
                         .check = [](auto& after) { return !after.acknowledged("one is lost"); },
                         .preemptions = preemptions});
  };
  expect(!counted(false, 1).ok() && counted(false, 0).ok(), "a lost update needs one preemption");
  expect(counted(true, 2).ok(), "a mutex keeps the other one out");
  const lab::report stuck = lab::explore({.workload =
                                              [](auto& world) {
                                                lab::lab_sync::mutex mutex;
                                                lab::lab_sync::condition condition;
                                                world.together([&] {
                                                  mutex.lock();
                                                  condition.wait(mutex);
                                                  mutex.unlock();
                                                });
                                              },
                                          .check = [](auto&) { return true; }});
  expect(!stuck.ok() && stuck.text().find("deadlock") != std::string::npos, "a deadlock is told", stuck.text());
}

// Processes side by side, of which one is killed: processes, process, kills.
void killing() {
  const auto both_save = [](std::uint32_t kills) {
    return lab::explore(
        {.workload =
             [](auto& world) {
               world.processes(
                   [](auto& one) {
                     one.step("one", [&] { return perdure::atomic_write(one.fs(), "one", "one"); });
                     (void)one.store().head("none");
                   },
                   [](auto& other) { other.step("two", [&] { return perdure::atomic_write(other.fs(), "two", "two"); }); });
               world.note("both have ended");
             },
         .check = [](auto& after) -> lab::verdict {
           for (const char* name : {"one", "two"}) {
             if (after.acknowledged(name) && lab::read_text(after.fs(), name).value_or("") != name) return "lost";
           }
           return true;
         },
         .preemptions = 0,
         .kills = kills});
  };
  const lab::report none = both_save(0);
  const lab::report some = both_save(1);
  expect(none.ok() && some.ok() && none.runs < some.runs, "one is killed, the other one goes on", some.text());
}

// A Store, crash_store and fault_store: put under each precondition, get, head, list, remove; a lost answer, found by faults.
template <perdure::Store S>
perdure::result<void> install(S& store, const std::string& text, bool believes_timeouts) {
  for (int tries = 0; tries < 3; ++tries) {
    std::string now;
    const auto there = perdure::read_object(store, "head", now, 100);
    if (!there && there.error().code() != perdure::code::not_found) return there.error();
    const auto put = store.put("head", text, there ? perdure::precondition::matches(there->etag) : perdure::precondition::absent);
    if (put) return {};
    if (believes_timeouts && put.error().outcome() == perdure::outcome::unknown)
      return perdure::failure(put.error().code(), put.error().operation());
    if (put.error().outcome() == perdure::outcome::unknown) return put.error();
  }
  return perdure::failure(perdure::code::conflict, perdure::operation::put);
}
void storing() {
  const auto installed = [](bool believes_timeouts) {
    return lab::explore(
        {.workload = [=](auto& world) { world.step("v1", [&] { return install(world.store(), "v1", believes_timeouts); }); },
         .check = [](auto& after) { return after.latest_is(lab::read_text(after.store(), "head"), "absent"); },
         .faults = 1});
  };
  const lab::report right = installed(false);
  expect(right.ok() && right.exhaustive, "an unknown that is told as one", right.text());
  expect(!installed(true).ok(), "a put that was kept, and its answer lost");

  lab::crash_store memory;
  lab::fault_store store(memory, "put head nth 2 timed_out after");
  expect(static_cast<bool>(store.put("head", "1", perdure::precondition::absent)), "created");
  const auto lost = store.put("head", "2", perdure::precondition::any);
  expect(!lost && lost.error().doubt() == perdure::doubt::visible, "in doubt");
  const auto now = store.head("head");
  expect(now && now->size_bytes == 1, "head");
  char buffer[10];
  const auto got = store.get("head", buffer);
  expect(got && buffer[0] == '2', "it was kept all the same");
  expect(!store.put("head", "3", perdure::precondition::absent), "it is there");
  int listed = 0;
  const auto page = store.list("he", {}, 10, [&](const auto& entry) {
    listed += entry.key == perdure::key_view("head") ? 1 : 0;
    return perdure::visit::go_on;
  });
  expect(page && listed == 1, "listed");
  expect(static_cast<bool>(store.remove("head")) && static_cast<bool>(store.remove("head")), "removed, and nothing to remove");
}

}  // namespace

int main() {
  exploring();
  more_exploring();
  failing();
  auditing();
  linting();
  modelling();
  wrapping();
  threading();
  killing();
  storing();
  std::printf("the frozen door: %d checks, %d failed\n", checks, failures);
  return failures == 0 ? 0 : 1;
}
