// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// One content into a store that is on the disk, and back, against programs that keep backups in chunks: restic, borg and casync,
// each where the machine has it. Every run is a process of its own, so that time, CPU and memory are measured alike.

#include <benchmark/benchmark.h>

#include <perdure/core/pthread_jobs.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/store/content_store.hpp>
#include <perdure/store/fs_store.hpp>

#include <bench/processes.hpp>

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
using bench::execute;
using bench::need;

std::string directory;
std::size_t content_mib = 256;

std::string path_of(const std::string& name) { return directory + "/" + name; }

// What the programs are given: noise; words, which compress; and the noise a version later, with a hundredth of it changed in
// place and as much put in between.
// Made in tenths, so that a large one needs little memory, and only for somebody who measures them.
void make_contents() {
  if (!std::filesystem::create_directories(directory)) return;
  std::uint64_t seed = 88172645463325252U;
  const auto next = [&] {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
  };
  const auto fill = [&](std::string& some) {
    for (std::size_t at = 0; at < some.size(); at += 8) {
      const std::uint64_t word = next();
      std::memcpy(&some[at], &word, some.size() - at < 8 ? some.size() - at : 8);
    }
  };
  const std::size_t size = content_mib << 20;
  std::ofstream first(path_of("random"), std::ios::binary);
  std::ofstream second(path_of("edited"), std::ios::binary);
  for (std::size_t part = 0; part < 10; ++part) {
    std::string tenth(size * (part + 1) / 10 - size * part / 10, '\0');
    fill(tenth);
    first << tenth;
    std::string changed(size / 1000, '\0');
    fill(changed);
    tenth.replace(changed.size(), changed.size(), changed);
    fill(changed);
    second << tenth.insert(tenth.size() / 2, changed);
  }
  const char* const words[] = {"the ",  "store ", "keeps ",  "what ", "a ",  "program ",
                               "must ", "not ",   "lose,\n", "1024 ", "and "};
  std::ofstream third(path_of("text"), std::ios::binary);
  std::string text;
  for (std::size_t left = size; left != 0; left -= text.size()) {
    text.clear();
    while (text.size() < 65536) text += words[next() % 11];
    text.resize(text.size() < left ? text.size() : left);
    third << text;
  }
  for (std::ofstream* const file : {&first, &second, &third}) {
    file->close();
    need(file->good(), "there is no room for the contents");
  }
}

// What a restore writes to is thrown away, by ours as by those that can.
int ours(const std::string& kept, const std::string& name, bool restores) {
  posix_fs disk;
  fs_store store(disk, kept);
  if (!store.create_root()) return 1;
  content_store objects(store);
  const std::size_t threads = std::thread::hardware_concurrency();
  const pthread_jobs jobs(threads);
  const content_work how{.jobs = jobs, .workers = threads};
  std::string id_file = kept + "." + name + ".id";
  if (restores) {
    std::string text;
    std::ifstream(id_file) >> text;
    const auto id = parse_content_id(text);
    const int out = ::open("/dev/null", O_WRONLY);
    const auto write = [&](bytes piece) -> result<void> {
      const bool all = ::write(out, piece.data(), piece.size()) == static_cast<ssize_t>(piece.size());
      return all ? result<void>() : failure(code::io, operation::write);
    };
    return id && objects.get(*id, write, how) ? 0 : 1;
  }
  const int in = ::open(path_of(name).c_str(), O_RDONLY);
  auto pin = objects.pin("bench");
  if (in < 0 || !pin) return 1;
  const auto read = [&](mutable_bytes into) -> result<std::size_t> {
    const ssize_t got = ::read(in, into.data(), into.size());
    return got >= 0 ? result<std::size_t>(static_cast<std::size_t>(got)) : failure(code::io, operation::read);
  };
  const auto stored = objects.put(*pin, read, how);
  if (!stored || !pin->end()) return 1;
  char text[content_id::text_size];
  const bytes id = to_text(stored->id, text);
  std::ofstream(id_file).write(reinterpret_cast<const char*>(id.data()), static_cast<std::streamsize>(id.size()));
  return 0;
}

// restic always encrypts; borg is told not to, and all of them not to compress where they can be.
struct program {
  const char* name;
  const char* command;
  std::vector<std::string> (*prepare)(const std::string& kept);
  std::vector<std::string> (*keep)(const std::string& kept, const std::string& content);
  std::vector<std::string> (*restore)(const std::string& kept, const std::string& content);
};
using words = std::vector<std::string>;
const program peers[] = {
    {"restic", "/usr/bin/restic",
     [](const std::string& kept) { return words{"restic", "init", "--repository-version", "2", "-r", kept}; },
     [](const std::string& kept, const std::string& content) {
       return words{"restic", "backup", "--compression", "off", "--force", "-r", kept, path_of(content)};
     },
     [](const std::string& kept, const std::string& content) {
       return words{"restic", "dump", "-r", kept, "--path", path_of(content), "latest", path_of(content)};
     }},
    {"borg", "/usr/bin/borg", [](const std::string& kept) { return words{"borg", "init", "-e", "none", kept}; },
     [](const std::string& kept, const std::string& content) {
       return words{"borg",          "create",   "--compression",       "none",
                    "--files-cache", "disabled", kept + "::" + content, path_of(content)};
     },
     [](const std::string& kept, const std::string& content) {
       return words{"borg", "extract", "--stdout", kept + "::" + content};
     }},
    {"casync", "/usr/bin/casync", [](const std::string&) { return words{"true"}; },
     [](const std::string& kept, const std::string& content) {
       return words{"casync", "make", "--compression=zstd", "--store=" + kept, kept + "." + content + ".caibx", path_of(content)};
     },
     [](const std::string& kept, const std::string& content) {
       return words{"casync", "extract", "--store=" + kept, kept + "." + content + ".caibx", kept + ".out"};
     }},
};

