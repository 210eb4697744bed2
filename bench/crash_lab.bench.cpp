// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// How many distinct crash states the lab checks in a second: whole explorations, from the recording on, with nothing kept between
// them. The peer is the goal: 200,000 a second.
//
//   crash_lab --curve    states and time against the number of saves, and of pages that were never synced

#include <perdure/fs/atomic_write.hpp>
#include <perdure/testing/explore.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

using namespace perdure;
using namespace perdure::testing;

exploration saves(int count, std::size_t size) {
  return {.workload =
              [=](world& world) {
                for (int i = 0; i < count; ++i) {
                  const std::string value = "v" + std::string(size - 1, static_cast<char>('1' + i));
                  world.step(value, [&] { return atomic_write(world.fs(), "cfg", value); });
                }
              },
          .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "cfg"), "absent"); }};
}
exploration unsynced(std::size_t pages) {
  return {.setup =
              [=](world& world) {
                auto file = world.fs().open("cfg", {.access = access::write, .creation = creation::create});
                if (file) (void)file->write_at(0, std::string(pages * 4096, 'o'));
              },
          .workload =
              [=](world& world) {
                auto file = world.fs().open("cfg", {.access = access::write});
                if (file) (void)file->write_at(0, std::string(pages * 4096, 'n'));
              },
          .check = [](after_crash& after) { return static_cast<bool>(read_text(after.fs(), "cfg")); }};
}

double seconds_of(const exploration& what, std::uint64_t& states) {
  const auto start = std::chrono::steady_clock::now();
  const auto report = explore(what);
  const auto end = std::chrono::steady_clock::now();
  if (!report.ok() || !report.exhaustive) {
    std::fprintf(stderr, "%s\n", report.text().c_str());
    std::abort();
  }
  states = report.states;
  return std::chrono::duration<double>(end - start).count();
}

// The time of one exploration, and what the goal leaves for one.
void run(benchmark::State& state, const exploration& what, bool measure_ours) {
  for (auto one : state) {
    (void)one;
    std::uint64_t states = 0;
    const double seconds = seconds_of(what, states);
    state.SetIterationTime(measure_ours ? seconds : static_cast<double>(states) / 200'000);
  }
}

void curve() {
  std::printf("%-24s %12s %12s\n", "workload", "states", "microseconds");
  const auto row = [](const char* name, std::size_t count, const exploration& what) {
    std::uint64_t states = 0;
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      const double seconds = seconds_of(what, states);
      best = seconds < best ? seconds : best;
    }
    std::printf("%-16s %7zu %12llu %12.1f\n", name, count, static_cast<unsigned long long>(states), best * 1e6);
  };
  for (const int count : {1, 2, 4, 8, 16, 32}) row("saves", static_cast<std::size_t>(count), saves(count, 2));
  for (const std::size_t pages : {1, 2, 4, 6, 8}) row("unsynced pages", pages, unsynced(pages));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--curve") == 0) {
    curve();
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  static exploration all[4];
  const char* const names[] = {"testing/explore", "testing/explore", "testing/explore/all_read", "testing/explore/all_read"};
  for (int i = 0; i < 4; ++i) {
    all[i] = saves(2, i % 2 == 0 ? 2 : 16384);
    all[i].reductions.unread = i < 2;
    for (const bool measure_ours : {true, false}) {
      const std::string name =
          std::string(names[i]) + (measure_ours ? "/ours/" : "/goal/") + (i % 2 == 0 ? "2B" : "16KiB") + "/1";
      benchmark::RegisterBenchmark(name.c_str(), run, all[i], measure_ours)->UseManualTime()->Unit(benchmark::kMicrosecond);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
}
