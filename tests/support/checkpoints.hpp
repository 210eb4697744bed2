// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_CHECKPOINTS_HPP
#define PERDURE_TESTS_SUPPORT_CHECKPOINTS_HPP

// listed_source: a CheckpointSource that is a list of files, on two Fs, and notes what it is asked.

#include <perdure/engine/checkpoint_source.hpp>

#include <string>
#include <utility>
#include <vector>

namespace tests {

template <class F>
void put_file(F& fs, const std::string& path, const std::string& text, perdure::permissions mode = 0666) {
  auto file = fs.open(path, {.access = perdure::access::write, .creation = perdure::creation::create, .mode = mode});
  if (file) (void)file->truncate(0);
  if (file) (void)file->write_at(0, text);
}

template <perdure::Fs Hot, perdure::Fs Cold>
class listed_source {
 public:
  using perdure_checkpoint_source = listed_source;

  struct file {
    std::string from;
    std::string to;
    std::uint64_t size_bytes;
    bool cold = false;
    enum perdure::pinned pinned = perdure::pinned::immutable;
    const perdure::digest* of = nullptr;
  };

  listed_source(Hot& hot, Cold& cold) : hot_(&hot), cold_(&cold) {}

  std::vector<file> files;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string current_name = "current";
  std::string current = "v7";
  std::string asked;  // a letter for each call
  perdure::result<void> held, flushed, pinned;

  // One that has a table and a blob on either Fs, a log, and metadata.
  static listed_source usual(Hot& hot, Cold& cold, const std::string& dir = "") {
    put_file(hot, dir + "1.table", "the first table");
    put_file(cold, dir + "2.table", std::string(40'000, '2'));
    put_file(hot, dir + "3.blob", "a blob");
    put_file(hot, dir + "log", "one two three");
    listed_source all(hot, cold);
    all.files = {{dir + "1.table", "tables/1.table", 15},
                 {dir + "2.table", "tables/2.table", 40'000, true},
                 {dir + "3.blob", "blobs/3.blob", 6},
                 {dir + "log", "log", 7, false, perdure::pinned::growing}};
    all.metadata = {{"v7", "1.table 2.table 3.blob"}};
    return all;
  }

  struct guard {
    listed_source* of;
    explicit guard(listed_source* source) : of(source) {}
    guard(guard&& other) noexcept : of(std::exchange(other.of, nullptr)) {}
    guard& operator=(guard&&) = delete;
    ~guard() {
      if (of != nullptr) of->asked += ')';
    }
  };
  class pin_type {
   public:
    explicit pin_type(const listed_source& of) : of_(&of) {}
    [[nodiscard]] std::uint64_t version() const { return 7; }
    template <class Visit>
    perdure::result<void> for_each_file(const Visit& visit) const {
      for (const file& one : of_->files) {
        const perdure::pinned_file told{one.from, one.to, one.size_bytes, one.pinned, one.of};
        const perdure::result<void> done = one.cold ? visit(*of_->cold_, told) : visit(*of_->hot_, told);
        if (!done) return done;
      }
      return {};
    }
    template <class Visit>
    perdure::result<void> for_each_metadata(const Visit& visit) const {
      for (const auto& [name, content] : of_->metadata) PERDURE_TRY(visit(perdure::path_view(name), perdure::bytes(content)));
      return {};
    }
    [[nodiscard]] perdure::checkpoint_current current() const { return {of_->current_name, of_->current}; }

   private:
    const listed_source* of_;
  };

  std::uint64_t visible_watermark() {
    asked += 'w';
    return 42;
  }
  perdure::result<guard> hold_deletions() {
    if (!held) return held.error();
    asked += '(';
    return guard(this);
  }
  perdure::result<void> flush() {
    asked += 'f';
    return flushed;
  }
  perdure::result<pin_type> pin() {
    asked += 'p';
    if (!pinned) return pinned.error();
    return pin_type(*this);
  }

 private:
  Hot* hot_;
  Cold* cold_;
};

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_CHECKPOINTS_HPP
