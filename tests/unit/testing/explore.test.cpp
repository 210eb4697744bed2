// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/atomic_write.hpp>
#include <perdure/testing/explore.hpp>

#include <tests/support/catch.hpp>

#include <functional>
#include <set>
#include <string>

using namespace perdure;
using namespace perdure::testing;

namespace {

const open_options make_new{.access = access::write, .creation = creation::create};

// The steps of a save by hand, in the order in which they are called: c(reate) and write the temporary file, s(ync it), r(ename
// it), d (sync the directory), o(verwrite in place), x (remove the target).
result<void> save(crash_fs& fs, const std::string& order, const std::string& value) {
  auto temp = fs.open(order.find('o') != std::string::npos ? "cfg" : "cfg.tmp", make_new);
  if (!temp) return temp.error();
  for (const char what : order) {
    if (what == 'c' || what == 'o') PERDURE_TRY(temp->write_at(0, value));
    if (what == 's') PERDURE_TRY(temp->sync(sync_what::data));
    if (what == 'r') PERDURE_TRY(fs.rename("cfg.tmp", "cfg"));
    if (what == 'd') PERDURE_TRY(fs.sync_dir("."));
    if (what == 'x') (void)fs.remove("cfg");
  }
  return {};
}
exploration saves(const std::string& order, const std::string& first = "v1", const std::string& second = "v2") {
  return {.workload =
              [=](world& world) {
                world.step(first, [&] { return save(world.fs(), order, first); });
                world.step(second, [&] { return save(world.fs(), order, second); });
              },
          .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "cfg"), "absent"); }};
}
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("explore: a report of success says so when no step was acknowledged in any run, and a complaint when there was none") {
  const auto with = [](std::function<void(world&)> workload) {
    return explore({.workload = std::move(workload),
                    .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "f"), "absent"); }});
  };
  const auto touch = [](world& world) { return world.fs().open("f", {.access = access::write, .creation = creation::create}); };
  const char* const line = "\nno step was acknowledged in any run";
  CHECK(with([](world&) {}).text().find(line) != std::string::npos);
  const auto failing = [](world& world) { world.step("v1", [] { return result<void>(failure(code::io, operation::write)); }); };
  CHECK(with(failing).text().find(line) != std::string::npos);
  CHECK(with([&](world& world) {
          world.step("absent", [] {});
          failing(world);
        })
            .text()
            .find(line) == std::string::npos);
  const auto report = with([&](world& world) { (void)touch(world); });
  CHECK(report.complaint == "found \"\", which may only be \"absent\": the workload has no step() that names another value");
  CHECK(report.text().find(line) == std::string::npos);
}

TEST_CASE("explore: names are told in one line, and one that is another one each time is told as a workload that differs") {
  const auto naming = [](std::function<std::string()> name) {
    return explore(
               {.workload =
                    [=](world& world) { (void)world.fs().open(name(), {.access = access::write, .creation = creation::create}); },
                .check = [](after_crash&) { return false; }})
        .text();
  };
  const std::string told = naming([] { return std::string("a\nb\x1b[31m"); });
  INFO(told);
  CHECK(told.find("create a\\nb\\x1b[31m") != std::string::npos);
  CHECK(told.find('\x1b') == std::string::npos);
  CHECK(told.find("did something else") == std::string::npos);
  int count = 0;
  CHECK(naming([&] { return "f" + std::to_string(++count); }).find("the workload did something else") != std::string::npos);
}

}  // namespace

TEST_CASE("explore: the front door, spelled as documented") {
  auto report = perdure::testing::explore({
      .profile = perdure::testing::profile::posix_minimum,
      .workload =
          [](auto& world) {
            world.step("v1", [&] { return perdure::atomic_write(world.fs(), "cfg", "v1"); });
            world.step("v2", [&] { return perdure::atomic_write(world.fs(), "cfg", "v2"); });
          },
      .check =
          [](auto& after) {  // after reboot, for every legal disk: the last acknowledged step, or a later one
            return after.latest_is(perdure::testing::read_text(after.fs(), "cfg"), "absent");
          },
  });
  REQUIRE(report.ok());
  CHECK(report.exhaustive);
  CHECK(report.states == 17);
  CHECK(report.text() == "exhaustive: 17 states (7 cuts of 1 run, posix_minimum)");
}

