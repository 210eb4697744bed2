// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_OBJECT_BATCH_HPP
#define PERDURE_STORE_DETAIL_OBJECT_BATCH_HPP

// object_batch: the puts without a condition of an fs_store, so many objects at a time.
//
//   1  the content of each, in a temporary file in the directory where it will be or above that, without a lock
//   2  all of that is made durable: by one sync of the volume, or file by file where the batch is small or the Fs has none
//   3  each gets its name, under the lock of its key, in a directory that is durable
//   4  the names are made durable: by one sync of the volume, or directory by directory; of a single one under its lock still,
//      so that whoever replaces it does so after a sync that failed
// Until 3 nobody sees any of it, and what fails is removed again.

#include <perdure/core/sha256.hpp>
#include <perdure/fs/fs_optional.hpp>
#include <perdure/fs/temp_name.hpp>
#include <perdure/fs/write_options.hpp>
#include <perdure/store/store_types.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <class File>
[[nodiscard]] result<digest> digest_of_file(File& file) {
  sha256 all;
  for (std::uint64_t at = 0;;) {
    std::byte piece[4096];
    const auto got = file.read_at(at, piece);
    if (!got) return got.error();
    all.update(bytes(piece, *got));
    at += *got;
    if (*got < sizeof(piece)) return all.finish();
  }
}

template <class Files>
class object_batch {
  using path = typename Files::path;
  using file = typename Files::fs_file;

 public:
  static constexpr std::size_t size_max = 128;

  object_batch(Files& files, const put_item* items, std::size_t count) noexcept
      : files_(files), items_(items), count_(count), by_volume_(count >= files.options_.volume_sync_at_least) {}
  // One, whose content the source has.
  object_batch(Files& files, const put_item& item, const byte_source& source) noexcept
      : files_(files), items_(&item), count_(1), by_volume_(false), source_(&source) {}
  ~object_batch() {
    for (std::size_t i = named_; i < staged_; ++i) (void)files_.fs_->remove(temporary(i));
  }
  object_batch(const object_batch&) = delete;
  object_batch& operator=(const object_batch&) = delete;

  // About which object, when it fails.
  [[nodiscard]] key_view key() const noexcept { return items_[at_].key; }
  // Does somebody see some of it?
  [[nodiscard]] bool is_begun() const noexcept { return named_ != 0; }

  [[nodiscard]] result<void> put() {
    for (at_ = 0; at_ < count_; ++at_) PERDURE_TRY(stage());
    at_ = 0;
    PERDURE_TRY(settle_content());
    for (at_ = 0; at_ < count_; ++at_) PERDURE_TRY(name());
    at_ = 0;
    return count_ == 1 ? result<void>() : in_doubt(settle_names());
  }

 private:
  struct staged {
    struct nonce nonce;
    std::size_t depth = 0;
  };

  [[nodiscard]] path directory_of(std::size_t i, std::size_t depth) const noexcept {
    std::size_t size = 0;
    path at = files_.tree_.file(items_[i].key, depth, size);
    at.truncate(size);
    return at;
  }
  [[nodiscard]] path temporary(std::size_t i) const noexcept {
    path at = files_.tree_.directory(items_[i].key, all_[i].depth);
    return at.append("/").append(temp_name(all_[i].nonce)), at;
  }

