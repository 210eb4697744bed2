// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_LSM_CHECKPOINT_ROCKSDB_SOURCE_HPP
#define EXAMPLES_LSM_CHECKPOINT_ROCKSDB_SOURCE_HPP

// A RocksDB that is open, as a CheckpointSource: what is made of it opens as a RocksDB.
//
// Tables, blob files and options are immutable, and shared. The manifest and the logs grow: what they have is copied; also of a
// log that has ended, for nobody knows that it was synced. `CURRENT` is that of the manifest that was captured.

#include <perdure/engine/checkpoint_source.hpp>

#include <rocksdb/db.h>
#include <rocksdb/metadata.h>
#include <rocksdb/options.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lsm_checkpoint {

template <perdure::Fs F>
class rocksdb_source {
 public:
  using perdure_checkpoint_source = rocksdb_source;

  // `fs` is that of the database's own directories.
  rocksdb_source(rocksdb::DB& db, F& fs) : db_(&db), fs_(&fs) {}

  class held_deletions {
   public:
    explicit held_deletions(rocksdb::DB* db) : db_(db) {}
    held_deletions(held_deletions&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
    held_deletions& operator=(held_deletions&&) = delete;
    ~held_deletions() {
      // Not forced: others may hold them, too.
      if (db_ != nullptr) (void)db_->EnableFileDeletions(false).ok();
    }

   private:
    rocksdb::DB* db_;
  };
  class pinned_files {
   public:
    pinned_files(F* fs, std::vector<rocksdb::LiveFileStorageInfo> files) : fs_(fs), files_(std::move(files)) {}

    [[nodiscard]] std::uint64_t version() const {
      for (const auto& one : files_) {
        if (one.file_type == rocksdb::kDescriptorFile) return one.file_number;
      }
      return 0;
    }
    template <class Visit>
    [[nodiscard]] perdure::result<void> for_each_file(const Visit& visit) const {
      for (const auto& one : files_) {
        if (!one.replacement_contents.empty()) continue;
        const std::string from = one.directory + "/" + one.relative_filename;
        const bool grows = one.trim_to_size || one.file_type == rocksdb::kWalFile;
        const auto kind = grows ? perdure::pinned::growing : perdure::pinned::immutable;
        PERDURE_TRY(visit(*fs_, perdure::pinned_file{from, one.relative_filename, one.size, kind, nullptr}));
      }
      return {};
    }
    template <class Visit>
    [[nodiscard]] perdure::result<void> for_each_metadata(const Visit& visit) const {
      for (const auto& one : files_) {
        if (one.replacement_contents.empty() || one.file_type == rocksdb::kCurrentFile) continue;
        PERDURE_TRY(visit(perdure::path_view(one.relative_filename), perdure::bytes(one.replacement_contents)));
      }
      return {};
    }
    // Without one it has no name, and no checkpoint is made.
    [[nodiscard]] perdure::checkpoint_current current() const {
      for (const auto& one : files_) {
        if (one.file_type == rocksdb::kCurrentFile) return {one.relative_filename, one.replacement_contents};
      }
      return {};
    }

   private:
    F* fs_;
    std::vector<rocksdb::LiveFileStorageInfo> files_;
  };

  [[nodiscard]] std::uint64_t visible_watermark() { return db_->GetLatestSequenceNumber() + 1; }
  [[nodiscard]] perdure::result<held_deletions> hold_deletions() {
    PERDURE_TRY(told(db_->DisableFileDeletions(), perdure::operation::none));
    return held_deletions(db_);
  }
  // Other column families have the same log, which is copied with the rest, and synced as that copy.
  [[nodiscard]] perdure::result<void> flush() {
    PERDURE_TRY(told(db_->Flush(rocksdb::FlushOptions()), perdure::operation::write));
    return told(db_->FlushWAL(false), perdure::operation::write);
  }
  [[nodiscard]] perdure::result<pinned_files> pin() {
    rocksdb::LiveFilesStorageInfoOptions how;
    how.wal_size_for_flush = UINT64_MAX;  // it was flushed
    std::vector<rocksdb::LiveFileStorageInfo> files;
    PERDURE_TRY(told(db_->GetLiveFilesStorageInfo(how, &files), perdure::operation::list));
    return pinned_files(fs_, std::move(files));
  }

 private:
  [[nodiscard]] static perdure::result<void> told(const rocksdb::Status& status, enum perdure::operation operation) {
    if (status.ok()) return {};
    const auto code = status.IsNotFound()     ? perdure::code::not_found
                      : status.IsCorruption() ? perdure::code::corrupt
                      : status.IsNoSpace()    ? perdure::code::no_space
                      : status.IsBusy()       ? perdure::code::busy
                                              : perdure::code::io;
    return perdure::failure(code, operation).about(status.ToString());
  }

  rocksdb::DB* db_;
  F* fs_;
};

}  // namespace lsm_checkpoint

#endif  // EXAMPLES_LSM_CHECKPOINT_ROCKSDB_SOURCE_HPP
