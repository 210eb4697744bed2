// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Commits to a ledger: in a directory, against one atomic_write of as many bytes, and behind the address in PERDURE_BENCH_S3
// (s3://bucket/prefix, by the usual environment), where that is set. In a directory both take turns, commit by commit.

#include <benchmark/benchmark.h>

#include <perdure/ext/s3_opener.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/manifest/ledger.hpp>
#include <perdure/manifest/object_slot.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

using book = perdure::ledger<perdure::object_slot<perdure::any_store>>;
using clock_type = std::chrono::steady_clock;

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "%s failed\n", what);
  std::exit(1);
}
perdure::any_store opened(const std::string& address) {
  auto store = perdure::open_store(address, {.root = perdure::store_root::make}, perdure::s3_opener());
  if (!store) give_up("open_store");
  return *store;
}

class committer {
 public:
  committer(const std::string& address, std::size_t size)
      : store_(opened(address)), book_(perdure::object_slot(store_, "ledger")), state_(size, 's') {
    const auto now = book_.read();
    if (!now) give_up("read");
    version_ = now->version;
  }
  double commit() {
    std::snprintf(state_.data(), state_.size(), "%llu", static_cast<unsigned long long>(++number_));
    const auto start = clock_type::now();
    const auto done = book_.replace(version_, state_);
    const double seconds = std::chrono::duration<double>(clock_type::now() - start).count();
    if (!done || done->answer != perdure::ledger_answer::won) give_up("replace");
    version_ = done->found;
    return seconds;
  }

 private:
  perdure::any_store store_;
  book book_;
  std::string state_;
  perdure::ledger_version version_;
  std::uint64_t number_ = 0;
};

std::string directory;
enum class row { ours, atomic_write };

void in_directory(benchmark::State& state, std::size_t size, row which) {
  static int serial = 0;
  const std::string place = directory + "/" + std::to_string(++serial);
  committer ours("file://" + place, size);
  perdure::posix_fs fs;
  const std::string value(size + 380, 'v');  // with what the slot and the ledger put before a state
  for (bool is_turned = false; auto unused : state) {
    (void)unused;
    double own = 0;
    double other = 0;
    is_turned = !is_turned;
    for (const bool is_own : {is_turned, !is_turned}) {
      if (is_own) {
        own = ours.commit();
      } else {
        const auto start = clock_type::now();
        if (!perdure::atomic_write(fs, place + "/peer", value)) give_up("atomic_write");
        other = std::chrono::duration<double>(clock_type::now() - start).count();
      }
    }
    state.SetIterationTime(which == row::ours ? own : other);
  }
  state.SetItemsProcessed(state.iterations());
}
void on_engine(benchmark::State& state, const std::string& address, std::size_t size) {
  committer ours(address + "/bench-" + std::to_string(::getpid()), size);
  for (auto unused : state) {
    (void)unused;
    state.SetIterationTime(ours.commit());
  }
  state.SetItemsProcessed(state.iterations());
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const char* const where = std::getenv("PERDURE_BENCH_DIR");
  directory = std::filesystem::absolute(where != nullptr ? where : ".").string() + "/perdure-bench-" + std::to_string(::getpid());
  std::filesystem::create_directories(directory);
  const char* const engine = std::getenv("PERDURE_BENCH_S3");
  for (const auto& [size, name] : {std::pair<std::size_t, std::string>{4096, "4KiB"}, {262144, "256KiB"}}) {
    benchmark::RegisterBenchmark(("manifest/ledger/directory/ours/" + name).c_str(), in_directory, size, row::ours)
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark(("manifest/ledger/directory/atomic_write/" + name).c_str(), in_directory, size,
                                 row::atomic_write)
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
    if (engine != nullptr) {
      benchmark::RegisterBenchmark(("manifest/ledger/s3/ours/" + name).c_str(), on_engine, std::string(engine), size)
          ->UseManualTime()
          ->Unit(benchmark::kMicrosecond);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  std::filesystem::remove_all(directory);
}