  // 1. In the directory of its key, without those of a name that is too long for one.
  [[nodiscard]] result<void> stage() {
    staged& one = all_[at_];
    const auto deepest = files_.tree_.depth_of(items_[at_].key);
    if (!deepest) return deepest.error();
    one.depth = *deepest;
    open_options how;
    how.access = access::write;
    how.creation = creation::create_new;
    how.mode = files_.options_.mode;
    for (int tries_left = 64; tries_left > 0; --tries_left) {
      one.nonce = files_.fs_->nonce();
      const path name = temporary(at_);
      if (!name.ok()) return failure(code::too_large, operation::put);
      auto made = files_.fs_->open(name, how);
      if (!made && made.error().code() == code::already_exists) continue;
      if (made || made.error().doubt() != doubt::none) ++staged_;
      if (!made) return made.error().with(doubt::none);
      const auto written = write(*made);
      if (!written) return written.error().with(doubt::none);
      PERDURE_TRY(by_volume_ ? begun(*made) : synced(*made));
      const auto closed = made->close();
      return closed ? closed : closed.error().with(doubt::none);
    }
    return failure(code::busy, operation::put);
  }
  [[nodiscard]] result<void> write(file& to) {
    if (source_ == nullptr) return to.write_at(0, items_[at_].content);
    for (std::uint64_t size = 0;;) {
      std::byte piece[16 * 1024];
      const auto got = (*source_)(piece);
      if (!got) return got.error();
      if (*got == 0) return {};
      PERDURE_TRY(to.write_at(size, bytes(piece).first(*got)));
      size += *got;
    }
  }
  // So that the disk is at work while the next one is written.
  [[nodiscard]] static result<void> begun(file& of) {
    const auto done = begin_sync(of);
    return done || done.error().code() == code::unsupported ? result<void>() : done.error().with(doubt::none);
  }
  // What is named after this has its content.
  [[nodiscard]] result<void> synced(file& of) {
    const auto done = of.sync(sync_what::order);
    if (!done && done.error().code() == code::unsupported && files_.options_.at_least == durability::none) return {};
    return done ? done : done.error().with(doubt::none);
  }

  // 2
  [[nodiscard]] result<void> settle_content() {
    if (!by_volume_) return {};
    const auto done = sync_all(*files_.fs_, files_.tree_.root());
    if (done || done.error().code() != code::unsupported) return done ? done : done.error().with(doubt::none);
    by_volume_ = false;
    for (; at_ < count_; ++at_) {
      open_options how;
      how.access = access::read_write;  // some systems sync no file that was opened to be read
      auto there = files_.fs_->open(temporary(at_), how);
      if (!there) return there.error().with(doubt::none);
      PERDURE_TRY(synced(*there));
    }
    return {};
  }

  // 3. Its place may be another one by now.
  [[nodiscard]] result<void> name() {
    const key_view key = items_[at_].key;
    const typename Files::held lock(files_, key);
    if (!lock.ok()) return lock.error();
    const auto deepest = files_.tree_.depth_of(key);
    if (!deepest) return deepest.error();
    auto depth = files_.tree_.find_depth(key, *deepest);
    if (!depth && depth.error().code() != code::not_found) return depth.error();
    if (!depth) depth = files_.tree_.place(key, *deepest);
    if (!depth) return depth.error().with(doubt::none);
    std::size_t directory_size = 0;
    const path to = files_.tree_.file(key, *depth, directory_size);
    if (!to.ok()) return failure(code::too_large, operation::put);
    const auto named = files_.make_durable(path_view(to).first(directory_size));
    if (!named) return named.error().with(doubt::none);
    PERDURE_TRY(files_.fs_->rename(temporary(at_), to));
    all_[at_].depth = *depth;
    ++named_;
    return count_ == 1 ? in_doubt(settle_names()) : result<void>();
  }
  [[nodiscard]] static result<void> in_doubt(const result<void>& settled) {
    return settled ? settled : settled.error().with(doubt::durable);
  }

  // 4
  [[nodiscard]] result<void> settle_names() {
    if (by_volume_) return sync_all(*files_.fs_, files_.tree_.root());
    std::uint64_t done[size_max];
    std::size_t count = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      const path directory = directory_of(i, all_[i].depth);
      const std::uint64_t name = files_.tree_.name_of(directory);
      std::size_t seen = 0;
      while (seen < count && done[seen] != name) ++seen;
      if (seen != count) continue;
      done[count++] = name;
      PERDURE_TRY(files_.sync(directory));
    }
    return {};
  }

  Files& files_;
  const put_item* items_;
  std::size_t count_;
  bool by_volume_;
  const byte_source* source_ = nullptr;
  std::size_t at_ = 0;
  std::size_t staged_ = 0;  // so many have a temporary file
  std::size_t named_ = 0;   // and so many of them their name
  staged all_[size_max];
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_OBJECT_BATCH_HPP