TEST_CASE("explore: a save that forgets a step is found, the right one is not") {
  CHECK(explore(saves("csrd")).ok());
  CHECK(explore(saves("csrd", std::string(9000, 'a'), std::string(5000, 'b'))).ok());
  for (const char* order : {"crd", "csr", "crsd", "os", "osd", "csxrd", "cr", "c", "csdr"}) {
    INFO(order);
    const auto report = explore(saves(order));
    CHECK_FALSE(report.ok());
    CHECK(contains(report.text(), "---- the power goes ----"));
    CHECK(contains(report.text(), "replay: " + report.replay));
  }
}

TEST_CASE("explore: a report tells what was done, what survived, what the check said, and the nearest failure") {
  const auto report = explore(saves("crd"));
  CHECK(report.text() ==
        "posix_minimum: what a power cut may leave fails the check\n"
        "      -- step \"v1\"\n"
        "   1  create cfg.tmp                                          LOST\n"
        "   2  write 2 bytes at 0 of cfg.tmp                           LOST\n"
        "   3  rename cfg.tmp -> cfg                                   LOST for cfg.tmp\n"
        "      ---- the power goes ----\n"
        "the disk that it leaves:\n"
        "  cfg  0 bytes  \"\"\n"
        "the check: found \"\", which may only be \"absent\" or \"v1\"\n"
        "replay: 0.1.1.0.0/a161\n");
}

TEST_CASE("explore: a token replays its state, with the same report, and is refused by another test") {
  for (const char* order : {"crd", "csr", "os", "csxrd"}) {
    INFO(order);
    auto what = saves(order, std::string(6000, 'a'), "v2");
    const auto found = explore(what);
    REQUIRE_FALSE(found.ok());
    what.replay = "replay: " + found.replay;
    int checked = 0;
    what.check = [&checked, check = what.check](after_crash& after) {
      ++checked;
      return check(after);
    };
    const auto again = explore(what);
    CHECK(again.text() == found.text());
    CHECK(again.complaint == found.complaint);
    CHECK(checked == 1);
    auto other = saves("csrd");
    other.replay = what.replay;
    CHECK(contains(explore(other).text(), "the workload does other things than when this replay line was made"));
  }
}

TEST_CASE("explore: what is no replay line is refused, and one that passes is one state and no proof") {
  for (const char* wrong : {"hello", " ", "replay:", "/3ac5"}) {
    auto what = saves("csrd");
    what.replay = wrong;
    CHECK(contains(explore(what).text(), "not the replay line of a report"));
  }
  auto what = saves("csrd");
  what.replay = "0.0";
  const auto report = explore(what);
  CHECK(report.ok());
  CHECK_FALSE(report.exhaustive);
  CHECK(contains(report.text(), "replayed: 1 state, and it passes"));
}

TEST_CASE("explore: a rule that makes no sense fails, and one that never strikes is named") {
  for (const bool in_setup : {false, true}) {
    auto what = saves("csrd");
    (in_setup ? what.setup : what.workload) = [](world& world) { world.fs().plan().add("snyc ** lie"); };
    const auto report = explore(what);
    CHECK_FALSE(report.ok());
    CHECK(contains(report.text(), "snyc"));
  }
  auto what = saves("csrd");
  const auto workload = what.workload;
  what.workload = [workload](world& world) {
    world.fs().plan().add("sync *.nosuch lie");
    world.fs().plan().add("rename ** slow 1");
    workload(world);
    world.fs().plan().add("capacity 3");
    (void)save(world.fs(), "c", "too much");
  };
  auto report = explore(what);
  CHECK(report.ok());
  CHECK(contains(report.text(), "never struck, in no run: sync *.nosuch lie"));
  CHECK(report.idle_rules.size() == 1);
  // A failure is told by its replay line with the same text.
  what.check = [](after_crash&) { return "no"; };
  report = explore(what);
  what.replay = report.replay;
  CHECK(explore(what).text() == report.text());
}

TEST_CASE("explore: what goes two ways goes both") {
  const auto report = explore({.workload =
                                   [](world& world) {
                                     const bool hurried = world.choose(3) == 2;
                                     world.step("v1", [&] {
                                       return save(world.fs(),
                                                   hurried ? "cs"
                                                             "r"
                                                           : "csrd",
                                                   "v1");
                                     });
                                   },
                               .check = [](auto& after) { return after.latest_is(read_text(after.fs(), "cfg"), "absent"); }});
  CHECK_FALSE(report.ok());
  CHECK(report.runs == 3);
  CHECK(report.replay.substr(0, 4) == "0.2.");
  CHECK(contains(report.text(), "-- goes way 2 of 3\n"));
}