double size_mib(const std::string& kept) {
  std::uintmax_t all = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kept)) {
    if (entry.is_regular_file()) all += entry.file_size();
  }
  return static_cast<double>(all) / (1 << 20);
}

enum class measured { ingest, second_version, restore };

// Out of the way, and empty: who puts something there next would wait for the files that were removed, for ext4 without a journal
// looks at each of the last minute before it makes another one.
void set_aside(const std::string& kept) {
  static int count = 0;
  if (!std::filesystem::exists(kept)) return;
  const std::string aside = path_of("aside." + std::to_string(count++));
  std::filesystem::rename(kept, aside);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(aside)) {
    std::error_code failed;
    if (entry.is_regular_file()) std::filesystem::resize_file(entry.path(), 0, failed);
    if (failed) std::filesystem::remove(entry.path());  // restic's may not be written
  }
}

// Nothing that others have written is still on its way to the disk.
cost run(const std::function<int()>& work) {
  ::sync();
  return bench::run(work);
}

void measure(benchmark::State& state, const program* peer, const std::string& content, measured what) {
  make_contents();
  const std::string kept = path_of("store");
  const auto keep = [&](const std::string& name) {
    return run([&] { return peer != nullptr ? execute(peer->keep(kept, name)) : ours(kept, name, false); });
  };
  for (auto unused : state) {
    (void)unused;
    set_aside(kept);
    std::filesystem::create_directory(kept);
    if (peer != nullptr) (void)run([&] { return execute(peer->prepare(kept)); });
    if (what == measured::second_version) (void)keep("random");
    const double before = size_mib(kept);
    cost all = keep(content);
    const double grown = size_mib(kept) - before;
    std::filesystem::remove(kept + ".out");
    if (what == measured::restore)
      all = run([&] { return peer != nullptr ? execute(peer->restore(kept, content)) : ours(kept, content, true); });
    state.SetIterationTime(all.seconds);
    state.counters["cpu_s"] = all.cpu_seconds;
    state.counters["memory_MiB"] = all.memory_mib;
    state.counters["stored_MiB"] = grown;
    std::fprintf(stderr, "%-10s %-8s %-8s %7.2f s %7.2f s of CPU %7.0f MiB of memory %8.1f MiB stored\n",
                 what == measured::restore ? "restore" : "ingest", content.c_str(), peer != nullptr ? peer->name : "ours",
                 all.seconds, all.cpu_seconds, all.memory_mib, grown);
  }
}

void add(const program* peer) {
  const std::string tail = std::string("/") + (peer != nullptr ? peer->name : "ours") + "/" + std::to_string(content_mib) + "MiB";
  const struct {
    const char* name;
    const char* content;
    measured what;
  } rows[] = {{"ingest/random", "random", measured::ingest},
              {"ingest/text", "text", measured::ingest},
              {"ingest/second_version", "edited", measured::second_version},
              {"restore/random", "random", measured::restore}};
  for (const auto& row : rows) {
    const std::string name = std::string("store/content/") + row.name + tail;
    const std::string content = row.content;
    const measured what = row.what;
    benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { measure(state, peer, content, what); })
        ->UseManualTime()
        ->Iterations(1)
        ->Repetitions(3)
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const char* const where = std::getenv("PERDURE_BENCH_DIR");
  if (const char* const mib = std::getenv("PERDURE_BENCH_CONTENT_MIB")) content_mib = std::strtoul(mib, nullptr, 10);
  need(content_mib >= 1 && content_mib <= 65536, "PERDURE_BENCH_CONTENT_MIB is 1 to 65536");
  directory =
      std::filesystem::absolute(where != nullptr ? where : ".").string() + "/perdure-content-" + std::to_string(::getpid());
  ::setenv("RESTIC_PASSWORD", "bench", 1);
  ::setenv("RESTIC_CACHE_DIR", path_of("cache").c_str(), 1);
  ::setenv("BORG_BASE_DIR", path_of("borg").c_str(), 1);
  ::setenv("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes", 1);
  add(nullptr);
  for (const program& peer : peers) {
    if (::access(peer.command, X_OK) == 0) add(&peer);
  }
  benchmark::RunSpecifiedBenchmarks();
  std::filesystem::remove_all(directory);
}
