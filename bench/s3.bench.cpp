// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Objects to a real engine of S3, and back, against rclone. Every run is a process of its own, so that time, CPU and memory are
// measured alike: connecting, and what each asks before it begins, included. The engine is where AWS_ENDPOINT_URL_S3 says.

#include <benchmark/benchmark.h>

#include <perdure/ext/s3_opener.hpp>

#include <bench/processes.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace {

using namespace perdure;
using bench::cost;
using bench::need;
using bench::run;

constexpr std::size_t threads = 8;
std::string directory;

// So many files of noise of this size, in a directory of their own, each an object of the same name.
struct load {
  const char* name;
  std::size_t count;
  std::size_t size;

  [[nodiscard]] std::string from() const { return directory + "/" + name; }
  [[nodiscard]] std::string to() const { return directory + "/" + name + ".back"; }
  [[nodiscard]] std::string file(std::size_t i) const { return "f" + std::to_string(i); }
};
const load loads[] = {{"64MiB", 1, std::size_t{64} << 20}, {"16KiB", 256, std::size_t{16} << 10}};

void make(const load& one) {
  std::filesystem::create_directories(one.from());
  std::uint64_t seed = 88172645463325252U;
  std::string noise(one.size, '\0');
  for (std::size_t i = 0; i < one.count; ++i) {
    for (std::size_t at = 0; at + 8 <= noise.size(); at += 8) {
      seed ^= seed << 13;
      seed ^= seed >> 7;
      seed ^= seed << 17;
      std::memcpy(&noise[at], &seed, 8);
    }
    std::ofstream(one.from() + "/" + one.file(i), std::ios::binary) << noise;
  }
}

bool put_one(const any_store& store, const load& one, std::size_t i) {
  const int in = ::open((one.from() + "/" + one.file(i)).c_str(), O_RDONLY);
  const auto read = [&](mutable_bytes into) -> result<std::size_t> {
    const ssize_t got = ::read(in, into.data(), into.size());
    return got >= 0 ? result<std::size_t>(static_cast<std::size_t>(got)) : failure(code::io, operation::read);
  };
  const bool done = in >= 0 && store.put_stream(std::string(one.name) + "/" + one.file(i), read).has_value();
  (void)::close(in);
  return done;
}
bool get_one(const any_store& store, const load& one, std::size_t i) {
  const int out = ::open((one.to() + "/" + one.file(i)).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  std::vector<std::byte> room(one.size < (std::size_t{8} << 20) ? one.size : std::size_t{8} << 20);
  bool good = out >= 0;
  for (std::size_t at = 0; good && at < one.size;) {
    const auto part = store.get_range(std::string(one.name) + "/" + one.file(i), at, room);
    good = part && part->count != 0 && ::write(out, room.data(), part->count) == static_cast<ssize_t>(part->count);
    if (good) at += part->count;
  }
  (void)::close(out);
  return good;
}
int ours(const load& one, bool gets) {
  const auto store = open_store("s3://perdure-bench/ours", {.root = store_root::make}, s3_opener());
  if (!store) return 1;
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> good = true;
  std::vector<std::thread> all;
  for (std::size_t t = 0; t < threads && t < one.count; ++t) {
    all.emplace_back([&] {
      for (std::size_t i = 0; (i = next++) < one.count;) {
        if (gets ? !get_one(*store, one, i) : !put_one(*store, one, i)) good = false;
      }
    });
  }
  for (std::thread& each : all) each.join();
  return good ? 0 : 1;
}
int rclone(const load& one, bool gets) {
  const std::string there = std::string("bench:perdure-bench/rclone/") + one.name;
  // All of it, whatever is there already.
  return bench::execute({"rclone", "copy", "--ignore-times", "--no-traverse", "--transfers", std::to_string(threads),
                         gets ? there : one.from(), gets ? one.to() : there});
}

using program = int (*)(const load&, bool);

void measure(benchmark::State& state, program which, const char* name, const load& one, bool gets) {
  for (auto unused : state) {
    (void)unused;
    std::filesystem::remove_all(one.to());
    std::filesystem::create_directories(one.to());
    if (gets) (void)run([&] { return which(one, false); });
    const cost all = run([&] { return which(one, gets); });
    for (std::size_t i = 0; gets && i < one.count; ++i)
      need(std::filesystem::file_size(one.to() + "/" + one.file(i)) == one.size, "what came back is shorter");
    state.SetIterationTime(all.seconds);
    state.counters["cpu_s"] = all.cpu_seconds;
    state.counters["memory_MiB"] = all.memory_mib;
    const double mib = static_cast<double>(one.count * one.size) / (1 << 20);
    state.counters["MiB/s"] = mib / all.seconds;
    std::fprintf(stderr, "%-4s %4zu x %-6s %-7s %7.3f s %8.1f MiB/s %7.2f s of CPU %6.0f MiB of memory\n", gets ? "get" : "put",
                 one.count, one.name, name, all.seconds, mib / all.seconds, all.cpu_seconds, all.memory_mib);
  }
}

void add(program which, const char* name) {
  for (const bool gets : {false, true}) {
    for (const load& one : loads) {
      const std::string row = std::string("store/s3/") + (gets ? "get" : "put") + "/" + name + "/" + one.name + "/" +
                              std::to_string(one.count < threads ? one.count : threads);
      benchmark::RegisterBenchmark(row.c_str(), [=, &one](benchmark::State& state) { measure(state, which, name, one, gets); })
          ->UseManualTime()
          ->Iterations(1)
          ->Repetitions(3)
          ->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  // Initialize() takes away what it knows.
  bool lists = false;
  for (int i = 1; i < argc; ++i) lists = lists || std::string(argv[i]).find("list_tests") != std::string::npos;
  benchmark::Initialize(&argc, argv);
  add(ours, "ours");
  if (::access("/usr/bin/rclone", X_OK) == 0) add(rclone, "rclone");
  if (!lists) {
    const char* const where = std::getenv("PERDURE_BENCH_DIR");
    const char* const endpoint = std::getenv("AWS_ENDPOINT_URL_S3");
    need(endpoint != nullptr, "AWS_ENDPOINT_URL_S3 is not set: bench/run starts an engine");
    directory = std::filesystem::absolute(where != nullptr ? where : ".").string() + "/perdure-s3-" + std::to_string(::getpid());
    for (const load& one : loads) make(one);
    ::setenv("RCLONE_CONFIG", "/dev/null", 1);
    ::setenv("RCLONE_CONFIG_BENCH_TYPE", "s3", 1);
    ::setenv("RCLONE_CONFIG_BENCH_PROVIDER", "Ceph", 1);
    ::setenv("RCLONE_CONFIG_BENCH_ENV_AUTH", "true", 1);
    ::setenv("RCLONE_CONFIG_BENCH_ENDPOINT", endpoint, 1);
    need(run([] { return open_store("s3://perdure-bench", {.root = store_root::make}, s3_opener()) ? 0 : 1; }).seconds > 0,
         "the engine");
  }
  benchmark::RunSpecifiedBenchmarks();
  if (!lists) std::filesystem::remove_all(directory);
}
