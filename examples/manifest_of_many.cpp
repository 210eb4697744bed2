// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// A manifest of 100,000 segments, of which a commit changes one. Each commit works on a copy of the value: so the value is made
// of chunks that copies share, and a commit copies the one chunk that it changes. What is saved is whole all the same, and is
// written while others already make the next change.

#include <perdure/core/describe.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/manifest/file_blocks.hpp>
#include <perdure/manifest/twin_slot.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

struct segment {
  std::uint64_t number = 0;
  std::uint64_t rows = 0;
};

std::atomic<std::size_t> segments_copied = 0;

// A list in chunks. A chunk that is in a list is never changed again, and any number of lists may have it.
class segment_list {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const segment& operator[](std::size_t i) const { return (*chunks_[i / chunk_size])[i % chunk_size]; }
  void set(std::size_t i, const segment& to) { changed(i / chunk_size)[i % chunk_size] = to; }
  void push_back(const segment& one) {
    if (size_ % chunk_size == 0) chunks_.push_back(std::make_shared<chunk>());
    changed(size_ / chunk_size).push_back(one);
    ++size_;
  }

  // How it becomes bytes, and bytes it again: chunk by chunk, as it lies in memory. (Of a machine of another byte order it is
  // not read.)
  struct codec {
    perdure::result<void> encode(const segment_list& value, perdure::byte_sink sink) const {
      for (const auto& one : value.chunks_)
        PERDURE_TRY(sink({reinterpret_cast<const std::byte*>(one->data()), one->size() * sizeof(segment)}));
      return {};
    }
    perdure::result<segment_list> decode(perdure::bytes from) const {
      segment_list value;
      for (; from.size() >= sizeof(segment); from = from.from(sizeof(segment))) {
        segment one;
        std::memcpy(&one, from.data(), sizeof(one));
        value.push_back(one);
      }
      if (!from.empty()) return perdure::failure(perdure::code::corrupt, perdure::operation::read);
      return value;
    }
  };

 private:
  static constexpr std::size_t chunk_size = 512;
  using chunk = std::vector<segment>;

  // A chunk that nobody else has may be changed where it is.
  chunk& changed(std::size_t which) {
    std::shared_ptr<chunk>& one = chunks_[which];
    if (one.use_count() != 1) {
      segments_copied += one->size();
      one = std::make_shared<chunk>(*one);
    }
    return *one;
  }

  std::vector<std::shared_ptr<chunk>> chunks_;
  std::size_t size_ = 0;
};

constexpr std::size_t segments = 100'000;
constexpr std::size_t threads = 4;
constexpr std::size_t commits_each = 25;

using blocks = perdure::file_blocks<perdure::posix_fs>;
using manifest = perdure::manifest<segment_list, perdure::twin_slot<blocks>, segment_list::codec>;

bool fill(manifest& all) {
  const auto filled = perdure::commit_manifest(all, [](segment_list& next) {
    for (std::size_t i = 0; i < segments; ++i) next.push_back({i, 0});
  });
  return static_cast<bool>(filled);
}
// Each thread counts the rows of a segment of its own up.
bool count_up(manifest& all, std::size_t thread) {
  bool fine = true;
  for (std::size_t i = 0; i < commits_each; ++i) {
    const std::size_t mine = thread * (segments / threads);
    const auto done =
        perdure::commit_manifest(all, [&](segment_list& next) { next.set(mine, {next[mine].number, next[mine].rows + 1}); });
    fine = fine && done;
  }
  return fine;
}
bool is_counted(const segment_list& value, std::size_t rows) {
  bool fine = value.size() == segments;
  for (std::size_t i = 0; fine && i < segments; ++i)
    fine = value[i].number == i && value[i].rows == (i % (segments / threads) == 0 ? rows : 0);
  return fine;
}

}  // namespace

int main() {
  char place[] = "/tmp/perdure-manifest-of-many-XXXXXX";
  if (::mkdtemp(place) == nullptr) return 1;
  const std::string file = std::string(place) + "/MANIFEST";
  perdure::posix_fs fs;
  const perdure::file_blocks_options room{.region_size_bytes = 2 << 20};
  bool fine = true;
  {
    blocks device(fs, file, room);
    manifest all{perdure::twin_slot(device)};
    if (const auto opened = all.open(); !opened) return std::puts(perdure::describe(opened.error()).c_str()), 1;
    fine = fill(all);
    const auto before = all.read();
    segments_copied = 0;
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> running;
    std::atomic<bool> counted = true;
    for (std::size_t t = 0; t < threads; ++t)
      running.emplace_back([&, t] {
        if (!count_up(all, t)) counted = false;
      });
    for (auto& one : running) one.join();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    constexpr std::size_t commits = threads * commits_each;
    std::printf("%zu commits of one segment of %zu: %.1f ms each, and %zu segments copied by each\n", commits, segments,
                took.count() / commits, segments_copied / commits);
    // A chunk for each commit, and not the list.
    fine = fine && counted && segments_copied <= commits * 512;
    // Who read before that still has what there was.
    fine = fine && is_counted(*before, 0) && is_counted(*all.read(), commits_each);
  }
  {
    blocks device(fs, file, room);
    manifest again{perdure::twin_slot(device)};
    fine = fine && again.open() && is_counted(*again.read(), commits_each);
  }
  for (const char* name : {"/MANIFEST", "/MANIFEST.lock"}) (void)fs.remove(std::string(place) + name);
  fine = fine && fs.remove_dir(place);
  std::puts(fine ? "nothing was lost, and nothing copied that was not changed" : "something is wrong");
  return fine ? 0 : 1;
}
