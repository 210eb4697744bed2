// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Checkpoints of examples/lsm_checkpoint, cut and failing at every call, beside flushes, compactions and their deletes.

#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/discard_checkpoint.hpp>
#include <perdure/engine/restore_checkpoint.hpp>
#include <perdure/fs/atomic_write.hpp>

#include <examples/lsm_checkpoint/judge.hpp>

#include <perdure/testing/lab_sync.hpp>

#include <tests/crash/proof.hpp>

#include <cstdio>
#include <memory>

namespace proofs_of_checkpoints {

using namespace tests;

namespace {

using lab_tree = lsm_checkpoint::tree<crash_fs, crash_fs, lab_sync>;

// Two tables, one of them with a blob, and a record that no flush has written.
void some_tables(world& world) {
  lab_tree tree(world.fs(), "db", world.fs(), "cold");
  (void)tree.open(lsm_checkpoint::opening::create);
  write_next(tree);
  (void)tree.flush();
  write_next(tree);
  write_next(tree);
  (void)tree.flush();
}

// The target is absent, or refused and can be taken away, or whole; and it is what was told.
// Where no directory can be synced, of which the report speaks, it may also be a part with its `current`.
verdict judged_target(after_crash& after, const std::string& target, const std::string& step, bool weak, std::uint64_t before) {
  crash_fs& fs = after.fs();
  const bool told = after.acknowledged(step);
  const auto info = verify_checkpoint(fs, target);
  if (info) {
    const std::string wrong = lsm_checkpoint::wrong_with_checkpoint(fs, target, fs, info->watermark);
    if (!wrong.empty()) return "the checkpoint: " + wrong;
    if (info->watermark < before) return "the watermark went back";
    return discard_checkpoint(fs, target, "current") ? "a whole one is discarded" : "";
  }
  if (told) return "it was acknowledged: " + verdict(info).complaint();
  if (info.error().code() == code::not_found) return "";
  if (info.error().code() != code::corrupt) return verdict(info);
  lab_tree alone(fs, target, fs, "other");
  if (alone.open(lsm_checkpoint::opening::create)) {
    // What has no files is nothing yet; but nothing of ours may be taken for new.
    if (after.outcome_of(step) == step_outcome::acknowledged || fs.stat(target + "/checkpoint.perdure"))
      return "half of one opens";
    return "";
  }
  if (restore_checkpoint(fs, target, fs, "restored")) return "half of one is restored";
  if (weak && fs.stat(target + "/current")) return "";
  const auto discarded = discard_checkpoint(fs, target, "current");
  if (!discarded) return verdict(discarded);
  return fs.stat(target) ? "it is discarded, and there" : "";
}
// With the records below `before` the source was durable when it began.
verdict judged(after_crash& after, bool weak, std::uint64_t before = 4) {
  lab_tree tree(after.fs(), "db", after.fs(), "cold");
  const auto opened = tree.open();
  if (!opened) return "the source: " + verdict(opened).complaint();
  const std::string wrong = lsm_checkpoint::wrong_below(tree, before);
  if (!wrong.empty()) return "the source: " + wrong;
  return judged_target(after, "c", "made", weak, before);
}

result<checkpoint_report> noted(result<checkpoint_report> made, bool& weak) {
  weak = made && made->durability != durability::full;
  return made;
}

exploration one_checkpoint(std::uint32_t faults, checkpoint_options how = {}) {
  const auto weak = std::make_shared<bool>(false);
  const bool after_one = !how.previous.empty();
  // Of what is synced late there is little, or there were too many ways to lose it.
  const bool little = how.volume_sync_at_least == 0 || how.workers > 1;
  return {.setup =
              [=](world& world) {
                if (!little) some_tables(world);
                lab_tree tree(world.fs(), "db", world.fs(), "cold");
                if (little) (void)tree.open(lsm_checkpoint::opening::create);
                if (after_one && tree.open()) (void)create_checkpoint(tree, world.fs(), "previous");
              },
          .workload =
              [=](world& world) {
                lab_tree tree(world.fs(), "db", world.fs(), "cold");
                if (!tree.open()) return;
                for (std::size_t i = 0; i < (how.workers > 1 ? 3 : 1); ++i) write_next(tree);
                world.step("made", [&] { return noted(create_checkpoint(tree, world.fs(), "c", how), *weak); });
              },
          .check = [=](after_crash& after) { return judged(after, *weak, little ? 1 : 4); },
          .faults = faults};
}
void held(const char* what, const exploration& all) {
  const auto report = explore(all);
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
  std::printf("%s: %s\n", what, report.bounds().c_str());
}

}  // namespace

TEST_CASE("create_checkpoint: after any cut the target is absent, refused or whole, and every sync is needed", "[crash]") {
  std::printf("create_checkpoint: %llu states\n", static_cast<unsigned long long>(prove("a checkpoint", one_checkpoint(0))));
}

TEST_CASE("create_checkpoint: nor does a call that fails make it otherwise", "[crash]") {
  held("with a fault", one_checkpoint(1));
}

namespace {

// Copies, which one sync of the volume makes durable; and files that are placed together, or linked from a checkpoint before.
const checkpoint_options by_volume = {.links = checkpoint_links::refuse, .volume_sync_at_least = 0};
const checkpoint_options together = {.links = checkpoint_links::refuse, .workers = 2};
const checkpoint_options after_one = {.previous = "previous", .same = same_file::by_name};

}  // namespace

TEST_CASE("create_checkpoint: no sync of it is idle", "[crash]") {
  // The first seven are of opening the tree, which finds all but one of them durable.
  const auto audited = [](const checkpoint_options& how, std::size_t own, std::size_t idle) {
    const auto audit = audit_syncs(one_checkpoint(0, how));
    INFO(audit.text());
    CHECK(audit.report.ok());
    REQUIRE(audit.syncs.size() >= own);
    for (std::size_t i = audit.syncs.size() - own; i < audit.syncs.size(); ++i) CHECK(audit.syncs[i].needed);
    CHECK(audit.idle() == idle);
    return audit.syncs.size();
  };
  CHECK(audited({}, 14, 6) == 21);
  // The volume's, which has the current's content, too, and the one of its name. The source's last one is idle for it.
  CHECK(audited(by_volume, 2, 7) == 15);
}

TEST_CASE("create_checkpoint: nor is it otherwise with one sync of the volume, with several workers, or after another one",
          "[crash]") {
  int number = 0;
  for (const auto& how : {by_volume, together, after_one}) {
    const std::string what = std::to_string(++number) + ". way";
    held(what.c_str(), one_checkpoint(0, how));
    held((what + ", with a fault").c_str(), one_checkpoint(1, how));
  }
}

TEST_CASE("create_checkpoint: files that two threads place at a time, at every call", "[crash]") {
  const auto weak = std::make_shared<bool>(false);
  held("two threads", {.setup = some_tables,
                       .workload =
                           [=](world& world) {
                             lab_tree tree(world.fs(), "db", world.fs(), "cold");
                             if (!tree.open()) return;
                             const auto side_by_side = [&](std::size_t count, job each) {
                               const auto every_other = [&](std::size_t first) {
                                 for (std::size_t i = first; i < count; i += 2) each(i);
                               };
                               world.together([&] { every_other(0); }, [&] { every_other(1); });
                             };
                             world.step("made", [&] {
                               return noted(
                                   create_checkpoint(tree, world.fs(), "c",
                                                     {.links = checkpoint_links::refuse, .jobs = side_by_side, .workers = 2}),
                                   *weak);
                             });
                           },
                       .check = [=](after_crash& after) { return judged(after, *weak); },
                       .preemptions = 1});
}

TEST_CASE("restore_checkpoint: what it makes is absent, refused or whole, and the checkpoint stays as it was", "[crash]") {
  const auto weak = std::make_shared<bool>(false);
  const auto restores = [=](std::uint32_t faults) {
    return exploration{.setup =
                           [](world& world) {
                             some_tables(world);
                             lab_tree tree(world.fs(), "db", world.fs(), "cold");
                             if (tree.open()) (void)create_checkpoint(tree, world.fs(), "c");
                           },
                       .workload =
                           [=](world& world) {
                             world.step("restored",
                                        [&] { return noted(restore_checkpoint(world.fs(), "c", world.fs(), "r"), *weak); });
                           },
                       .check = [=](after_crash& after) -> verdict {
                         crash_fs& fs = after.fs();
                         const auto checkpoint = verify_checkpoint(fs, "c");
                         if (!checkpoint) return verdict(checkpoint);
                         lab_tree tree(fs, "r", fs, "r.cold");
                         const auto opened = tree.open();
                         if (opened) return lsm_checkpoint::wrong_below(tree, checkpoint->watermark);
                         if (after.acknowledged("restored")) return verdict(opened);
                         if (!fs.stat("r") || (*weak && fs.stat("r/current"))) return "";
                         return verdict(discard_checkpoint(fs, "r", "current"));
                       },
                       .faults = faults};
  };
  held("restore_checkpoint", restores(0));
  held("restore_checkpoint, with a fault", restores(1));
}

// Two tables, which a compaction makes one, and nothing that has to be flushed: a world that is small enough to be seen whole.
void two_tables(world& world) {
  lab_tree tree(world.fs(), "db", world.fs(), "cold");
  (void)tree.open(lsm_checkpoint::opening::create);
  for (int i = 0; i < 2; ++i) {
    write_next(tree);
    (void)tree.flush();
  }
}

// What else a tree does while a checkpoint is made of it.
exploration beside(std::uint32_t preemptions, std::uint32_t faults, bool small) {
  const auto weak = std::make_shared<bool>(false);
  return {.setup = small ? two_tables : some_tables,
          .workload =
              [=](world& world) {
                lab_tree tree(world.fs(), "db", world.fs(), "cold");
                if (!tree.open()) return;
                if (!small) write_next(tree);
                world.together(
                    [&] {
                      const auto told =
                          world.step("made", [&] { return noted(create_checkpoint(tree, world.fs(), "c"), *weak); });
                      if (faults == 0 && told != step_outcome::acknowledged) world.step("failed", [] {});
                    },
                    [&] { (void)tree.compact(); });
              },
          .check = [=](after_crash& after) -> verdict {
            if (after.acknowledged("failed")) return "it failed, and no call did";
            return judged(after, *weak, small ? 3 : 4);
          },
          .faults = faults,
          .preemptions = preemptions};
}

TEST_CASE("create_checkpoint: beside a flush, a compaction and its deletes, at every call", "[crash]") {
  held("beside a compaction, 1 preemption", beside(1, 0, false));
}

TEST_CASE("create_checkpoint: beside a compaction, with a call of either that fails, at every call", "[crash]") {
  held("beside a compaction of two tables, 1 preemption, with a fault", beside(1, 1, true));
}

TEST_CASE("create_checkpoint: beside a flush, a compaction and its deletes, with a call that fails: a sample", "[crash]") {
  auto all = beside(1, 1, false);
  all.budget.states = 500;
  all.budget.seconds = 3;
  const auto report = explore(all);
  INFO(report.text());
  CHECK(report.ok());
  std::printf("beside a flush and a compaction, with a fault: %s\n", report.bounds().c_str());
}

namespace {

// Checkpoints made by hand, as they are often made, each with one mistake that reviews have found.
enum class mistake {
  none,
  looks_and_then_makes,  // the target is not claimed
  live_current,          // the source's `current` is copied, whatever it says by then
  late_watermark,        // taken after the flush
  no_sync_of_children,
  no_sync_of_parent,
  target_left,
  part_left,  // of a file that is copied
  no_pause
};

template <class From, class To>
result<void> copy_by_hand(From& from_fs, path_view from, To& fs, const std::string& to, mistake what) {
  std::string text;
  PERDURE_TRY(read_file(from_fs, from, text, 1 << 20));
  auto file = fs.open(to, {.access = access::write, .creation = creation::create_new});
  if (!file) return file.error();
  result<void> done = file->write_at(0, text);
  if (done) done = file->sync(sync_what::data);
  const auto closed = file->close();
  if (done && !closed) done = closed;
  if (!done && what != mistake::part_left) (void)fs.remove(to);
  return done;
}

result<void> checkpoint_by_hand(lab_tree& tree, crash_fs& fs, const std::string& target, mistake what) {
  if (what == mistake::looks_and_then_makes) {
    if (fs.stat(target)) return failure(code::already_exists, operation::make_dir);
    (void)fs.make_dir(target);
  } else {
    PERDURE_TRY(fs.make_dir(target));
  }
  std::vector<std::string> made;
  const auto place = [&](crash_fs& from, path_view path, const std::string& name) -> result<void> {
    const auto copied = copy_by_hand(from, path, fs, target + "/" + name, what);
    if (copied) made.push_back(target + "/" + name);
    return copied;
  };
  const auto capture = [&]() -> result<void> {
    std::uint64_t watermark = tree.visible_watermark();
    auto held = tree.hold_deletions();
    if (what == mistake::no_pause) (void)held->end();
    PERDURE_TRY(tree.flush());
    if (what == mistake::late_watermark) watermark = tree.visible_watermark();
    auto pin = tree.pin();
    for (const char* child : {"/tables", "/blobs"}) {
      const auto there = fs.make_dir(target + child);
      if (!there && what != mistake::looks_and_then_makes) return there;
    }
    PERDURE_TRY(pin->for_each_file([&](crash_fs& from, const pinned_file& file) {
      return place(from, file.from, std::string(file.to.data(), file.to.size()));
    }));
    PERDURE_TRY(pin->for_each_metadata([&](path_view name, bytes content) -> result<void> {
      made.push_back(target + "/" + std::string(name.data(), name.size()));
      const auto written = atomic_write(fs, made.back(), content, {.at_least = durability::ordered});
      return written ? result<void>() : written.error();
    }));
    made.push_back(target + "/watermark");
    const auto noted = atomic_write(fs, made.back(), std::to_string(watermark), {.at_least = durability::ordered});
    if (!noted) return noted.error();
    if (what != mistake::no_sync_of_children) {
      for (const char* child : {"/tables", "/blobs"}) PERDURE_TRY(fs.sync_dir(target + child));
    }
    PERDURE_TRY(fs.sync_dir(target));
    std::string current(reinterpret_cast<const char*>(pin->current().content.data()), pin->current().content.size());
    if (what == mistake::live_current) PERDURE_TRY(read_file(fs, "db/current", current, 1000));
    const auto named = atomic_write(fs, target + "/current", current, {.at_least = durability::ordered});
    if (!named) return named.error();
    return what == mistake::no_sync_of_parent ? result<void>() : fs.sync_dir(".");
  };
  const auto captured = capture();
  if (captured) return captured;
  if (what == mistake::looks_and_then_makes) {  // it takes all of it for its own
    (void)fs.remove(target + "/current");
    (void)discard_checkpoint(fs, target, "current");
  }
  if (fs.stat(target + "/current")) return captured.error().with(doubt::durable);
  if (what != mistake::target_left) {
    for (const std::string& path : made) (void)fs.remove(path);
    for (const char* child : {"/tables", "/blobs", ""}) (void)fs.remove_dir(target + child);
  }
  return captured.error().with(doubt::none);
}

exploration by_hand(mistake what) {
  const bool races = what == mistake::looks_and_then_makes;
  const bool fails = what == mistake::target_left || what == mistake::part_left;
  return {.setup = some_tables,
          .workload =
              [=](world& world) {
                lab_tree tree(world.fs(), "db", world.fs(), "cold");
                if (!tree.open()) return;
                int made = 0;
                const auto make = [&](const std::string& step) {
                  const auto told = world.step(step, [&] { return checkpoint_by_hand(tree, world.fs(), "c", what); });
                  if (told == step_outcome::acknowledged) return void(++made);
                  if (!races && !fails) world.step("failed", [] {});
                  if (!races && told == step_outcome::unchanged && world.fs().stat("c")) world.step("left", [] {});
                };
                if (fails) {
                  world.fs().plan().add("write c/** nth 3 no_space");
                  make("made");
                } else {
                  world.together([&] { make("made"); },
                                 [&] {
                                   if (races) return make("made too");
                                   write_next(tree);
                                   (void)tree.compact();
                                 });
                }
                if (races && made != 1) world.step("failed", [] {});
              },
          .check = [](after_crash& after) -> verdict {
            for (const char* wrong : {"failed", "left"}) {
              if (after.acknowledged(wrong)) return wrong;
            }
            if (after.acknowledged("made") && after.acknowledged("made too")) return "two made it";
            std::string watermark;
            if (!after.fs().stat("c/current")) return after.acknowledged("made") ? "it is not there" : "";
            if (!read_file(after.fs(), "c/watermark", watermark, 20)) return "no watermark";
            return lsm_checkpoint::wrong_with_checkpoint(after.fs(), "c", after.fs(), std::stoull("0" + watermark));
          },
          .preemptions = 1};
}

// Counted rightly, and emptied in a second step.
class late_pause {
 public:
  void hold() {
    const scoped_lock<lab_sync::mutex> lock(mutex_);
    ++held_;
  }
  void remove(crash_fs& fs, const char* path) {
    {
      const scoped_lock<lab_sync::mutex> lock(mutex_);
      if (held_ != 0) return waits_.push_back(path);
    }
    (void)fs.remove(path);
  }
  void end(crash_fs& fs) {
    {
      const scoped_lock<lab_sync::mutex> lock(mutex_);
      if (--held_ != 0) return;
    }
    std::vector<const char*> all;
    {
      const scoped_lock<lab_sync::mutex> lock(mutex_);
      all.swap(waits_);
    }
    for (const char* path : all) (void)fs.remove(path);
  }

