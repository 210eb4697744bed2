// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A checkpoint of so many files, against the links and the syncs that nobody can do without, and against `cp -al` with a `sync`
// of the directories. The files are of 4 KiB, and their digests known. And of a RocksDB of so many tables, against its own
// Checkpoint. And where nothing can be linked: with several workers and one sync of the volume, against one worker, and a sync
// for each file.
//
// Each takes its turn within a round, for what a sync of a disk costs depends on who else has written to its journal.

#include <benchmark/benchmark.h>

#include <perdure/core/pthread_jobs.hpp>
#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/fs/posix_fs.hpp>

#if defined(PERDURE_BENCH_ROCKSDB)
#include <examples/lsm_checkpoint/rocksdb_source.hpp>

#include <rocksdb/utilities/checkpoint.h>
#endif

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

struct engine {
  using perdure_checkpoint_source = engine;
  struct nothing {};
  struct pin_type {
    engine* of;
    [[nodiscard]] std::uint64_t version() const { return 1; }
    template <class Visit>
    perdure::result<void> for_each_file(const Visit& visit) const {
      for (std::size_t i = 0; i < of->from.size(); ++i)
        PERDURE_TRY(visit(of->fs, perdure::pinned_file{of->from[i], of->to[i], 4096, perdure::pinned::immutable, &of->known}));
      return {};
    }
    template <class Visit>
    perdure::result<void> for_each_metadata(const Visit&) const {
      return {};
    }
    [[nodiscard]] perdure::checkpoint_current current() const { return {"current", "v1\n"}; }
  };
  std::uint64_t visible_watermark() { return 1; }
  perdure::result<nothing> hold_deletions() { return nothing(); }
  perdure::result<void> flush() { return {}; }
  perdure::result<pin_type> pin() { return pin_type{this}; }

  perdure::posix_fs fs;
  std::string root;
  std::vector<std::string> from;
  std::vector<std::string> to;
  perdure::digest known = {};

  engine(const std::string& at, std::size_t files) : root(at) {
    std::filesystem::remove_all(root);
    std::filesystem::create_directories(root + "/db/tables");
    const std::string text(4096, 'x');
    known = perdure::sha256_of(text);
    for (std::size_t i = 0; i < files; ++i) {
      to.push_back("tables/" + std::to_string(i) + ".table");
      from.push_back(root + "/db/" + to.back());
      if (std::FILE* const file = std::fopen(from.back().c_str(), "w")) {
        std::fwrite(text.data(), 1, text.size(), file);
        std::fclose(file);
      }
    }
    ::sync();
  }
  ~engine() { std::filesystem::remove_all(root); }
};

void must(bool good) {
  if (!good) std::abort();
}
void sync_path(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  must(descriptor >= 0 && ::fsync(descriptor) == 0 && ::close(descriptor) == 0);
}
void write_synced(const std::string& path, const std::string& text) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  must(descriptor >= 0 && ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  must(::fdatasync(descriptor) == 0 && ::close(descriptor) == 0);
}
constexpr std::uint64_t never = UINT64_MAX;
void copies(engine& of, const std::string& target, std::size_t workers, std::uint64_t volume_sync_at_least) {
  const perdure::pthread_jobs jobs(workers);
  perdure::checkpoint_options how;
  how.links = perdure::checkpoint_links::refuse;
  how.jobs = jobs;
  how.workers = workers;
  how.volume_sync_at_least = volume_sync_at_least;
  const auto made = perdure::create_checkpoint(of, of.fs, target, how);
  must(made && made->linked == 0);
}
// What is necessary: the links, one list of them, the directories, the current, its directory, and the one above.
void by_hand(engine& of, const std::string& target, bool links) {
  if (links) {
    must(::mkdir(target.c_str(), 0777) == 0 && ::mkdir((target + "/tables").c_str(), 0777) == 0);
    for (std::size_t i = 0; i < of.from.size(); ++i) must(::link(of.from[i].c_str(), (target + "/" + of.to[i]).c_str()) == 0);
  } else {
    must(std::system(("cp -al " + of.root + "/db " + target).c_str()) == 0);
  }
  write_synced(target + "/list", std::string(of.from.size() * 64, 'l'));
  sync_path(target + "/tables");
  sync_path(target);
  write_synced(target + "/current.tmp", "v1\n");
  must(::rename((target + "/current.tmp").c_str(), (target + "/current").c_str()) == 0);
  sync_path(target);
  sync_path(of.root);
}

#if defined(PERDURE_BENCH_ROCKSDB)
// A database that nobody writes to: what is measured is the checkpoint, and no flush.
struct database {
  perdure::posix_fs fs;
  std::string root;
  std::unique_ptr<rocksdb::DB> db;

  database(const std::string& at, std::size_t tables) : root(at) {
    std::filesystem::remove_all(root);
    std::filesystem::create_directories(root);
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    options.disable_auto_compactions = true;
    options.level0_slowdown_writes_trigger = options.level0_stop_writes_trigger = 1 << 20;
    rocksdb::DB* opened = nullptr;
    must(rocksdb::DB::Open(options, root + "/db", &opened).ok());
    db.reset(opened);
    for (std::size_t i = 0; i < tables; ++i) {
      must(db->Put(rocksdb::WriteOptions(), std::to_string(i), std::string(4096, 'x')).ok());
      must(db->Flush(rocksdb::FlushOptions()).ok());
    }
    ::sync();
  }
  ~database() {
    db.reset();
    std::filesystem::remove_all(root);
  }
  void ours(const std::string& target, enum perdure::checkpoint_digests digests, bool by_volume = false) {
    lsm_checkpoint::rocksdb_source<perdure::posix_fs> source(*db, fs);
    perdure::checkpoint_options how;
    how.digests = digests;
    if (by_volume) how.volume_sync_at_least = 0;
    must(perdure::create_checkpoint(source, fs, target, how).has_value());
  }
  void its_own(const std::string& target) const {
    rocksdb::Checkpoint* made = nullptr;
    must(rocksdb::Checkpoint::Create(db.get(), &made).ok());
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    must(checkpoint->CreateCheckpoint(target).ok());
  }
};
#endif

