// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// One call goes wrong, each in turn and in every way that it can, and then the power goes.

#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/create_new.hpp>
#include <perdure/fs/link_or_copy.hpp>
#include <perdure/fs/make_dirs.hpp>
#include <perdure/fs/temp_sweep.hpp>

#include <tests/crash/proof.hpp>

namespace proofs_of_faults {

using namespace tests;

namespace {

// "old" is there, and a save of "new" goes wrong.
template <class Save>
exploration in_directory(Save save) {
  exploration what;
  what.faults = 1;
  what.setup = [](world& world) {
    (void)world.fs().make_dir("d");
    put(world.fs(), "d/f", "old");
    put(world.fs(), "d/source", "new");
  };
  what.workload = [save](world& world) { world.step("new", [&] { return save(world.fs()); }); };
  what.check = [](after_crash& after) {
    return both(after.latest_is(read_text(after.fs(), "d/f"), "old"), only_temps_beside(after.fs(), "d", {"f", "source"}));
  };
  return what;
}

// A save by hand, in which one thing at a time is left out.
struct by_hand {
  bool heeds_write = true;
  bool heeds_sync = true;
  bool syncs_again = false;     // on another handle, when the first sync failed
  bool believes_reads = false;  // and that sync only where all that was written is read
  bool honest = true;           // a rename that failed may have happened
  bool heeds_dir_sync = true;
  bool syncs_dir_again = false;  // and believes that
  bool syncs_all = false;        // in place of the file again, and of the directory

  result<void> operator()(crash_fs& fs) const {
    auto file = fs.open("d/t", {.access = access::write, .creation = creation::create});
    if (!file) return file.error();
    const auto put = file->write_at(0, "new");
    if (!put && heeds_write) return unchanged(put.error());
    const auto synced = file->sync(sync_what::data);
    if (!synced && believes_reads && read_text(fs, "d/t").value_or("") != "new") return unchanged(synced.error());
    if (!synced && (syncs_again || believes_reads)) {
      auto again = fs.open("d/t", {.access = access::write});
      if (!again) return again.error();
      const auto second = syncs_all ? sync_all(fs, ".") : again->sync(sync_what::data);
      if (!second) return unchanged(second.error());
    } else if (!synced && heeds_sync) {
      return unchanged(synced.error());
    }
    const auto closed = file->close();
    if (!closed && heeds_sync) return unchanged(closed.error());
    const auto renamed = fs.rename("d/t", "d/f");
    if (!renamed) return honest ? renamed : unchanged(renamed.error());
    const auto sync_names = [&] { return syncs_all ? sync_all(fs, "d") : fs.sync_dir("d"); };
    auto named = sync_names();
    if (!named && syncs_dir_again) named = sync_names();
    return named || !heeds_dir_sync ? result<void>() : failure(named.error()).with(doubt::durable);
  }
  static failure unchanged(const failure& why) { return failure(why.code(), why.operation()); }
};
exploration by_hand_failing(const by_hand& save) {
  exploration what = in_directory(save);
  what.check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "d/f"), "old"); };
  return what;
}

}  // namespace

// A success that is less durable than asked says so, and promises no more.
const auto promised = [](const auto& done) -> result<void> {
  if (!done) return done.error();
  return done->durability == durability::full ? result<void>() : failure(code::unsupported, operation::sync).with(doubt::durable);
};

TEST_CASE("faults: atomic_write tells what became of it, whatever goes wrong and whenever the power goes") {
  std::uint64_t states = 0;
  for (const auto durability : {durability::ordered, durability::full}) {
    for (const auto content : {content::write, content::skip_unchanged}) {
      for (const auto keep : {keep::nothing, keep::mode}) {
        const write_options how{.durability = durability, .at_least = durability::ordered, .content = content, .keep = keep};
        states +=
            prove("atomic_write", in_directory([=](crash_fs& fs) { return promised(atomic_write(fs, "d/f", "new", how)); }));
      }
    }
  }
  CHECK(states > 100);
}

TEST_CASE("faults: after a save that went wrong the next one is right") {
  exploration what =
      in_directory([](crash_fs& fs) { return promised(atomic_write(fs, "d/f", "new", {.at_least = durability::full})); });
  const auto first = what.workload;
  what.workload = [first](world& world) {
    first(world);
    world.step("newer", [&] { return promised(atomic_write(world.fs(), "d/f", "newer", {.at_least = durability::full})); });
  };
  CHECK(prove("atomic_write twice", what) > 50);
}

