// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Durable commits of one value, in 1 to 8 threads: commit_manifest over a twin_slot against databases, a file_slot and a bare
// overwrite on the same disk. And what read() costs while somebody commits.
//
// A round is a few commits of each, one after the other in an order that turns. A repetition of a row is the median of some
// rounds, and those that another row has taken already are not measured again. So all are interleaved as finely as can be.

#include <benchmark/benchmark.h>

#include <perdure/fs/posix_fs.hpp>
#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/manifest/file_blocks.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/manifest/twin_slot.hpp>

#include <bench/peers.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <deque>
#include <filesystem>
#include <optional>
#include <thread>

namespace {

using namespace bench;
using text = perdure::bytes_codec<std::string>;
using blocks = perdure::file_blocks<perdure::posix_fs>;
using twin = perdure::manifest<std::string, perdure::twin_slot<blocks>, text>;
using filed = perdure::manifest<std::string, perdure::file_slot<perdure::posix_fs>, text>;

perdure::posix_fs fs;

template <class M>
void commit_to(M& manifest, std::uint64_t number) {
  need(static_cast<bool>(perdure::commit_manifest(manifest, [&](std::string& next) { mark(next, number); })), "commit_manifest");
}

class on_twin_slot : public subject {
 public:
  on_twin_slot(const std::string& directory, std::size_t size)
      : blocks_(fs, directory + "/twin", {.region_size_bytes = size + 64}), all_(perdure::twin_slot(blocks_)) {
    need(static_cast<bool>(all_.open(value_of(size))), "twin_slot: open");
  }
  void commit(std::uint64_t number) override { commit_to(all_, number); }
  [[nodiscard]] twin& manifest() noexcept { return all_; }

 private:
  blocks blocks_;
  twin all_;
};

class on_file_slot : public subject {
 public:
  on_file_slot(const std::string& directory, std::size_t size) : all_(perdure::file_slot(fs, directory + "/file")) {
    need(static_cast<bool>(all_.open(value_of(size))), "file_slot: open");
  }
  void commit(std::uint64_t number) override { commit_to(all_, number); }

 private:
  filed all_;
};

std::string directory;
using clock_type = std::chrono::steady_clock;
double seconds_since(clock_type::time_point start) { return std::chrono::duration<double>(clock_type::now() - start).count(); }

// All that commit values of one size, with so many threads each.
class contest {
 public:
  contest(std::size_t size, int threads) : size_(size), threads_(threads) {}

  [[nodiscard]] static std::vector<const char*> names(int threads) {
    std::vector<const char*> all{"ours", "file_slot"};
    for (const char* name : {
#if defined(PERDURE_BENCH_SQLITE)
             "sqlite",
#endif
#if defined(PERDURE_BENCH_LMDB)
             "lmdb",
#endif
#if defined(PERDURE_BENCH_ROCKSDB)
             "rocksdb",
#endif
#if defined(PERDURE_BENCH_LEVELDB)
             "leveldb",
#endif
             "bare_overwrite"})
      all.push_back(name);
    if (threads != 1) all.pop_back();
    return all;
  }

  // Of one commit.
  double seconds(std::size_t which) {
    if (all_.empty()) begin();
    std::array<double, rounds_each> times;
    for (double& time : times) {
      if (taken_[which].empty()) round();
      time = taken_[which].front();
      taken_[which].pop_front();
    }
    std::sort(times.begin(), times.end());
    return times[rounds_each / 2];
  }

 private:
  static constexpr int commits_each = 4;           // where there is one thread
  static constexpr int commits_each_of_many = 16;  // that they come together and part again counts less
  static constexpr std::size_t rounds_each = 9;

