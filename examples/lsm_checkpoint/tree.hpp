// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_LSM_CHECKPOINT_TREE_HPP
#define EXAMPLES_LSM_CHECKPOINT_TREE_HPP

// A small LSM tree: records in memory until a flush writes them into a table; a compaction merges all tables into one, which it
// routes to another Fs. A CheckpointSource.
//
//   root/current       "v7 <digest>": the version that counts
//   root/v7            its files
//   root/tables, root/blobs         what flushes wrote
//   cold_root/                      what compactions wrote, on the cold Fs
//
// There is no log: a record is kept once a flush that began after it succeeded. Open refuses a directory with files and without a
// valid `current`, which is what a checkpoint that was not finished looks like.

#include <perdure/engine/checkpoint_source.hpp>
#include <perdure/engine/deletion_pause.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/make_dirs.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/fs/temp_name.hpp>

#include <examples/lsm_checkpoint/table.hpp>
#include <examples/lsm_checkpoint/version.hpp>

#include <memory>

namespace lsm_checkpoint {

using perdure::code;
using perdure::failure;
using perdure::operation;
using perdure::result;

enum class opening : bool { existing, create };

template <perdure::Fs Hot, perdure::Fs Cold = Hot, perdure::Sync S = perdure::native_sync>
class tree {
 public:
  using perdure_checkpoint_source = tree;

  tree(Hot& hot, std::string root, Cold& cold, std::string cold_root)
      : hot_(hot), cold_(cold), root_(std::move(root)), cold_root_(std::move(cold_root)) {}

  [[nodiscard]] result<void> open(opening how = opening::existing) {
    std::string text;
    const auto read = perdure::read_file(hot_, root_ + "/current", text, 200);
    if (!read && (read.error().code() != code::not_found || how == opening::existing)) return refusal(read.error());
    version found;
    if (!read) {
      PERDURE_TRY(perdure::make_dirs(hot_, root_));
      PERDURE_TRY(refuse_files());
    } else if (text != found.current()) {
      const auto loaded = load(text, found);
      if (!loaded) return loaded;
    }
    for (const char* dir : {"/tables", "/blobs"}) PERDURE_TRY(perdure::make_dirs(hot_, root_ + dir));
    PERDURE_TRY(perdure::make_dirs(cold_, cold_root_));
    // Also what was there: whoever wrote it may have died before its sync.
    PERDURE_TRY(write_durably(hot_, root_ + "/current", found.current()));
    now_ = std::make_shared<const version>(std::move(found));
    next_number_ = now_->watermark;
    next_version_ = now_->number + 1;
    next_file_ = now_->next_file;
    return sweep();
  }

  std::uint64_t write(const std::string& key, const std::string& value) {
    const lock held(memory_);
    fresh_.emplace(std::make_pair(key, next_number_), value);
    return next_number_++;
  }
  // not_found, where there is none, or none with a number below this.
  [[nodiscard]] result<std::string> read(const std::string& key, std::uint64_t below = UINT64_MAX) {
    const auto held = deletions_.hold();  // the tables of the version stay while they are read
    std::shared_ptr<const version> seen;
    {
      const lock locked(memory_);
      for (const records* const one : {&fresh_, &flushing_}) {
        if (const std::string* const value = find(*one, key, below)) return *value;
      }
      seen = now_;
    }
    records all;
    PERDURE_TRY(read_tables(*seen, all));
    if (const std::string* const value = find(all, key, below)) return *value;
    return failure(code::not_found, operation::get).about(key);
  }

  // What reads below this number sees is kept until it is released.
  [[nodiscard]] std::uint64_t take_snapshot() {
    const lock held(memory_);
    snapshots_.insert(next_number_);
    return next_number_;
  }
  void release_snapshot(std::uint64_t number) {
    const lock held(memory_);
    snapshots_.erase(snapshots_.find(number));
  }

  [[nodiscard]] result<void> flush() {
    const lock working(work_);
    version next;
    std::multiset<std::uint64_t> snapshots;
    {
      const lock held(memory_);
      if (fresh_.empty()) return broken();
      flushing_.swap(fresh_);
      next = *now_;
      next.watermark = next_number_;
      snapshots = snapshots_;
    }
    std::vector<file> made;
    auto done = write_run(needed(flushing_, snapshots), place::hot, made);
    if (done) {
      next.files.insert(next.files.begin(), made.begin(), made.end());
      done = publish(std::move(next), made);
    }
    if (!done) {
      const lock held(memory_);
      fresh_.merge(flushing_);
      flushing_.clear();
    }
    return done;
  }

  [[nodiscard]] result<void> compact() {
    const lock working(work_);
    version next;
    std::multiset<std::uint64_t> snapshots;
    {
      const lock held(memory_);
      next = *now_;
      snapshots = snapshots_;
    }
    if (next.files.size() < 2) return broken();
    records all;
    PERDURE_TRY(read_tables(next, all));
    std::vector<file> made;
    PERDURE_TRY(write_run(needed(all, snapshots), place::cold, made));
    const std::vector<file> old = std::exchange(next.files, made);
    PERDURE_TRY(publish(std::move(next), made));
    // The version without them is published; a checkpoint that has pinned the one before it holds these back.
    for (const file& one : old) (void)remove(one);
    return {};
  }

