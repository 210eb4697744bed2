// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// curves DIR: what a verb costs against the size of what it is given, as DIR/<verb>.svg and DIR/curves.csv; beside each the same
// bytes written, or read, and nothing else. The sizes are in PERDURE_BENCH_PLOT_MIB, the disk is that of PERDURE_BENCH_DIR.

#include <bench/svg.hpp>

#include <perdure/core/pthread_jobs.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/fs/sealed_file.hpp>
#include <perdure/store/content_store.hpp>
#include <perdure/store/fs_store.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace perdure;

constexpr std::size_t mib = std::size_t{1} << 20;
std::string directory;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "curves: %s\n", why.c_str());
  std::_Exit(1);
}
std::string path_of(const char* name) { return directory + "/" + name; }

// Noise, of which no two pieces are alike.
class noise {
 public:
  void fill(mutable_bytes into) {
    for (std::size_t at = 0; at + 8 <= into.size(); at += 8) {
      seed_ ^= seed_ << 13;
      seed_ ^= seed_ >> 7;
      seed_ ^= seed_ << 17;
      std::memcpy(into.data() + at, &seed_, 8);
    }
  }

 private:
  std::uint64_t seed_ = 88172645463325252U;
};
// A MiB of it, which stands for all that a file has: nothing looks for what is alike in one.
bytes one_mib() {
  static std::vector<std::byte> content(mib);
  static const bool filled = (noise().fill(mutable_bytes(content.data(), mib)), true);
  return filled ? bytes(content.data(), mib) : bytes();
}

bool write_bare(std::size_t size_mib) {
  const std::string path = path_of("bare");
  const int file = ::open((path + ".new").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  bool good = file >= 0;
  for (std::size_t i = 0; good && i < size_mib; ++i) good = ::write(file, one_mib().data(), mib) == static_cast<ssize_t>(mib);
  good = good && ::fdatasync(file) == 0 && ::close(file) == 0 && ::rename((path + ".new").c_str(), path.c_str()) == 0;
  const int parent = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY);
  return good && parent >= 0 && ::fsync(parent) == 0;
}
bool read_bare(std::size_t size_mib) {
  const int file = ::open(path_of("bare").c_str(), O_RDONLY);
  static std::byte piece[mib];
  bool good = file >= 0;
  for (std::size_t i = 0; good && i < size_mib; ++i) good = ::read(file, piece, mib) == static_cast<ssize_t>(mib);
  return good;
}
bool write_atomically(std::size_t size_mib) {
  posix_fs fs;
  const std::vector<bytes> parts(size_mib, one_mib());
  return atomic_write(fs, path_of("file"), gather(parts.data(), parts.size())).has_value();
}
bool write_sealed_file(std::size_t size_mib) {
  posix_fs fs;
  auto file = sealed_file_writer<posix_fs>::open(fs, path_of("file"), {.kind = "PLOT", .version = 1});
  bool good = file && file->begin("data");
  for (std::size_t i = 0; good && i < size_mib; ++i) good = file->write(one_mib()).has_value();
  return good && file->end() && file->commit();
}

// As they come, with as many workers as the machine has processors.
template <class Use>
bool with_contents(Use&& use) {
  posix_fs disk;
  fs_store store(disk, path_of("store"));
  if (!store.create_root()) return false;
  content_store objects(store);
  const std::size_t threads = std::thread::hardware_concurrency();
  const pthread_jobs jobs(threads);
  return use(objects, content_work{.jobs = jobs, .workers = threads});
}
bool ingest(std::size_t size_mib) {
  return with_contents([&](auto& objects, const content_work& how) {
    std::size_t left = size_mib * mib;
    noise all;
    const auto source = [&](mutable_bytes into) -> result<std::size_t> {
      const std::size_t size = std::min({left, into.size(), mib});
      all.fill(into.first(size));
      left -= size;
      return size;
    };
    auto pin = objects.pin("plot");
    if (!pin) return false;
    const auto stored = objects.put(*pin, source, how);
    if (!stored || stored->size_bytes != size_mib * mib || !pin->end()) return false;
    char text[content_id::text_size];
    const bytes id = to_text(stored->id, text);
    std::ofstream(path_of("id")).write(reinterpret_cast<const char*>(id.data()), static_cast<std::streamsize>(id.size()));
    return true;
  });
}
bool restore(std::size_t size_mib) {
  std::string text;
  std::ifstream(path_of("id")) >> text;
  const auto id = parse_content_id(text);
  return id && with_contents([&](auto& objects, const content_work& how) {
           const auto got = objects.get(*id, [](bytes) -> result<void> { return {}; }, how);
           return got && *got == size_mib * mib;
         });
}