TEST_CASE("explore: what two paths have in common is cut once") {
  const auto with = [](std::uint32_t ways) {
    auto what = saves("csrd");
    what.workload = [=](world& world) {
      world.step("v1", [&] { return save(world.fs(), "csrd", "v1"); });
      const std::string value = "v" + std::to_string(2 + world.choose(ways));
      world.step(value, [&] { return save(world.fs(), "csrd", value); });
    };
    const auto report = explore(what);
    CHECK(report.ok());
    CHECK(report.runs == ways);
    return report.cuts;
  };
  CHECK(with(1) == 7);
  CHECK(with(3) - with(2) == with(2) - with(1));
  CHECK(with(2) < 2 * with(1));
}

TEST_CASE("explore: what is there before the workload is durable, and kept apart from run to run") {
  const auto with = [](const std::string& order) {
    auto what = saves(order);
    what.setup = [](world& world) { (void)save(world.fs(), "c", "v0"), (void)world.fs().rename("cfg.tmp", "cfg"); };
    what.check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "cfg"), "v0"); };
    return explore(what);
  };
  CHECK(with("csrd").ok());
  CHECK(contains(with("csxrd").text(), "found \"absent\", which may only be \"v0\" or \"v1\""));
}

TEST_CASE("explore: a process that is killed, and the next one that writes on") {
  // A marker without a sync of its own is good enough while its writer lives: it syncs the directory at last. Who comes after it
  // and believes what it sees does not know whether it did.
  const auto with = [](bool settles) {
    return explore({.workload = [](world& world) { world.step("v1", [&] { return save(world.fs(), "csrd", "v1"); }); },
                    .restart =
                        [settles](world& world) {
                          if (read_text(world.fs(), "cfg").value_or(std::string()) != "v1") return;
                          world.step("seen", [&]() -> result<void> {
                            if (settles) PERDURE_TRY(world.fs().sync_dir("."));
                            return {};
                          });
                        },
                    .check = [](after_crash& after) -> verdict {
                      const bool there = read_text(after.fs(), "cfg").value_or(std::string()) == "v1";
                      return there || !after.acknowledged("seen");
                    }});
  };
  CHECK(with(true).ok());
  CHECK(with(true).runs == 7);
  const auto report = with(false);
  CHECK_FALSE(report.ok());
  CHECK(contains(report.text(), "-- the process is killed\n"));
}

TEST_CASE("explore: a process that is killed may leave a write of several pages half done, and no power cut is needed for that") {
  exploration what{.setup = [](world& world) { (void)save(world.fs(), "o", std::string(8192, 'o')); },
                   .workload = [](world& world) { (void)save(world.fs(), "o", std::string(8192, 'n')); },
                   .restart =
                       [](world& world) {
                         (void)world.fs().sync_all(".");
                         world.step("settled", [] {});
                       },
                   .check = [](after_crash& after) -> verdict {
                     const std::string all = read_text(after.fs(), "cfg").value_or(std::string());
                     return !after.acknowledged("settled") || all.front() == all.back();
                   }};
  const auto report = explore(what);
  CHECK_FALSE(report.ok());
  CHECK(contains(report.text(), "-- the process is killed within it\n"));
  CHECK(report.runs == 3);  // the one at the end is not needed any more
  what.restart = {};
  what.profile = profile::process_kill;
  what.check = [](after_crash& after) -> verdict {
    const std::string all = read_text(after.fs(), "cfg").value_or(std::string());
    return all.front() == all.back();
  };
  CHECK(contains(explore(what).text(), "cfg  8,192 bytes  \"n\" x 4,096 \"o\" x 4,096"));
}