  // The checkpoint side.
  [[nodiscard]] std::uint64_t visible_watermark() {
    const lock held(memory_);
    return next_number_;
  }
  [[nodiscard]] auto hold_deletions() -> result<typename perdure::deletion_pause<S>::pause> { return deletions_.hold(); }
  class pinned_version {
   public:
    pinned_version(tree& of, std::shared_ptr<const version> pinned) : of_(&of), pinned_(std::move(pinned)), flat_(*pinned_) {
      for (file& one : flat_.files) one.place = place::hot;
      current_ = flat_.current();
    }
    [[nodiscard]] std::uint64_t version() const { return flat_.number; }
    template <class Visit>
    [[nodiscard]] result<void> for_each_file(const Visit& visit) const {
      for (const file& one : pinned_->files) {
        const std::string from = of_->path_of(one);
        const std::string to = (one.kind == kind::table ? "tables/" : "blobs/") + one.name();
        const perdure::pinned_file told{from, to, one.size_bytes, perdure::pinned::immutable, &one.of};
        PERDURE_TRY(one.place == place::hot ? visit(of_->hot_, told) : visit(of_->cold_, told));
      }
      return {};
    }
    template <class Visit>
    [[nodiscard]] result<void> for_each_metadata(const Visit& visit) const {
      if (flat_.number == 0) return {};
      return visit(perdure::path_view(flat_.name()), perdure::bytes(flat_.text()));
    }
    [[nodiscard]] perdure::checkpoint_current current() const { return {"current", current_}; }

   private:
    tree* of_;
    std::shared_ptr<const lsm_checkpoint::version> pinned_;
    lsm_checkpoint::version flat_;  // all levels in one place
    std::string current_;
  };
  [[nodiscard]] result<pinned_version> pin() { return pinned_version(*this, now()); }

  [[nodiscard]] std::shared_ptr<const version> now() {
    const lock held(memory_);
    return now_;
  }
  // Every key with the value that was written last, of the version that counts.
  [[nodiscard]] result<records> everything() {
    const auto held = deletions_.hold();
    records all;
    PERDURE_TRY(read_tables(*now(), all));
    return needed(all, {});
  }

 private:
  using lock = perdure::scoped_lock<typename S::mutex>;

  [[nodiscard]] std::string path_of(const file& one) const {
    if (one.place == place::cold) return cold_root_ + "/" + one.name();
    return root_ + (one.kind == kind::table ? "/tables/" : "/blobs/") + one.name();
  }
  template <class Use>
  auto on(enum place place, const Use& use) {
    return place == place::hot ? use(hot_) : use(cold_);
  }
  [[nodiscard]] result<perdure::deletion> remove(const file& one) {
    const std::string path = path_of(one);
    return on(one.place, [&](auto& fs) { return deletions_.remove(fs, path); });
  }
  [[nodiscard]] result<void> broken() const { return broken_; }

  // What may not survive is no ground to remove anything on.
  template <perdure::Fs F>
  [[nodiscard]] static result<void> write_durably(F& fs, const std::string& path, const std::string& content) {
    perdure::write_options how;
    how.at_least = perdure::durability::ordered;
    const auto written = perdure::atomic_write(fs, path, content, how);
    if (!written) return written.error();
    if (written->durability == perdure::durability::full) return {};
    return failure(code::unsupported, operation::sync_dir).about(path).with(perdure::doubt::durable);
  }
  [[nodiscard]] result<void> write_file(file& one, const std::string& content) {
    one.number = next_file_++;
    one.size_bytes = content.size();
    one.of = perdure::sha256_of(content);
    const std::string path = path_of(one);
    return on(one.place, [&](auto& fs) { return write_durably(fs, path, content); });
  }
  [[nodiscard]] result<void> write_run(const records& all, enum place place, std::vector<file>& made) {
    PERDURE_TRY(broken());
    std::string table;
    std::string blob;
    encode(all, next_file_, table, blob);
    const auto add = [&](enum kind kind, const std::string& content) -> result<void> {
      file one;
      one.kind = kind;
      one.place = place;
      const auto written = write_file(one, content);
      made.push_back(one);
      return written;
    };
    result<void> done;
    if (!blob.empty()) done = add(kind::blob, blob);
    if (done) done = add(kind::table, table);
    if (!done) remove_all(made);
    return done;
  }
  void remove_all(const std::vector<file>& made) {
    for (const file& one : made) (void)remove(one);
  }

