// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// A small LSM tree that is captured while it is written to, flushed and compacted.
//
//   lsm_checkpoint [running [TIMES] | any [TIMES] | places | refused | daily]       without a word: all of them, a little
//
//   running, any   checkpoints beside a writer, a flusher and a compactor; every other one by two threads, after the one before
//                  it
//   places         where a target may be, and what is linked or copied then
//   refused        half of one
//   daily          each after the one before it (options.previous), and sent to a store (upload_checkpoint), of which only what
//                  is new travels; all else is lost, and download_checkpoint brings it back, also where it was interrupted
//
// Exit status 0 only if all that was shown did hold; 2: called in another way than this.

#include <perdure/core/posix_clock.hpp>
#include <perdure/core/pthread_jobs.hpp>
#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/discard_checkpoint.hpp>
#include <perdure/engine/download_checkpoint.hpp>
#include <perdure/engine/restore_checkpoint.hpp>
#include <perdure/engine/upload_checkpoint.hpp>
#include <perdure/fs/any_fs.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/store/fs_store.hpp>

#include <examples/lsm_checkpoint/judge.hpp>
#include <examples/usage.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

using namespace lsm_checkpoint;
using perdure::checkpoint_report;
using perdure::describe;

namespace {

const std::string root = "lsm_checkpoint.data";
// What is shown before has a tree there, too.
void start_anew() {
  std::filesystem::remove_all(root);
  std::filesystem::create_directories(root);
}

constexpr char usage[] = "lsm_checkpoint [running [TIMES] | any [TIMES] | places | refused | daily]\n";

std::string text_of(const perdure::failure& why) { return describe(why).c_str(); }

// What is on the disk, each file with its size; a name that cannot be looked at is a failure, and not left out of the count.
template <class F>
result<std::uint64_t> bytes_below(F& fs, const std::string& dir) {
  std::uint64_t total = 0;
  result<void> done;
  const auto listed = fs.for_each_entry(dir, [&](const perdure::dir_entry& entry) {
    const std::string path = dir + "/" + std::string(entry.name.data(), entry.name.size());
    const auto info = fs.stat(path);
    if (!info) {
      done = info.error();
    } else if (info->kind == perdure::file_kind::directory) {
      const auto below = bytes_below(fs, path);
      if (below) total += *below;
      if (!below) done = below.error();
    } else {
      total += info->size_bytes;
    }
    return done ? perdure::visit::go_on : perdure::visit::stop;
  });
  if (!listed) return listed.error();
  if (!done) return done.error();
  return total;
}

// A writer, a flusher and a compactor, while `times` checkpoints are made. After each, all three have done something that fell
// into it: nobody waits outside for it to end.
template <class Hot, class Cold>
std::string running(Hot& hot, const std::string& at, Cold& cold, const std::string& cold_at, int times) {
  tree<Hot, Cold> source(hot, at + "/db", cold, cold_at + "/cold");
  if (const auto opened = source.open(opening::create); !opened) return text_of(opened.error());
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> written = 0;
  std::atomic<std::uint64_t> compacted = 0;
  std::string failed;
  std::thread writer([&] {
    while (!stop) {
      // A tree that is read whole by each judge is kept small.
      if (source.visible_watermark() < 3000) write_next(source);
      ++written;
      std::this_thread::yield();
    }
  });
  std::thread compactor([&] {
    while (!stop) {
      auto done = source.flush();
      if (done && compacted % 3 == 2) done = source.compact();
      if (!done) failed = text_of(done.error());
      ++compacted;
    }
  });
  std::uint64_t overlapped = 0;
  std::uint64_t linked = 0;
  std::uint64_t copied = 0;
  std::vector<checkpoint_report> made;
  std::string wrong;
  const perdure::pthread_jobs two_threads(2);
  for (int i = 0; i < times && wrong.empty(); ++i) {
    const std::string last = at + "/" + std::to_string(i - 1);
    perdure::checkpoint_options how;
    if (i % 2 == 1) {
      how.previous = last;
      how.jobs = two_threads;
      how.workers = 2;
    }
    const std::uint64_t before = written + compacted;
    std::uint64_t after = 0;
    const auto one =
        perdure::create_checkpoint(source, hot, at + "/" + std::to_string(i), how, [&](const perdure::checkpoint_progress&) {
          after = written + compacted;
          return perdure::visit::go_on;
        });
    if (!one) wrong = text_of(one.error());
    if (!one) break;
    overlapped += after > before ? 1 : 0;
    linked += one->linked;
    copied += one->shared + one->copied;
    made.push_back(*one);
  }
  stop = true;
  writer.join();
  compactor.join();
  if (!failed.empty()) return "flush or compaction: " + failed;
  if (!wrong.empty()) return wrong;
  if (overlapped == 0) return "nothing happened beside the checkpoints, so that nothing was shown";
  // Each of them opens alone, and is as large as it said; what is written to one shows nowhere else.
  for (std::size_t i = 0; i < made.size(); ++i) {
    const std::string target = at + "/" + std::to_string(i);
    const auto total = bytes_below(hot, target);
    if (!total) return text_of(total.error());
    if (*total != made[i].total_bytes) return "checkpoint " + std::to_string(i) + " is not as large as it says";
    if (const auto info = perdure::verify_checkpoint(hot, target); !info) return text_of(info.error());
    const std::string lacks = wrong_with_checkpoint(hot, target, cold, made[i].watermark);
    if (!lacks.empty()) return "checkpoint " + std::to_string(i) + ": " + lacks;
  }
  {
    tree<Hot, Cold> one(hot, at + "/0", cold, cold_at + "/0.cold");
    if (!one.open()) return "a checkpoint cannot be opened";
    one.write("key 1", "of the checkpoint");
    if (!one.flush() || !one.compact()) return "a checkpoint cannot be written to";
  }
  if (*source.read("key 1") != value_of(1)) return "what was written to a checkpoint shows in its source";
  const std::string lacks = wrong_with_checkpoint(hot, at + "/" + std::to_string(times - 1), cold, made.back().watermark);
  if (!lacks.empty()) return "what was written to a checkpoint shows in another one";
  std::printf("%d checkpoints, %llu beside other work; %llu files linked, %llu copied\n", times,
              static_cast<unsigned long long>(overlapped), static_cast<unsigned long long>(linked),
              static_cast<unsigned long long>(copied));
  return "";
}

// Where a target may be, what is linked and what is copied, and what a snapshot's reader still sees.
std::string places() {
  perdure::posix_fs disk;
  perdure::posix_fs another;  // over the same kernel
  perdure::mem_fs memory;
  start_anew();
  tree<perdure::posix_fs, perdure::posix_fs> source(disk, root + "/db", another, root + "/cold");
  if (!source.open(opening::create)) return "it cannot be opened";
  const auto empty = perdure::create_checkpoint(source, disk, root + "/empty");
  if (!empty || empty->files != 1) return "an empty tree has no checkpoint";
  for (int i = 0; i < 4; ++i) write_next(source);
  const std::uint64_t seen = source.take_snapshot();
  source.write(key_of(1), "newer");
  if (!source.flush() || !source.compact()) return "flush";
  write_next(source);
  write_next(source);
  if (!source.flush()) return "flush";
  write_next(source);
  std::uint64_t tables_hot = 0;
  std::uint64_t all = 0;
  for (const file& one : source.now()->files) {
    ++all;
    tables_hot += one.kind == kind::table && one.place == place::hot ? 1 : 0;
  }
  if (tables_hot == 0) return "no table is in the hot place, so that nothing is shown of it";
  const auto linked = perdure::create_checkpoint(source, disk, "./" + root + "/linked");
  if (!linked) return text_of(linked.error());
  if (linked->linked < all || linked->copied + linked->shared != 0) return "two Fs over one kernel do not link";
  const auto copied = perdure::create_checkpoint(source, memory, "copied");
  if (!copied) return text_of(copied.error());
  if (copied->linked != 0 || copied->copied != linked->linked) return "what is on another Fs is not copied";
  if (*source.read(key_of(1), seen) != value_of(1)) return "the checkpoint's flush dropped what a snapshot sees";
  source.release_snapshot(seen);
  if (perdure::create_checkpoint(source, disk, root + "/linked").error().code() != code::already_exists)
    return "a target is taken twice";
  if (perdure::create_checkpoint(source, disk, root + "/db/current/x").error().code() != code::not_a_directory)
    return "a target below a file is not told as not_a_directory";
  const auto restored = perdure::restore_checkpoint(memory, "copied", disk, root + "/restored");
  if (!restored) return text_of(restored.error());
  tree<perdure::posix_fs> again(disk, root + "/restored", disk, root + "/restored.cold");
  if (!again.open()) return "what was restored does not open";
  const auto newer = again.read(key_of(1));
  if (!newer || *newer != "newer") return "what was restored is something else";
  return "";
}

// What is new since the day before is all that is copied, and all that travels; what came to the store comes back from there
// alone.
std::string daily() {
  perdure::posix_fs disk;
  perdure::posix_clock clock;
  start_anew();
  using directory = perdure::fs_store<perdure::posix_fs>;
  directory store(disk, root + "/store", clock, {});
  if (!store.create_root()) return "there is no store";
  perdure::content_store<directory> objects(store);
  auto pin = objects.pin("lsm_checkpoint");
  if (!pin) return text_of(pin.error());
  std::vector<perdure::uploaded_checkpoint> sent;
  {
    perdure::mem_fs memory;  // from which nothing can be linked
    tree<perdure::posix_fs, perdure::mem_fs> source(disk, root + "/db", memory, "cold");
    if (!source.open(opening::create)) return "it cannot be opened";
    std::string last;
    for (const std::string day : {"monday", "tuesday", "wednesday"}) {
      for (int i = 0; i < 40; ++i) write_next(source);
      if (!source.flush()) return "flush";
      if (day == "monday") {
        for (int i = 0; i < 40; ++i) write_next(source);
        if (!source.flush() || !source.compact()) return "compact";
      }
      std::uint64_t cold = 0;
      for (const file& one : source.now()->files) cold += one.place == place::cold ? 1 : 0;
      perdure::checkpoint_options how;
      how.previous = last;  // nothing on monday
      const std::string target = root + "/" + day;
      const auto made = perdure::create_checkpoint(source, disk, target, how);
      if (!made) return text_of(made.error());
      const std::uint64_t copied = made->copied + made->shared;
      if (cold == 0 || copied != (last.empty() ? cold : 0))
        return "on " + day + " other files are copied than those that are new";
      if (made->reused != (last.empty() ? 0 : cold)) return "on " + day + " other files are reused than those of the day before";
      const auto up = perdure::upload_checkpoint(disk, target, objects, *pin);
      if (!up) return text_of(up.error());
      const auto again = perdure::upload_checkpoint(disk, target, objects, *pin);
      if (!again || !(again->id == up->id) || again->new_objects != 0) return "what is there travels again";
      if (!sent.empty() && up->new_bytes >= up->size_bytes) return "on " + day + " more travels than what is new";
      std::printf("%s: %llu files, %llu copied, %llu of the day before; %llu bytes, %llu travelled\n", day.c_str(),
                  static_cast<unsigned long long>(made->files), static_cast<unsigned long long>(copied),
                  static_cast<unsigned long long>(made->reused), static_cast<unsigned long long>(up->size_bytes),
                  static_cast<unsigned long long>(up->new_bytes));
      sent.push_back(*up);
      last = target;
    }
  }
  // The engine and its checkpoints are lost. Each day comes back alone, where it stood still, too.
  for (const char* lost : {"/db", "/monday", "/tuesday", "/wednesday"}) std::filesystem::remove_all(root + lost);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const std::string target = root + "/back " + std::to_string(i);
    perdure::download_options how;
    how.target = perdure::download_target::resume;
    const auto stopped = perdure::download_checkpoint(objects, sent[i].id, disk, target, how, [](const auto& told) {
      return told.files == 2 ? perdure::visit::stop : perdure::visit::go_on;
    });
    if (stopped || stopped.error().code() != code::cancelled) return "it does not stand still";
    if (tree<perdure::posix_fs>(disk, target, disk, target + ".cold").open(opening::create)) return "half of one opens";
    const auto back = perdure::download_checkpoint(objects, sent[i].id, disk, target, how);
    if (!back) return text_of(back.error());
    if (back->reused != 2) return "what was there is fetched again";
    if (back->watermark != sent[i].watermark) return "it is another one";
    if (const auto info = perdure::verify_checkpoint(disk, target); !info) return text_of(info.error());
    const std::string lacks = wrong_with_checkpoint(disk, target, disk, back->watermark);
    if (!lacks.empty()) return "what came back: " + lacks;
  }
  return "";
}