TEST_CASE("faults: atomic_writer, create_new and link_or_copy tell what became of them") {
  (void)prove("atomic_writer", in_directory([](crash_fs& fs) -> result<void> {
                auto writer = atomic_writer<crash_fs>::open(fs, "d/f", {.at_least = durability::ordered});
                if (!writer) return writer.error();
                PERDURE_TRY(writer->write("ne"));
                PERDURE_TRY(writer->write("w"));
                return promised(writer->commit());
              }));
  for (const bool links : {false, true}) {
    exploration what = in_directory([=](crash_fs& fs) {
      if (!links) return promised(create_new(fs, "d/g", "new", {.at_least = durability::ordered}));
      return promised(link_or_copy(fs, "d/source", fs, "d/g"));
    });
    what.check = [](after_crash& after) {
      return both(after.latest_is(read_text(after.fs(), "d/g"), "absent"),
                  only_temps_beside(after.fs(), "d", {"f", "g", "source"}));
    };
    (void)prove(links ? "link_or_copy" : "create_new", what);
  }
}

TEST_CASE(
    "faults: a name that a failed sync_dir left in the cache is durable once it is written again, and not once it is found") {
  // Law L6: the sync_dir that succeeds then speaks only of what was changed after the failure.
  const auto again = [](enum content content, bool dirs) {
    exploration what = in_directory([=](crash_fs& fs) -> result<void> {
      fs.plan().add("sync_dir ** nth 1 sync_lost clean");
      for (int tries = 0;; ++tries) {
        if (dirs) {
          const auto made = make_dirs(fs, "d/made");
          if (made || tries == 1) return made ? result<void>() : made.error();
        } else {
          const auto saved = atomic_write(fs, "d/f", "new", {.content = content});
          if (saved || tries == 1) return promised(saved);
        }
      }
    });
    what.faults = 0;
    if (dirs) what.check = [](after_crash& after) { return verdict(!after.acknowledged("new") || after.fs().stat("d/made")); };
    return what;
  };
  (void)prove("written again", again(content::write, false));
  // What is not promised, and what it looks like.
  CHECK(explore(again(content::skip_unchanged, false)).complaint == "found \"old\", which may only be \"new\"");
  CHECK_FALSE(explore(again(content::write, true)).ok());
}

TEST_CASE("faults: a save by hand that heeds every answer is right, and without a fault so is one that heeds none") {
  CHECK(explore(by_hand_failing({})).ok());
  exploration careless = by_hand_failing({.heeds_write = false, .heeds_sync = false, .honest = false, .heeds_dir_sync = false});
  CHECK_FALSE(explore(careless).ok());
  careless.faults = 0;
  CHECK(explore(careless).ok());
}

TEST_CASE("faults: each answer that is not heeded is found, and the report names the call that went wrong") {
  const auto found = [](const by_hand& save) {
    const auto report = explore(by_hand_failing(save));
    CHECK_FALSE(report.ok());
    // The token runs that one state again.
    exploration again = by_hand_failing(save);
    again.replay = report.replay;
    CHECK(explore(again).text() == report.text());
    return report.text();
  };
  CHECK(found({.heeds_write = false}).find("fault: write d/t") != std::string::npos);
  CHECK(found({.heeds_sync = false}).find("fault: sync d/t") != std::string::npos);
  CHECK(found({.syncs_again = true}).find("sync_lost") != std::string::npos);
  // Every page is there, a sync of it succeeds, and the disk has none of it.
  const std::string believed = found({.believes_reads = true});
  CHECK(believed.find("fault: sync d/t sync_lost errno 5 clean") != std::string::npos);
  CHECK(believed.find("sync(data) of d/t") != std::string::npos);
  CHECK(found({.believes_reads = true, .syncs_all = true}).find("fault: sync d/t sync_lost errno 5 clean") != std::string::npos);
  // Law L6: what succeeds then speaks of what was changed since.
  CHECK(found({.syncs_dir_again = true}).find("fault: sync_dir d sync_lost errno 5 clean") != std::string::npos);
  CHECK(found({.syncs_dir_again = true, .syncs_all = true}).find("fault: sync_all d sync_lost errno 5 clean") !=
        std::string::npos);
  CHECK(found({.honest = false}).find("fault: rename d/f io errno 5 after") != std::string::npos);
  CHECK(found({.heeds_dir_sync = false}).find("fault: sync_dir d") != std::string::npos);
}

TEST_CASE("faults: a workload's own rules are rules, too") {
  exploration what = in_directory([](crash_fs& fs) {
    fs.plan().add("capacity 1");
    return atomic_write(fs, "d/f", "new");
  });
  what.faults = 0;
  const auto report = explore(what);
  INFO(report.text());
  CHECK(report.ok());
  what.check = [](after_crash& after) { return verdict(after.outcome_of("new") != step_outcome::acknowledged); };
  CHECK(explore(what).ok());
}

}  // namespace proofs_of_faults