  void begin() {
    const std::string place = directory + "/" + std::to_string(size_) + "-" + std::to_string(threads_);
    std::filesystem::create_directories(place);
    all_.push_back({"ours", std::make_unique<on_twin_slot>(place, size_)});
    all_.push_back({"file_slot", std::make_unique<on_file_slot>(place, size_)});
    add_databases(all_, place, size_);
    if (threads_ == 1) all_.push_back({"bare_overwrite", std::make_unique<bare_overwrite>(place, size_)});
    taken_.resize(all_.size());
    round();
    for (auto& one : taken_) one.clear();
  }
  void round() {
    ++rounds_;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      // In a row, and back: nobody always comes after the same one.
      const std::size_t step = (i + rounds_ / 2) % all_.size();
      const std::size_t which = rounds_ % 2 == 0 ? step : all_.size() - 1 - step;
      taken_[which].push_back(commits_of(*all_[which].what));
    }
  }
  double commits_of(subject& one) {
    if (threads_ == 1) {
      const auto start = clock_type::now();
      for (int i = 0; i < commits_each; ++i) one.commit(++number_);
      return seconds_since(start) / commits_each;
    }
    std::barrier together(threads_ + 1);
    std::vector<std::thread> threads;
    for (int t = 0; t < threads_; ++t) {
      threads.emplace_back([&] {
        marked(size_, 0);
        together.arrive_and_wait();
        for (int i = 0; i < commits_each_of_many; ++i) one.commit(++number_);
      });
    }
    together.arrive_and_wait();
    const auto start = clock_type::now();
    for (auto& thread : threads) thread.join();
    return seconds_since(start) / (commits_each_of_many * threads_);
  }

  std::size_t size_;
  int threads_;
  std::vector<named_subject> all_;
  std::vector<std::deque<double>> taken_;
  std::uint64_t rounds_ = 0;
  std::atomic<std::uint64_t> number_ = 0;
};

void commits(benchmark::State& state, contest& all, std::size_t which) {
  for (auto unused : state) {
    (void)unused;
    state.SetIterationTime(all.seconds(which));
  }
}

// What most programs have where they need a snapshot: a pointer behind a mutex.
class shared_under_mutex {
 public:
  explicit shared_under_mutex(std::size_t size) : value_(std::make_shared<const std::string>(value_of(size))) {}
  [[nodiscard]] std::shared_ptr<const std::string> read() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const std::string> value_;
};

// While another thread commits to the manifest, or nobody does.
void reads(benchmark::State& state, std::size_t size, bool is_busy, bool ours) {
  static int serial = 0;
  const std::string place = directory + "/reads-" + std::to_string(++serial);
  std::filesystem::create_directories(place);
  on_twin_slot subject(place, size);
  const shared_under_mutex peer(size);
  std::atomic<bool> is_over = false;
  std::optional<std::thread> writer;
  if (is_busy) {
    writer.emplace([&] {
      for (std::uint64_t number = 0; !is_over; ++number) subject.commit(number);
    });
  }
  if (ours) {
    for (auto unused : state) {
      (void)unused;
      benchmark::DoNotOptimize(subject.manifest().read()->data());
    }
  } else {
    for (auto unused : state) {
      (void)unused;
      benchmark::DoNotOptimize(peer.read()->data());
    }
  }
  is_over = true;
  if (writer) writer->join();
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const char* const where = std::getenv("PERDURE_BENCH_DIR");
  directory = std::string(where != nullptr ? where : ".") + "/perdure-bench-" + std::to_string(::getpid());
  std::filesystem::create_directories(directory);
  std::deque<contest> contests;
  for (const auto& [size, size_name] : {std::pair<std::size_t, const char*>{4096, "4KiB"}, {262144, "256KiB"}}) {
    for (const int threads : {1, 2, 4, 8}) {
      contest& all = contests.emplace_back(size, threads);
      const auto names = contest::names(threads);
      for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string name =
            std::string("manifest/commit/twin_slot/") + names[i] + "/" + size_name + "/" + std::to_string(threads);
        benchmark::RegisterBenchmark(name.c_str(), [&all, i](benchmark::State& state) { commits(state, all, i); })
            ->UseManualTime()
            ->Iterations(1)  // for all alike, whether they are fast or slow: they share the rounds
            ->Unit(benchmark::kMicrosecond);
      }
    }
    for (const bool is_busy : {false, true}) {
      for (const bool ours : {true, false}) {
        const std::string name = std::string("manifest/read/") + (is_busy ? "while_committing" : "at_rest") +
                                 (ours ? "/ours/" : "/shared_ptr_under_mutex/") + size_name;
        benchmark::RegisterBenchmark(name.c_str(), reads, size, is_busy, ours)->UseRealTime();
      }
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  contests.clear();
  std::filesystem::remove_all(directory);
}
