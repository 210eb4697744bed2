// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A checkpoint of so many files, against the links and the syncs that nobody can do without, and against `cp -al` with a `sync` of the
// directories. The files are of 4 KiB, and their digests known.

#include <benchmark/benchmark.h>

#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/fs/posix_fs.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
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

template <class Make>
void add(const std::string& name, const std::string& at, std::size_t files, Make make) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [=](benchmark::State& state) {
                                 engine of(at + "/perdure_bench_checkpoints", files);
                                 const std::string target = of.root + "/target";
                                 for (auto unused : state) {
                                   (void)unused;
                                   make(of, target);
                                   state.PauseTiming();
                                   std::filesystem::remove_all(target);
                                   sync_path(of.root);
                                   state.ResumeTiming();
                                 }
                               })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const char* const named = std::getenv("PERDURE_BENCH_DIR");
  for (const auto& [place, at] :
       {std::pair<std::string, std::string>{"disk", named != nullptr ? named : "."}, {"shm", "/dev/shm"}}) {
    for (const std::size_t files : {10, 1000, 20000}) {
      const std::string head = "engine/checkpoint/" + place + "/";
      const std::string tail = "/" + std::to_string(files);
      add(head + "ours" + tail, at, files,
          [](engine& of, const std::string& target) { must(perdure::create_checkpoint(of, of.fs, target).has_value()); });
      add(head + "link_loop" + tail, at, files, [](engine& of, const std::string& target) { by_hand(of, target, true); });
      add(head + "cp_al" + tail, at, files, [](engine& of, const std::string& target) { by_hand(of, target, false); });
    }
  }
  benchmark::RunSpecifiedBenchmarks();
}