struct cost {
  double seconds = 0;
  double memory_mib = 0;
};
// In a process of its own; the median of three, or of one where that takes long.
cost cost_of(const std::function<bool()>& work, const std::function<void()>& before) {
  std::vector<cost> all;
  for (int round = 0; round < 3; ++round) {
    before();
    ::sync();
    const auto begun = std::chrono::steady_clock::now();
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work() ? 0 : 1);
    int status = 0;
    rusage used{};
    if (::wait4(child, &status, 0, &used) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) give_up("a run failed");
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    all.push_back({seconds, static_cast<double>(used.ru_maxrss) / 1024});
    if (seconds > 3) break;
  }
  std::sort(all.begin(), all.end(), [](const cost& a, const cost& b) { return a.seconds < b.seconds; });
  return all[all.size() / 2];
}

struct verb {
  const char* name;
  const char* title;
  bool (*ours)(std::size_t);
  bool (*bare)(std::size_t);
  const char* bare_name;
};
constexpr verb verbs[] = {
    {"ingest", "content_store::put into an fs_store", ingest, write_bare, "write, fdatasync, rename, fsync"},
    {"restore", "content_store::get from an fs_store", restore, read_bare, "read"},
    {"atomic_write", "atomic_write", write_atomically, write_bare, "write, fdatasync, rename, fsync"},
    {"sealed_file", "sealed_file_writer", write_sealed_file, write_bare, "write, fdatasync, rename, fsync"},
};

std::vector<std::size_t> sizes() {
  const char* const asked = std::getenv("PERDURE_BENCH_PLOT_MIB");
  std::istringstream text(asked != nullptr ? asked : "1 4 16 64 256 1024 4096");
  std::vector<std::size_t> all;
  for (std::size_t size = 0; text >> size;) all.push_back(size);
  const bool good =
      text.eof() && !all.empty() && all.front() != 0 && all.back() <= (1 << 20) && std::is_sorted(all.begin(), all.end());
  if (!good) give_up("PERDURE_BENCH_PLOT_MIB are sizes in MiB that grow");
  return all;
}
// What an earlier one has left is no part of the next one; but for what is restored.
void clear(bool (*next)(std::size_t)) {
  std::filesystem::remove_all(path_of("file"));
  if (next == restore || next == write_bare || next == read_bare) return;
  for (const char* const name : {"store", "id"}) std::filesystem::remove_all(path_of(name));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) give_up("call it with the directory to write to");
  const std::string to = argv[1];
  const char* const where = std::getenv("PERDURE_BENCH_DIR");
  directory =
      std::filesystem::absolute(where != nullptr ? where : ".").string() + "/perdure-curves-" + std::to_string(::getpid());
  const auto all_sizes = sizes();
  std::filesystem::create_directories(to);
  std::filesystem::create_directories(directory);
  std::ofstream table(to + "/curves.csv");
  table << "verb,variant,mib,seconds,memory_mib\n";
  std::vector<bench::curve> ours(std::size(verbs)), bare(std::size(verbs));
  for (const std::size_t size : all_sizes) {
    for (std::size_t i = 0; i < std::size(verbs); ++i) {
      const verb& one = verbs[i];
      const auto run = [&](bench::curve& into, const char* variant, const char* name, bool (*work)(std::size_t)) {
        const cost took = cost_of([&] { return work(size); }, [&] { clear(work); });
        into.name = name;
        into.points.emplace_back(static_cast<double>(size), took.seconds);
        table << one.name << ',' << variant << ',' << size << ',' << took.seconds << ',' << took.memory_mib << '\n';
        std::fprintf(stderr, "%-14s %-5s %6zu MiB %9.4f s %7.0f MiB of memory\n", one.name, variant, size, took.seconds,
                     took.memory_mib);
      };
      run(ours[i], "ours", one.title, one.ours);
      run(bare[i], "bare", one.bare_name, one.bare);
    }
  }
  std::filesystem::remove_all(directory);
  for (std::size_t i = 0; i < std::size(verbs); ++i) {
    const std::string title = std::string(verbs[i].name) + ": time against size";
    std::ofstream(to + "/" + verbs[i].name + ".svg") << bench::chart(title, {ours[i], bare[i]}).svg();
  }
  table.close();
  return table ? 0 : 1;
}
