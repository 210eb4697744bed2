// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// A value in memory that is never ahead of the disk, changed by several threads: a list of files, one of which is replaced.

#include <perdure/core/describe.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/manifest/file_slot.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// README:begin
struct segments {
  std::vector<std::string> files;
};
struct one_per_line {  // how it becomes bytes, and bytes it again
  perdure::result<void> encode(const segments& value, perdure::byte_sink sink) const {
    for (const auto& file : value.files) PERDURE_TRY(sink(file + "\n"));
    return {};
  }
  perdure::result<segments> decode(perdure::bytes from) const {
    segments value;
    for (std::string line; const std::byte one : from) {
      if (one != std::byte{'\n'}) {
        line += static_cast<char>(one);
      } else {
        value.files.push_back(std::exchange(line, {}));
      }
    }
    return value;
  }
};
using segment_list = perdure::manifest<segments, perdure::file_slot<perdure::posix_fs>, one_per_line>;

perdure::result<perdure::commit_report> add(segment_list& all, const std::string& file) {
  return perdure::commit_manifest(all, [&](segments& next) { next.files.push_back(file); });
}  // a success: the list has it, on disk and then in memory; a failure: neither has it, or says that it is not known
perdure::result<perdure::commit_report> replace(segment_list& all, const std::string& old, const std::string& made) {
  return perdure::commit_manifest_if(all, [&](segments& next, perdure::after_commit& then) {
    const auto there = std::find(next.files.begin(), next.files.end(), old);
    if (there == next.files.end()) return false;  // somebody else has replaced it: nothing is changed
    *there = made;
    then.run([old] { std::printf("now %s may be removed\n", old.c_str()); });  // once it is certain that no disk names it
    return true;
  });
}
// README:end

int main() {
  char place[] = "/tmp/perdure-manifest-XXXXXX";
  if (::mkdtemp(place) == nullptr) return 1;
  const std::string file = std::string(place) + "/MANIFEST";
  perdure::posix_fs fs;
  std::atomic<int> failures = 0;
  {
    segment_list all(perdure::file_slot(fs, file));
    if (const auto opened = all.open(); !opened) return std::puts(perdure::describe(opened.error()).c_str()), 1;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) threads.emplace_back([&, t] { failures += add(all, "segment-" + std::to_string(t)) ? 0 : 1; });
    for (auto& one : threads) one.join();
    const auto before = all.read();
    const auto first = replace(all, "segment-2", "segment-4");
    const auto again = replace(all, "segment-2", "segment-5");
    failures += first && first->committed ? 0 : 1;
    failures += again && !again->committed ? 0 : 1;
    failures += before->files.size() == 4 && std::count(before->files.begin(), before->files.end(), "segment-2") == 1 ? 0 : 1;
  }
  segment_list again(perdure::file_slot(fs, file));
  failures += again.open() ? 0 : 1;
  std::printf("%s:\n", file.c_str());
  for (const auto& one : again.read()->files) std::printf("  %s\n", one.c_str());
  failures += again.read()->files.size() == 4 ? 0 : 1;
  for (const char* name : {"/MANIFEST", "/MANIFEST.lock"}) (void)fs.remove(std::string(place) + name);
  failures += fs.remove_dir(place) ? 0 : 1;
  std::printf("%s\n", failures == 0 ? "4 threads, 5 commits, 1 declined: all as it should be" : "something is wrong");
  return failures == 0 ? 0 : 1;
}