  // Onto the disk first, then into memory, and only then may go what it does without.
  [[nodiscard]] result<void> publish(version next, const std::vector<file>& made) {
    next.number = next_version_++;
    next.next_file = next_file_;
    auto done = write_durably(hot_, root_ + "/" + next.name(), next.text());
    if (done) done = write_durably(hot_, root_ + "/current", next.current());
    if (!done) {
      // In doubt both versions may be the one that counts after a crash: nothing is removed, and nothing more is written.
      if (done.error().outcome() == perdure::outcome::unknown) {
        broken_ = done.error();
      } else {
        remove_all(made);
        (void)hot_.remove(root_ + "/" + next.name());
      }
      return done.error();
    }
    const std::string before = now_->name();
    {
      const lock held(memory_);
      now_ = std::make_shared<const version>(std::move(next));
      flushing_.clear();
    }
    if (before != "v0") (void)deletions_.remove(hot_, root_ + "/" + before);
    return {};
  }

  [[nodiscard]] result<std::string> read_whole(const file& one) {
    std::string text;
    const std::string path = path_of(one);
    PERDURE_TRY(on(one.place, [&](auto& fs) { return perdure::read_file(fs, path, text, one.size_bytes); }));
    if (text.size() != one.size_bytes || !(perdure::sha256_of(text) == one.of))
      return failure(code::corrupt, operation::read).about(path);
    return text;
  }
  [[nodiscard]] result<void> read_tables(const version& from, records& into) {
    result<void> done;
    const auto blob_of = [&](std::uint64_t number) -> std::optional<std::string> {
      for (const file& one : from.files) {
        if (one.number != number) continue;
        auto text = read_whole(one);
        if (text) return std::move(*text);
        done = text.error();
      }
      return std::nullopt;
    };
    for (const file& one : from.files) {
      if (one.kind != kind::table) continue;
      const auto text = read_whole(one);
      if (!text) return text.error();
      if (!decode(*text, blob_of, into)) return done ? failure(code::corrupt, operation::read).about(path_of(one)) : done;
    }
    return {};
  }

  [[nodiscard]] static result<void> refusal(const failure& why) { return why; }
  [[nodiscard]] result<void> load(const std::string& current, version& into) {
    const failure damaged = failure(code::corrupt, operation::open).about(root_ + "/current");
    const std::size_t space = current.find(' ');
    if (current.empty() || current[0] != 'v' || space == std::string::npos || current.back() != '\n') return damaged;
    std::string text;
    const auto read = perdure::read_file(hot_, root_ + "/" + current.substr(0, space), text, 1 << 24);
    if (!read) return read.error().code() == code::not_found ? damaged : read.error();
    auto parsed = version::parse(text);
    if (!parsed || parsed->current() != current) return damaged;
    into = std::move(*parsed);
    records all;
    return read_tables(into, all);  // what it names is there, whole
  }
  // Names of directories, and of files that were never finished, are nothing.
  [[nodiscard]] result<void> refuse_files() {
    std::string found;
    for (const char* dir : {"", "/tables", "/blobs"}) {
      const auto listed = hot_.for_each_entry(root_ + dir, [&](const perdure::dir_entry& entry) {
        const std::string name(entry.name.data(), entry.name.size());
        const bool directory = *dir == '\0' && (name == "tables" || name == "blobs");
        if (!directory && !perdure::temp_name::parse(entry.name)) found = root_ + dir + "/" + name;
        return perdure::visit::go_on;
      });
      if (!listed && listed.error().code() != code::not_found) return listed;
    }
    return found.empty() ? result<void>() : failure(code::corrupt, operation::open).about(found);
  }

  // Orphans: of a process that died before it had published them, or before what waited was removed.
  [[nodiscard]] result<void> sweep() {
    std::set<std::string> live = {root_ + "/current", root_ + "/" + now_->name(), root_ + "/checkpoint.perdure"};
    for (const file& one : now_->files) live.insert(path_of(one));
    const auto in = [&](auto& fs, const std::string& dir) -> result<void> {
      return fs.for_each_entry(dir, [&](const perdure::dir_entry& entry) {
        const std::string path = dir + "/" + std::string(entry.name.data(), entry.name.size());
        if (!live.contains(path) && path != root_ + "/tables" && path != root_ + "/blobs") (void)fs.remove(path);
        return perdure::visit::go_on;
      });
    };
    for (const char* dir : {"", "/tables", "/blobs"}) PERDURE_TRY(in(hot_, root_ + dir));
    return in(cold_, cold_root_);
  }

  Hot& hot_;
  Cold& cold_;
  std::string root_;
  std::string cold_root_;
  perdure::deletion_pause<S> deletions_;

  typename S::mutex work_;  // of flush and compaction: what follows is theirs
  std::uint64_t next_version_ = 1;
  std::uint64_t next_file_ = 1;
  result<void> broken_;

  typename S::mutex memory_;
  std::uint64_t next_number_ = 1;
  records fresh_;
  records flushing_;
  std::multiset<std::uint64_t> snapshots_;
  std::shared_ptr<const version> now_ = std::make_shared<const version>();
};

}  // namespace lsm_checkpoint

#endif  // EXAMPLES_LSM_CHECKPOINT_TREE_HPP
