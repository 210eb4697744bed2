// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Notes that live in files, captured while they are written to.

#include <perdure/core/describe.hpp>
#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/deletion_pause.hpp>
#include <perdure/engine/restore_checkpoint.hpp>
#include <perdure/engine/verify_checkpoint.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/read_file.hpp>

#include <cstdio>
#include <string>

// README:begin
// `engine` is a CheckpointSource, which goes on meanwhile. What is there already as "monday" is `already_exists`.
template <perdure::CheckpointSource E, perdure::Fs F>
perdure::result<std::uint64_t> back_up(E& engine, F& fs) {
  const auto made = perdure::create_checkpoint(engine, fs, "monday");
  if (!made) return made.error();  // where this is unknown, verify_checkpoint tells what is there
  // From here on "monday" survives a power cut; one before leaves nothing, or half of one, which is refused.
  return made->watermark;  // every record with a number below it is inside
}
template <perdure::Fs F>
perdure::result<void> bring_back(F& fs) {
  const auto whole = perdure::verify_checkpoint(fs, "monday");  // every byte of it, against its digest
  if (!whole) return whole.error();                             // corrupt: half of one, or an altered one; its path() tells where
  const auto restored = perdure::restore_checkpoint(fs, "monday", fs, "again");  // verifies it, too
  return restored ? perdure::result<void>() : restored.error();  // "again" opens like any other directory of notes
}
// README:end

namespace {

// One file for each note, which is never changed, and "current", which tells how many there are. Nothing is ever deleted.
class notes {
 public:
  using perdure_checkpoint_source = notes;

  notes(perdure::mem_fs& fs, std::string dir) : fs_(fs), dir_(std::move(dir)) {}

  [[nodiscard]] perdure::result<void> open() {
    std::string text;
    const auto read = perdure::read_file(fs_, dir_ + "/current", text, 100);
    if (!read) return read.error();
    count_ = std::stoull(text);
    return {};
  }
  [[nodiscard]] perdure::result<void> add(const std::string& text) {
    PERDURE_TRY(perdure::atomic_write(fs_, path_of(count_), text));
    PERDURE_TRY(perdure::atomic_write(fs_, dir_ + "/current", std::to_string(count_ + 1)));
    ++count_;
    return {};
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }

  class pinned_notes {
   public:
    explicit pinned_notes(const notes& of) : of_(&of), count_(of.count_), current_(std::to_string(count_)) {}
    [[nodiscard]] std::uint64_t version() const { return count_; }
    template <class Visit>
    [[nodiscard]] perdure::result<void> for_each_file(Visit&& visit) {
      for (std::uint64_t i = 0; i < count_; ++i) {
        const std::string from = of_->path_of(i), to = std::to_string(i);
        const auto there = of_->fs_.stat(from);
        if (!there) return there.error();
        PERDURE_TRY(visit(of_->fs_, perdure::pinned_file{from, to, there->size_bytes, perdure::pinned::immutable, nullptr}));
      }
      return {};
    }
    template <class Visit>
    [[nodiscard]] perdure::result<void> for_each_metadata(Visit&&) {
      return {};
    }
    [[nodiscard]] perdure::checkpoint_current current() const { return {"current", current_}; }

   private:
    const notes* of_;
    std::uint64_t count_;
    std::string current_;
  };
  [[nodiscard]] std::uint64_t visible_watermark() const { return count_; }
  [[nodiscard]] perdure::result<perdure::deletion_pause<>::pause> hold_deletions() { return deletions_.hold(); }
  [[nodiscard]] perdure::result<void> flush() { return {}; }  // each is in a file already
  [[nodiscard]] perdure::result<pinned_notes> pin() { return pinned_notes(*this); }

 private:
  [[nodiscard]] std::string path_of(std::uint64_t number) const { return dir_ + "/" + std::to_string(number); }

  perdure::mem_fs& fs_;
  std::string dir_;
  std::uint64_t count_ = 0;
  perdure::deletion_pause<> deletions_;
};

int wrong(const char* what) { return std::puts(what), 1; }

}  // namespace

int main() {
  perdure::mem_fs fs;
  if (!fs.make_dir("notes")) return wrong("no directory");
  notes mine(fs, "notes");
  if (!mine.add("one") || !mine.add("two")) return wrong("nothing can be added");
  const auto inside = back_up(mine, fs);
  if (!inside) return wrong(describe(inside.error()).c_str());
  if (*inside != 2 || back_up(mine, fs)) return wrong("it is not what was captured");
  if (!mine.add("three")) return wrong("it does not go on");
  if (const auto back = bring_back(fs); !back) return wrong(describe(back.error()).c_str());
  notes again(fs, "again");
  if (!again.open() || again.count() != 2 || mine.count() != 3) return wrong("what was restored is not what was captured");
  if (!again.add("four") || !perdure::verify_checkpoint(fs, "monday")) return wrong("who goes on changes the checkpoint");
  // One that is altered is refused.
  if (!perdure::atomic_write(fs, "monday/1", "owt")) return wrong("it cannot be altered");
  const auto refused = perdure::verify_checkpoint(fs, "monday");
  if (refused || refused.error().code() != perdure::code::corrupt) return wrong("what was altered is believed");
  std::printf("%llu notes captured, %llu now\n", static_cast<unsigned long long>(*inside),
              static_cast<unsigned long long>(mine.count()));
}
