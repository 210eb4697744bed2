// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// A vector index that is killed, again and again, while it saves, and loses nothing that it acknowledged.
//
//   quick_start [--naive] [SECONDS]      --naive saves the way most programs do, to show what that loses
//
// A worker adds vectors, saves them all, and only then acknowledges their count. Its parent kills it at a random moment, starts
// it again, and looks. (What a power cut leaves is another matter, and what the syncs in atomic_write are for.)

#include <perdure/core/describe.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/fs/temp_sweep.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

using embedding = std::array<float, 16>;
const char* const index_file = "quick_start.index";

// Each follows from its number, so that any that is wrong is seen.
embedding vector_of(std::size_t number) {
  embedding made;
  for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<float>(number * 31 + i);
  return made;
}

// How many vectors the file holds; -1 for a damaged one.
long load(std::vector<embedding>& index) {
  std::string stored;
  const auto read = perdure::read_file(index_file, stored, 1 << 28);
  if ((!read && read.error().code() != perdure::code::not_found) || stored.size() % sizeof(embedding) != 0) return -1;
  index.resize(stored.size() / sizeof(embedding));
  if (!stored.empty()) std::memcpy(index.data(), stored.data(), stored.size());
  for (std::size_t i = 0; i < index.size(); ++i) {
    if (index[i] != vector_of(i)) return -1;
  }
  return static_cast<long>(index.size());
}

void work(int acknowledge, bool naive) {
  std::vector<embedding> index;
  if (load(index) < 0) index.clear();
  for (;;) {
    index.push_back(vector_of(index.size()));
    if (naive) {
      std::ofstream file(index_file, std::ios::binary);
      for (const embedding& one : index) file.write(reinterpret_cast<const char*>(one.data()), sizeof(one));
    } else if (const auto saved = perdure::atomic_write(index_file, perdure::bytes_of(index)); !saved) {
      std::puts(describe(saved.error()).c_str());
      std::_Exit(1);
    }
    const long count = static_cast<long>(index.size());
    if (::write(acknowledge, &count, sizeof(count)) < 0) std::_Exit(1);
  }
}

int main(int argc, char** argv) {
  const bool naive = argc > 1 && std::string(argv[1]) == "--naive";
  const std::chrono::seconds time(argc > (naive ? 2 : 1) ? std::atoi(argv[argc - 1]) : 8);
  std::mt19937 random(std::random_device{}());
  const auto end = std::chrono::steady_clock::now() + time;
  std::remove(index_file);
  long acknowledged = 0, lost = 0, kills = 0, swept = 0;
  while (std::chrono::steady_clock::now() < end) {
    int ends[2];
    if (::pipe(ends) != 0) return 2;
    const pid_t worker = ::fork();
    if (worker < 0) return 2;
    if (worker == 0) work(ends[1], naive);
    ::close(ends[1]);
    ::usleep(static_cast<useconds_t>(2000 + random() % 60000));
    ::kill(worker, SIGKILL), ::waitpid(worker, nullptr, 0);
    for (long count = 0; ::read(ends[0], &count, sizeof(count)) == sizeof(count);) acknowledged = count;
    ::close(ends[0]);
    std::vector<embedding> index;
    const long found = load(index);
    const bool good = found >= acknowledged;
    if (const auto report = perdure::temp_sweep("."); report) swept += report->removed;
    if (++kills % 20 == 1 || !good)
      std::printf("kill %4ld: %6ld vectors acknowledged, %6ld found%s\n", kills, acknowledged, found, good ? "" : "  <- LOST");
    if (!good) ++lost, acknowledged = 0;
  }
  std::printf("%ld kills, %ld vectors, %ld times something was lost, %ld orphans swept.\n", kills, acknowledged, lost, swept);
  std::remove(index_file);
  return lost == 0 ? 0 : 1;
}