 private:
  lab_sync::mutex mutex_;
  int held_ = 0;
  std::vector<const char*> waits_;
};

// One checkpoint ends while another one pins `f`, which is then removed.
verdict pinned_file_stays(bool right) {
  const auto report = explore({.workload =
                                   [=](world& world) {
                                     put(world.fs(), "f", "x");
                                     late_pause late;
                                     deletion_pause<lab_sync> pause;
                                     world.together(
                                         [&] {
                                           if (right) (void)pause.hold().end();
                                           if (!right) late.hold(), late.end(world.fs());
                                         },
                                         [&] {
                                           auto held = pause.hold();
                                           late.hold();
                                           if (right) (void)pause.remove(world.fs(), "f");
                                           if (!right) late.remove(world.fs(), "f");
                                           if (!world.fs().stat("f")) world.step("gone", [] {});
                                           late.end(world.fs());
                                         });
                                   },
                               .check = [](after_crash& after) { return !after.acknowledged("gone"); }});
  return report.ok() ? "" : report.complaint;
}

}  // namespace

TEST_CASE("checkpoints by hand: each mistake that reviews have found is found, and without one there is none", "[crash]") {
  for (int i = 0; i <= static_cast<int>(mistake::no_pause); ++i) {
    const auto report = explore(by_hand(static_cast<mistake>(i)));
    INFO(i << "\n" << report.text());
    CHECK(report.ok() == (i == 0));
    std::printf("mistake %d: %s\n", i, report.ok() ? "nothing is wrong" : report.complaint.c_str());
  }
  CHECK(pinned_file_stays(true));
  CHECK_FALSE(pinned_file_stays(false));
}

}  // namespace proofs_of_checkpoints