// Those that are measured in turns, over one source, which is made when the first of them is asked for.
class contest {
 public:
  using makes = std::function<void(const std::string& target)>;
  struct contestants {
    std::shared_ptr<void> source;
    std::vector<makes> all;
  };

  contest(std::string root, std::size_t rounds_each, std::function<contestants(const std::string&)> begin)
      : root_(std::move(root)), rounds_each_(rounds_each), begin_(std::move(begin)) {}

  double seconds(std::size_t which) {
    if (now_.all.empty()) {
      now_ = begin_(root_);
      taken_.resize(now_.all.size());
      round();
      for (auto& one : taken_) one.clear();
    }
    std::vector<double> times;
    while (times.size() < rounds_each_) {
      if (taken_[which].empty()) round();
      times.push_back(taken_[which].front());
      taken_[which].pop_front();
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
  }

 private:
  void round() {
    ++rounds_;
    for (std::size_t i = 0; i < now_.all.size(); ++i) {
      // In a row, and back: nobody always comes after the same one.
      const std::size_t step = (i + rounds_ / 2) % now_.all.size();
      const std::size_t which = rounds_ % 2 == 0 ? step : now_.all.size() - 1 - step;
      const std::string target = root_ + "/target";
      sync_path(root_);  // what the one before has left is not counted here
      const auto start = std::chrono::steady_clock::now();
      now_.all[which](target);
      taken_[which].push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      std::filesystem::remove_all(target);
    }
  }

  std::string root_;
  std::size_t rounds_each_;
  std::function<contestants(const std::string&)> begin_;
  contestants now_;
  std::vector<std::deque<double>> taken_;
  std::size_t rounds_ = 0;
};

void add(const std::string& head, const std::vector<std::string>& names, const std::string& tail, contest& all) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    benchmark::RegisterBenchmark((head + names[i] + tail).c_str(),
                                 [&all, i](benchmark::State& state) {
                                   for (auto unused : state) {
                                     (void)unused;
                                     state.SetIterationTime(all.seconds(i));
                                   }
                                 })
        ->UseManualTime()
        ->Iterations(1)  // for all alike, whether they are fast or slow: they share the rounds
        ->Unit(benchmark::kMicrosecond);
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const char* const named = std::getenv("PERDURE_BENCH_DIR");
  std::deque<contest> contests;
  for (const auto& [place, at] :
       {std::pair<std::string, std::string>{"disk", named != nullptr ? named : "."}, {"shm", "/dev/shm"}}) {
    const std::string root = at + "/perdure-bench-checkpoints-" + std::to_string(::getpid()) + "-";
    for (const std::size_t files : {10, 1000, 20000}) {
      const std::size_t rounds = files == 10 ? 21 : files == 1000 ? 9 : 1;
      contest& all = contests.emplace_back(root + std::to_string(files), rounds, [=](const std::string& in) {
        const auto of = std::make_shared<engine>(in, files);
        return contest::contestants{
            of,
            {[of](const std::string& target) { must(perdure::create_checkpoint(*of, of->fs, target).has_value()); },
             [of](const std::string& target) { by_hand(*of, target, true); },
             [of](const std::string& target) { by_hand(*of, target, false); }}};
      });
      add("engine/checkpoint/" + place + "/", {"ours", "link_loop", "cp_al"}, "/" + std::to_string(files), all);
    }
    contest& copied = contests.emplace_back(root + "copied", 5, [](const std::string& in) {
      const auto of = std::make_shared<engine>(in, 300);
      return contest::contestants{of,
                                  {[of](const std::string& target) { copies(*of, target, 4, 32); },
                                   [of](const std::string& target) { copies(*of, target, 1, 32); },
                                   [of](const std::string& target) { copies(*of, target, 4, never); },
                                   [of](const std::string& target) { copies(*of, target, 1, never); }}};
    });
    add("engine/checkpoint_copied/" + place + "/", {"ours", "one_worker", "each_synced", "one_worker_each_synced"}, "/300",
        copied);
#if defined(PERDURE_BENCH_ROCKSDB)
    for (const std::size_t tables : {10, 300}) {
      contest& all = contests.emplace_back(root + "rocksdb-" + std::to_string(tables), 9, [=](const std::string& in) {
        const auto of = std::make_shared<database>(in, tables);
        return contest::contestants{
            of,
            {[of](const std::string& target) { of->ours(target, perdure::checkpoint_digests::known); },
             [of](const std::string& target) { of->ours(target, perdure::checkpoint_digests::all); },
             [of](const std::string& target) { of->ours(target, perdure::checkpoint_digests::known, true); },
             [of](const std::string& target) { of->its_own(target); }}};
      });
      add("engine/checkpoint_of_rocksdb/" + place + "/", {"ours", "ours_all_digests", "ours_by_volume", "rocksdb"},
          "/" + std::to_string(tables), all);
    }
#endif
  }
  benchmark::RunSpecifiedBenchmarks();
  contests.clear();
}