TEST_CASE("explore: the recovery is cut, too") {
  // Two files that are to be equal; the recovery copies the first over the second, in the wrong order or in the right one.
  const auto with = [](const std::string& order, std::uint32_t nested) {
    return explore({.setup =
                        [](world& world) {
                          (void)atomic_write(world.fs(), "a", "1");
                          (void)atomic_write(world.fs(), "b", "1");
                        },
                    .workload =
                        [](world& world) {
                          world.step("2", [&]() -> result<void> {
                            const auto a = atomic_write(world.fs(), "a", "2");
                            if (!a) return a.error();
                            const auto b = atomic_write(world.fs(), "b", "2");
                            if (!b) return b.error();
                            return {};
                          });
                        },
                    .recover =
                        [=](after_crash& after) {
                          const auto a = read_text(after.fs(), "a");
                          if (!a || *a == read_text(after.fs(), "b").value_or(std::string())) return;
                          if (order == "wrong") (void)after.fs().remove("b");
                          if (order == "wrong") (void)after.fs().sync_dir(".");
                          (void)atomic_write(after.fs(), "b", *a);
                        },
                    .check = [](after_crash& after) -> verdict {
                      const auto b = read_text(after.fs(), "b");
                      return !b ? verdict(b) : verdict(*b == read_text(after.fs(), "a").value_or(std::string()));
                    },
                    .budget = {.nested_cuts = nested}});
  };
  CHECK(with("right", 1).ok());
  CHECK(with("right", 2).ok());
  CHECK(with("wrong", 1).ok());  // the second recovery puts it right again
}

TEST_CASE("explore: a recovery that destroys what it needs is found only by cutting it") {
  const auto with = [](std::uint32_t nested) {
    return explore({.setup = [](world& world) { (void)atomic_write(world.fs(), "value", "1"); },
                    .workload = [](world& world) { world.step("2", [&] { return atomic_write(world.fs(), "value", "2"); }); },
                    .recover =
                        [](after_crash& after) {
                          const auto value = read_text(after.fs(), "value");
                          if (!value) return;
                          (void)after.fs().remove("value");
                          (void)after.fs().sync_dir(".");
                          (void)atomic_write(after.fs(), "value", *value);
                        },
                    .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "value"), "1"); },
                    .budget = {.nested_cuts = nested}});
  };
  CHECK(with(0).ok());
  const auto report = with(1);
  CHECK_FALSE(report.ok());
  CHECK(contains(report.text(), "the recovery from it:\n"));
}

TEST_CASE("explore: past the budget it samples, says so, and finds the same again") {
  auto what = saves("csrd", std::string(40000, 'a'), std::string(40000, 'b'));
  what.reductions.unread = false;
  what.reductions.few_mixtures = false;
  what.budget.states = 2000;
  const auto good = explore(what);
  CHECK(good.ok());
  CHECK_FALSE(good.exhaustive);
  CHECK(contains(good.text(), "sampled: "));
  CHECK(good.at_least > 1'000'000);
  auto bad = saves("crd", std::string(40000, 'a'), std::string(40000, 'b'));
  bad.budget.states = 1;
  bad.reductions.few_mixtures = false;
  const auto first = explore(bad);
  CHECK_FALSE(first.ok());
  CHECK(explore(bad).text() == first.text());
}

TEST_CASE("explore: behind budget.depth a run goes the first way alone, and the report does not call that exhaustive") {
  const auto with = [](std::uint32_t depth, bool wrong) {
    auto what = saves("csrd");
    what.workload = [=](world& world) {
      std::uint32_t way = 0;
      for (int i = 0; i < 3; ++i) way = 2 * way + world.choose(2);
      world.step("v1", [&] { return save(world.fs(), wrong && way == 1 ? "crd" : "csrd", "v1"); });
    };
    what.budget.depth = depth;
    return explore(what);
  };
  CHECK(with(2, true).ok());
  CHECK(with(2, true).runs == 4);
  CHECK_FALSE(with(2, true).exhaustive);
  CHECK(contains(with(2, true).text(), "bounded: "));
  CHECK(contains(with(2, true).text(), " states within the first 2 choices of a run ("));
  for (const std::uint32_t deep_enough : {0U, 3U}) {
    CHECK(contains(with(deep_enough, false).text(), "exhaustive: "));
    CHECK(with(deep_enough, false).runs == 8);
    CHECK_FALSE(with(deep_enough, true).ok());
  }
  // A failure within the bound replays within it.
  auto what = saves("crd");
  what.faults = 1;
  what.budget.depth = 1;
  what.workload = [](world& world) { world.step("v1", [&] { return save(world.fs(), "crd", "v1"); }); };
  const auto found = explore(what);
  CHECK_FALSE(found.ok());
  what.replay = found.replay;
  CHECK(explore(what).text() == found.text());
}