// Half a checkpoint is never opened, never restored and never taken for a new tree; it can be discarded, and a whole one cannot.
std::string refused() {
  perdure::mem_fs fs;
  tree<perdure::mem_fs> source(fs, "db", fs, "cold");
  if (!source.open(opening::create)) return "it cannot be opened";
  for (int i = 0; i < 4; ++i) write_next(source);
  if (!perdure::create_checkpoint(source, fs, "c")) return "no checkpoint";
  if (perdure::discard_checkpoint(fs, "c", "current")) return "a whole one is discarded";
  if (!fs.remove("c/current")) return "remove";
  for (const opening how : {opening::existing, opening::create}) {
    tree<perdure::mem_fs> half(fs, "c", fs, "other");
    if (half.open(how)) return "half of one opens";
  }
  if (perdure::restore_checkpoint(fs, "c", fs, "again")) return "half of one is restored";
  if (!perdure::discard_checkpoint(fs, "c", "current") || fs.stat("c")) return "half of one cannot be discarded";
  const auto stopped = perdure::create_checkpoint(source, fs, "c", {}, [](const auto&) { return perdure::visit::stop; });
  if (stopped || fs.stat("c")) return "one that was cancelled is there";
  return "";
}

std::string running_on_two(std::optional<int> times) {
  perdure::posix_fs disk;
  perdure::mem_fs memory;
  std::filesystem::create_directories(root + "/running");
  return memory.make_dir("m") ? running(disk, root + "/running", memory, "m", times.value_or(20)) : "make_dir";
}
std::string running_on_any(std::optional<int> times) {
  perdure::posix_fs disk;
  std::filesystem::create_directories(root + "/any");
  perdure::any_fs hot(disk);
  perdure::any_fs cold(disk);
  return running(hot, root + "/any", cold, root + "/any", times.value_or(20));
}
constexpr examples::shown all[] = {
    {"running", examples::number::times, running_on_two},
    {"any", examples::number::times, running_on_any},
    {"places", examples::number::none, [](std::optional<int>) { return places(); }},
    {"refused", examples::number::none, [](std::optional<int>) { return refused(); }},
    {"daily", examples::number::none, [](std::optional<int>) { return daily(); }},
};

}  // namespace

int main(int argc, char** argv) {
  const auto how = examples::call_of(argc, argv, examples::takes::no_store);
  const bool runs = !how.asks && !how.wrongly;
  if (runs) std::filesystem::remove_all(root);
  const int status = examples::show_all(how, all, usage);
  if (runs) std::filesystem::remove_all(root);
  return status;
}
