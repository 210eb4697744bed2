// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/manifest/file_slot.hpp>

#include <tests/crash/proof.hpp>

namespace proofs_of_file_slot {

namespace {

using namespace tests;

using slot = file_slot<crash_fs, manual_clock>;

// Whatever is there, loaded and replaced by `text`; a conflict is somebody else's turn.
result<void> put_next(world& world, const std::string& text, writers who) {
  slot one(world.fs(), "value", world.clock(), {.writers = who});
  std::string found;
  for (;;) {
    const auto now = one.load(growing_room(found, 100));
    if (!now) return now.error();
    const auto next = one.replace(now->token, text);
    if (next) return {};
    if (next.error().code() != code::conflict) return next.error();
  }
}
void save(world& world, const std::string& text, writers who = writers::any) {
  world.step(text, [&] { return put_next(world, text, who); });
}
verdict latest(after_crash& after) { return after.latest_is(read_text(after.fs(), "value"), "absent"); }
// What a process that starts may answer with survives whatever comes.
void answer(world& world) {
  slot one(world.fs(), "value", world.clock());
  std::string found;
  const auto now = one.load(growing_room(found, 100));
  if (now && now->exists()) world.step(found, [] {});
}

exploration two_saves(writers who) {
  return {.workload =
              [=](world& world) {
                save(world, "v1", who);
                save(world, "v2", who);
              },
          .check = latest};
}

TEST_CASE("file_slot: after any cut the last value, or the one in flight", "[crash]") {
  for (const auto who : {writers::any, writers::only_this}) {
    CHECK(prove("two saves", two_saves(who)) > 20);
    auto with_faults = two_saves(who);
    with_faults.faults = 1;
    CHECK(prove("two saves, and one call fails", with_faults) > 100);
  }
}

TEST_CASE("file_slot: what a new process has loaded no crash takes back", "[crash]") {
  auto all = two_saves(writers::any);
  all.restart = answer;
  CHECK(prove("killed, loaded, cut", all) > 100);
  all.faults = 1;
  all.profile = profile::posix_minimum;
  const auto report = explore(all);
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
  // Without the load, which settles it, what is only seen may be gone.
  all.faults = 0;
  all.restart = [](world& world) {
    slot one(world.fs(), "value", world.clock());
    std::string found;
    const auto now = one.observe(growing_room(found, 100));
    if (now && now->exists()) world.step(found, [] {});
  };
  (void)refuted(all);
}

TEST_CASE("file_slot: a doubt that a load has ended stays ended", "[crash]") {
  const auto report = explore({.workload =
                                   [](world& world) {
                                     slot one(world.fs(), "value", world.clock());
                                     std::string found;
                                     auto now = one.load(growing_room(found, 100));
                                     if (!now) return;
                                     auto next = one.replace(now->token, "v1");
                                     if (!next) now = one.load(growing_room(found, 100));
                                     if (!next && now && now->earlier == earlier::had_no_effect && now->exists())
                                       world.step("wrong", [] {});
                                     const bool is_there = next || (now && now->earlier == earlier::took_effect);
                                     if (is_there) world.step("v1", [] {});
                                   },
                               .check = [](after_crash& after) -> verdict {
                                 if (after.acknowledged("wrong")) return "it was there, and had no effect";
                                 const auto text = read_text(after.fs(), "value");
                                 if (after.acknowledged("v1")) return text && *text == "v1";
                                 return !text || *text == "v1";
                               },
                               .faults = 2});
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
}

// Each adds a letter to what is there.
exploration two_appenders(std::uint32_t faults, bool restart) {
  const auto append = [](world& world, const char* letter) {
    slot one(world.fs(), "value", world.clock());
    std::string found;
    for (;;) {
      const auto now = one.load(growing_room(found, 100));
      if (!now) return false;
      if (now->earlier == earlier::took_effect) return true;
      const auto next = one.replace(now->token, found + letter);
      if (next) return true;
      if (next.error().code() == code::conflict) continue;
      if (next.error().outcome() == outcome::unchanged) return false;
    }
  };
  return {.workload =
              [=](world& world) {
                std::string done;
                const auto one = [&](const char* letter) {
                  if (append(world, letter)) {
                    world.step(letter, [] {});
                    done += letter;
                  }
                };
                world.together([&] { one("a"); }, [&] { one("b"); });
                const auto text = read_text(world.fs(), "value");
                const bool is_known = text || text.error().code() == code::not_found;
                if (is_known && (text ? text->size() : 0) < done.size()) world.step("lost", [] {});
              },
          .restart = restart ? [=](world& world) { (void)append(world, "c"); } : std::function<void(world&)>(),
          .check = [](after_crash& after) -> verdict {
            if (after.acknowledged("lost")) return "an update was lost";
            const auto text = read_text(after.fs(), "value");
            if (!text && text.error().code() != code::not_found) return verdict(text);
            for (const char* letter : {"a", "b"}) {
              if (after.acknowledged(letter) && (!text || text->find(letter) == std::string::npos))
                return std::string(letter) + " was acknowledged, and is not there";
            }
            return true;
          },
          .faults = faults,
          .preemptions = 2};
}

TEST_CASE("file_slot: two processes at once lose no update", "[crash]") {
  auto once = two_appenders(0, false);
  once.preemptions = 1;
  CHECK(prove("two appenders", once) > 50);
  auto failing = two_appenders(1, false);
  failing.preemptions = 1;
  auto killed = two_appenders(0, true);
  killed.preemptions = 1;
  for (const auto& one : {two_appenders(0, false), failing, killed}) {
    const auto report = explore(one);
    INFO(report.text());
    CHECK(report.ok());
    CHECK(report.exhaustive);
  }
}

TEST_CASE("file_slot: of its syncs each is needed, and none is missing", "[crash]") {
  auto all = two_saves(writers::any);
  // Somebody has removed it, and it may come back: that there is nothing has to be made durable, too.
  all.setup = [](world& world) { put(world.fs(), "value", "v0"); };
  all.workload = [saves = all.workload](world& world) {
    world.step("absent", [&]() -> result<void> {
      PERDURE_TRY(world.fs().remove("value"));
      slot one(world.fs(), "value", world.clock());
      std::string found;
      PERDURE_TRY(one.load(growing_room(found, 100)));
      return {};
    });
    saves(world);
  };
  all.restart = answer;
  all.check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "value"), "v0"); };
  const auto audit = audit_syncs(all);
  INFO(audit.text());
  CHECK(audit.report.ok());
  std::size_t idle = 0;
  for (const auto& one : audit.syncs) idle += one.needed ? 0 : 1;
  // That there is nothing is written down nowhere: the next slot makes it durable once more.
  CHECK(idle == 1);
}

}  // namespace

}  // namespace proofs_of_file_slot