TEST_CASE("explore: what does not repeat itself is told as that") {
  int runs = 0;
  auto counting = saves("crd");
  counting.workload = [&](world& world) {
    ++runs;
    world.step("v1", [&] { return save(world.fs(), "crd", runs == 1 ? "v1" : "v2"); });
  };
  CHECK(contains(explore(counting).text(), "the workload did something else when it was run again"));
  int checks = 0;
  auto moody = saves("csrd");
  moody.check = [&](after_crash&) { return ++checks != 3; };
  CHECK(contains(explore(moody).text(), "the check does not repeat itself"));
}

TEST_CASE("explore: without a workload or a check there is nothing to prove") {
  CHECK_FALSE(explore({.workload = [](world&) {}}).ok());
  CHECK_FALSE(explore({.check = [](after_crash&) { return true; }}).ok());
}

TEST_CASE("explore: every operation can be cut, for a check that may fail early and not late") {
  const auto with = [](cut_points cuts) {
    return explore({.workload =
                        [](world& world) {
                          for (const char* name : {"a", "b", "c"}) (void)world.fs().make_dir(name);
                        },
                    .check = [](after_crash& after) -> verdict {
                      const bool b = static_cast<bool>(after.fs().stat("b"));
                      return !(b && !after.fs().stat("c"));
                    },
                    .cuts = cuts});
  };
  CHECK(with(cut_points::every_operation).cuts == 3);
  CHECK(with(cut_points::sufficient).cuts == 1);
  CHECK_FALSE(with(cut_points::every_operation).ok());
}

TEST_CASE("explore: many pages are not mixed in every way, which is said, and loses no mixture of few kinds") {
  const auto with = [](std::size_t pages, bool few, std::set<std::string>& found) {
    return explore({.profile = profile::xfs,
                    .setup = [=](world& world) { (void)save(world.fs(), "o", std::string(pages * 4096, 'o')); },
                    .workload = [=](world& world) { (void)save(world.fs(), "o", std::string(pages * 4096, 'n')); },
                    .check =
                        [&](after_crash& after) {
                          std::string shape;
                          const std::string all = read_text(after.fs(), "cfg").value_or(std::string());
                          for (std::size_t at = 0; at < all.size(); at += 4096)
                            shape += all[at] == all[at + 4095] ? all[at] : 't';
                          found.insert(shape);
                          return true;
                        },
                    .reductions = {.few_mixtures = few}});
  };
  std::set<std::string> few;
  std::set<std::string> all;
  const auto less = with(9, true, few);
  const auto more = with(9, false, all);
  CHECK(less.mixtures_left_out);
  CHECK(less.exhaustive);
  CHECK_FALSE(more.mixtures_left_out);
  CHECK(few.size() < all.size());
  for (const std::string& one : few) CHECK(all.count(one) == 1);
  for (const char* shape : {"ooooooooo", "nnnnnnnnn", "nnnoooooo", "ooooooonn", "nnnnonnnn", "ooonooooo", "nnntooooo",
                            "otooooooo", "nnnnnnntn", "noooooooo"})
    CHECK(few.count(shape) == 1);
  CHECK(few.count("nonononon") == 0);
  std::set<std::string> many;
  const auto large = with(64, true, many);
  CHECK(large.exhaustive);
  CHECK(large.states < 2000);
}

TEST_CASE("explore: what is not read is not varied in the runs after the first, either") {
  // Eight pages that nobody reads, and a call after them that can go wrong in some ways: each time the disks are the same again.
  const auto report = explore({.workload =
                                   [](world& world) {
                                     auto junk = world.fs().open("junk", {.access = access::write, .creation = creation::create});
                                     if (junk) (void)junk->write_at(0, std::string(8 * 4096, 'j'));
                                     (void)atomic_write(world.fs(), "cfg", "v1", {.at_least = durability::full});
                                   },
                               .check =
                                   [](after_crash& after) {
                                     const auto text = read_text(after.fs(), "cfg");
                                     return text ? *text == "v1" : text.error().code() == code::not_found;
                                   },
                               .faults = 1});
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.runs > 10);
  CHECK(report.visited < 1000);
}
