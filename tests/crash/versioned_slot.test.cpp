// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/manifest/versioned_slot.hpp>

#include <tests/crash/proof.hpp>

#include <cstdio>
#include <set>

namespace proofs_of_versioned_slot {

namespace {

using namespace tests;

using slot = versioned_slot<crash_fs, manual_clock>;

slot open(crash_fs& fs, manual_clock& clock, const versioned_slot_options& options = {}) { return {fs, "d", clock, options}; }
slot open(world& world, const versioned_slot_options& options = {}) { return open(world.fs(), world.clock(), options); }

std::set<std::uint64_t> numbers_in(crash_fs& fs) {
  std::set<std::uint64_t> all;
  (void)fs.for_each_entry("d", [&](const dir_entry& entry) {
    if (const auto number = perdure::detail::version_name::parse(entry.name)) all.insert(number);
    return visit::go_on;
  });
  return all;
}
void wrong(world& world, const std::string& what) {
  world.step("wrong: " + what, [] {});
}
verdict nothing_wrong(after_crash& after) {
  for (const char* what : {"a number is used again", "an update was lost", "it had an effect"}) {
    if (after.acknowledged(std::string("wrong: ") + what)) return what;
  }
  return true;
}

// Whatever is there, loaded and replaced by `text`; a conflict is somebody else's turn.
result<void> put_next(world& world, const std::string& text, const versioned_slot_options& options) {
  slot one = open(world, options);
  std::string found;
  for (;;) {
    const auto now = one.load(growing_room(found, 10'000));
    if (!now) return now.error();
    const auto seen = numbers_in(world.fs());
    const auto next = one.replace(now->token, text);
    if (next && seen.count(next->number) != 0) wrong(world, "a number is used again");
    if (next) return {};
    if (next.error().code() != code::conflict) return next.error();
  }
}
void save(world& world, const std::string& text, const versioned_slot_options& options = {}) {
  world.step(text, [&] { return put_next(world, text, options); });
}
// What a process that starts may answer with survives whatever comes.
void answer(world& world) {
  slot one = open(world);
  std::string found;
  const auto now = one.load(growing_room(found, 10'000));
  if (now) world.step(now->exists() ? found : "absent", [] {});
}

result<std::string> loaded(crash_fs& fs, manual_clock& clock) {
  slot one = open(fs, clock);
  std::string found;
  const auto now = one.load(growing_room(found, 10'000));
  if (!now) return now.error();
  return now->exists() ? found : "absent";
}
verdict latest(after_crash& after) {
  return both(nothing_wrong(after), after.latest_is(loaded(after.fs(), after.clock()), "absent"));
}
// And without writing anything, which looks at fewer files.
verdict latest_seen(after_crash& after) {
  slot one = open(after.fs(), after.clock());
  std::string found;
  const auto now = one.observe(growing_room(found, 10'000));
  if (!now) return now;
  return both(nothing_wrong(after), after.latest_is(now->exists() ? found : "absent", "absent"));
}

exploration saves(const versioned_slot_options& options, const std::string& second = "v2") {
  return {.setup = [](world& world) { (void)world.fs().make_dir("d"); },
          .workload =
              [=](world& world) {
                save(world, "v1", options);
                save(world, second, options);
              },
          .check = latest};
}
void report_of(const char* what, std::uint64_t states) {
  std::printf("versioned_slot, %s: %llu states\n", what, static_cast<unsigned long long>(states));
}
// On posix_minimum alone, for what takes long.
std::string proved(const exploration& all, const char* what) {
  const auto report = explore(all);
  report_of(what, report.states);
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
  return report.text();
}

}  // namespace

TEST_CASE("versioned_slot: after any cut the last value, or the one in flight, whole", "[crash]") {
  std::uint64_t states = 0;
  for (const std::uint32_t keep : {1U, 2U}) {
    for (const auto who : {writers::any, writers::only_this}) {
      states += prove("saves", saves({.keep = keep, .writers = who}));
    }
  }
  states += prove("saves of more than a page", saves({.keep = 1}, std::string(6000, 'w')));
  exploration seen = saves({.keep = 1});
  seen.check = latest_seen;
  seen.cuts = cut_points::every_operation;
  states += prove("saves, observed", seen);
  report_of("saves", states);
}

TEST_CASE("versioned_slot: whatever call fails, it says what became of the value", "[crash]") {
  std::uint64_t states = 0;
  for (const auto who : {writers::any, writers::only_this}) {
    exploration failing = saves({.keep = 1, .writers = who});
    failing.faults = 1;
    states += prove("saves, and one call fails", failing);
  }
  report_of("one call fails", states);
}

TEST_CASE("versioned_slot: what a new process has loaded no crash takes back", "[crash]") {
  exploration all = saves({.keep = 1});
  all.restart = answer;
  report_of("killed, loaded, cut", prove("killed, loaded, cut", all));
  // Without the load, which settles it, what is only seen may be gone.
  all.restart = [](world& world) {
    slot one = open(world);
    std::string found;
    const auto now = one.observe(growing_room(found, 100));
    if (now && now->exists()) world.step(found, [] {});
  };
  (void)refuted(all);
}

TEST_CASE("versioned_slot: killed anywhere, the next process writes on, under a number that was never there", "[crash]") {
  exploration all = saves({.keep = 1});
  all.restart = [](world& world) {
    save(world, "v3", {.keep = 1});
    if (numbers_in(world.fs()).size() != 1) world.note("more than one is left");
  };
  report_of("killed, written on", prove("killed, written on", all));
}

TEST_CASE("versioned_slot: a load after a cut may be cut itself, and the next one goes on from there", "[crash]") {
  for (const std::uint32_t keep : {1U, 2U}) {
    exploration all = saves({.keep = keep});
    all.recover = [](after_crash& after) { (void)loaded(after.fs(), after.clock()); };
    all.budget.nested_cuts = keep == 1 ? 2 : 1;
    report_of("nested cuts", prove("nested cuts", all));
  }
}

TEST_CASE("versioned_slot: whatever a cut left, the next replace takes a new number and leaves nothing that nobody names",
          "[crash]") {
  exploration all = saves({.keep = 1});
  all.check = [](after_crash& after) -> verdict {
    const auto seen = numbers_in(after.fs());
    slot one = open(after.fs(), after.clock(), {.keep = 1});
    std::string found;
    const auto now = one.load(growing_room(found, 10'000));
    if (!now) return now;
    const auto next = one.replace(now->token, "next");
    if (!next) return next;
    if (seen.count(next->number) != 0) return "a number is used again";
    if (loaded(after.fs(), after.clock()).value_or("") != "next") return "it is not there";
    const std::string name = "v" + std::to_string(next->number);
    std::string stranger;
    (void)after.fs().for_each_entry("d", [&](const dir_entry& entry) {
      const std::string is(entry.name.data(), entry.name.size());
      if (is != name && is != "current" && is != "lock") stranger = is + " is left";
      return visit::go_on;
    });
    return stranger;
  };
  report_of("cut, written on", prove("cut, written on", all));
}

TEST_CASE("versioned_slot: a doubt that a load has ended stays ended", "[crash]") {
  const auto workload = [](world& world) {
    slot one = open(world, {.keep = 1});
    std::string found;
    auto now = one.load(growing_room(found, 100));
    if (!now) return;
    const auto next = one.replace(now->token, "v1");
    if (!next) now = one.load(growing_room(found, 100));
    if (!next && now && now->earlier == earlier::had_no_effect && now->exists()) wrong(world, "it had an effect");
    if (next || (now && now->earlier == earlier::took_effect)) world.step("v1", [] {});
    // It had none: that it is absent stays so.
    if (!next && now && !now->exists()) world.step("absent", [] {});
  };
  exploration all{.setup = [](world& world) { (void)world.fs().make_dir("d"); },
                  .workload = workload,
                  .check = [](after_crash& after) -> verdict {
                    const auto text = loaded(after.fs(), after.clock());
                    if (!text) return text;
                    if (after.acknowledged("v1")) return both(nothing_wrong(after), *text == "v1");
                    if (after.acknowledged("absent")) return both(nothing_wrong(after), *text == "absent");
                    return *text == "v1" || *text == "absent";
                  },
                  .faults = 2};
  (void)proved(all, "two calls fail, doubts ended");
}

// Each adds a letter to what is there: nothing, or "-", which is known to be durable.
exploration two_appenders(bool from_nothing, std::uint32_t faults, bool restart, std::uint32_t preemptions) {
  struct numbers {
    std::set<std::uint64_t> given;
    bool twice = false;
  };
  const auto append = [](world& world, const char* letter, numbers& all) {
    slot one = open(world, {.keep = 1});
    std::string found;
    for (;;) {
      const auto now = one.load(growing_room(found, 100));
      if (!now) return false;
      if (now->earlier == earlier::took_effect) return true;
      const auto next = one.replace(now->token, found + letter);
      if (next && !all.given.insert(next->number).second) all.twice = true;
      if (next) return true;
      if (next.error().code() == code::conflict) continue;
      if (next.error().outcome() == outcome::unchanged) return false;
    }
  };
  return {.setup =
              [=](world& world) {
                (void)world.fs().make_dir("d");
                if (!from_nothing) (void)put_next(world, "-", {.keep = 1});
              },
          .workload =
              [=](world& world) {
                std::string done;
                numbers all;
                const auto one = [&](const char* letter) {
                  if (append(world, letter, all)) {
                    world.step(letter, [] {});
                    done += letter;
                  }
                };
                world.together([&] { one("a"); }, [&] { one("b"); });
                if (all.twice) wrong(world, "a number is used again");
                const auto text = loaded(world.fs(), world.clock());
                const std::size_t letters = !text || *text == "absent" ? 0 : text->size() - (from_nothing ? 0 : 1);
                if (text && letters < done.size()) wrong(world, "an update was lost");
              },
          .restart = restart ? [=](world& world) {
            numbers all;
            (void)append(world, "c", all);
          } : std::function<void(world&)>(),
          .check = [](after_crash& after) -> verdict {
            const auto text = loaded(after.fs(), after.clock());
            if (!text) return text;
            for (const char* letter : {"a", "b"}) {
              if (after.acknowledged(letter) && text->find(letter) == std::string::npos)
                return std::string(letter) + " was acknowledged, and is not there";
            }
            return nothing_wrong(after);
          },
          .faults = faults,
          .preemptions = preemptions};
}

TEST_CASE("versioned_slot: two processes at once lose no update and use no number twice", "[crash]") {
  (void)proved(two_appenders(true, 0, false, 2), "two appenders");
}
TEST_CASE("versioned_slot: nor when one of them is killed and a third one goes on", "[crash]") {
  (void)proved(two_appenders(false, 0, true, 1), "two appenders, killed");
}
TEST_CASE("versioned_slot: nor when a call of one of them fails", "[crash]") {
  (void)proved(two_appenders(false, 1, false, 1), "two appenders, one call fails");
}

TEST_CASE("versioned_slot: of its syncs each is needed, and none is missing", "[crash]") {
  exploration all = saves({.keep = 1});
  all.restart = answer;
  // Somebody has removed it, and it may come back: that there is nothing has to be made durable, too.
  all.setup = [](world& world) {
    (void)world.fs().make_dir("d");
    (void)put_next(world, "v0", {});
  };
  all.workload = [two = all.workload](world& world) {
    world.step("absent", [&]() -> result<void> {
      PERDURE_TRY(world.fs().remove("d/current"));
      slot one = open(world);
      std::string found;
      PERDURE_TRY(one.load(growing_room(found, 100)));
      return {};
    });
    two(world);
  };
  all.check = [](after_crash& after) {
    return both(nothing_wrong(after), after.latest_is(loaded(after.fs(), after.clock()), "v0"));
  };
  const auto audit = audit_syncs(all);
  INFO(audit.text());
  std::printf("%s", audit.text().c_str());
  CHECK(audit.ok());
}

namespace {

// The same protocol by hand, in which one thing at a time is done wrong. A value is a letter and says so.
struct by_hand {
  bool syncs_version = true;
  bool syncs_its_name = true;
  bool replaces_atomically = true;
  bool removes_afterwards = true;
  bool settles = true;
  bool looks_for_orphans = true;

  [[nodiscard]] static std::uint64_t current(crash_fs& fs) {
    const auto text = read_text(fs, "d/current");
    return text && !text->empty() ? static_cast<std::uint64_t>((*text)[0] - '0') : 0;
  }
  [[nodiscard]] result<void> point(crash_fs& fs, std::uint64_t number) const {
    const std::string text = std::to_string(number);
    if (replaces_atomically) {
      const auto done = atomic_write(fs, "d/current", text);
      return done ? result<void>() : done.error();
    }
    auto file = fs.open("d/current", {.access = access::write, .creation = creation::create});
    if (!file) return file.error();
    PERDURE_TRY(file->truncate(0));
    PERDURE_TRY(file->write_at(0, text));
    PERDURE_TRY(file->sync(sync_what::data));
    return fs.sync_dir("d");
  }
  [[nodiscard]] result<void> save(world& world, const std::string& value) const {
    crash_fs& fs = world.fs();
    const std::uint64_t old = current(fs);
    std::uint64_t next = old + 1;
    const auto seen = numbers_in(fs);
    while (looks_for_orphans && seen.count(next) != 0) ++next;
    if (seen.count(next) != 0) wrong(world, "a number is used again");
    const std::string name = "d/v" + std::to_string(next);
    auto file = fs.open(name, {.access = access::write, .creation = creation::create});
    if (!file) return file.error();
    PERDURE_TRY(file->truncate(0));
    PERDURE_TRY(file->write_at(0, value));
    if (syncs_version) PERDURE_TRY(file->sync(sync_what::data));
    if (syncs_its_name) PERDURE_TRY(fs.sync_dir("d"));
    if (!removes_afterwards) (void)fs.remove("d/v" + std::to_string(old));
    PERDURE_TRY(point(fs, next));
    if (removes_afterwards) (void)fs.remove("d/v" + std::to_string(old));
    return {};
  }
  [[nodiscard]] exploration all(bool restart) const {
    const by_hand that = *this;
    exploration what{.setup = [](world& world) { (void)world.fs().make_dir("d"); },
                     .workload =
                         [=](world& world) {
                           for (const char* value : {"v1", "v2"}) world.step(value, [&] { return that.save(world, value); });
                         },
                     .check = [](after_crash& after) -> verdict {
                       if (const auto fine = nothing_wrong(after); !fine) return fine;
                       const auto pointer = read_text(after.fs(), "d/current");
                       if (!pointer && pointer.error().code() != code::not_found) return pointer;
                       if (!pointer) return after.latest_is(std::string("absent"), "absent");
                       const auto value = read_text(after.fs(), "d/v" + *pointer);
                       if (!value) return "it points to what is not there";
                       return after.latest_is(value, "absent");
                     }};
    if (!restart) return what;
    what.restart = [=](world& world) {
      const std::uint64_t now = current(world.fs());
      const auto value = read_text(world.fs(), "d/v" + std::to_string(now));
      if (value && that.settles && !that.point(world.fs(), now)) return;
      if (value) world.step(*value, [] {});
      world.step("v3", [&] { return that.save(world, "v3"); });
    };
    return what;
  }
};

}  // namespace

TEST_CASE("versioned_slot: by hand it is right, too, and each thing that is left out is found", "[crash]") {
  (void)prove("by hand", by_hand{}.all(false));
  (void)prove("by hand, killed", by_hand{}.all(true));
  CHECK(refuted(by_hand{.syncs_version = false}.all(false)) != "");
  CHECK(refuted(by_hand{.syncs_its_name = false}.all(false)) == "it points to what is not there");
  CHECK(refuted(by_hand{.replaces_atomically = false}.all(false)) == "it points to what is not there");
  CHECK(refuted(by_hand{.removes_afterwards = false}.all(false)) == "it points to what is not there");
  CHECK(refuted(by_hand{.looks_for_orphans = false}.all(true)) == "a number is used again");
  CHECK(refuted(by_hand{.settles = false}.all(true)) != "");
}

}  // namespace proofs_of_versioned_slot
