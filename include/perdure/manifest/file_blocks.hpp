// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_FILE_BLOCKS_HPP
#define PERDURE_MANIFEST_FILE_BLOCKS_HPP

// file_blocks(fs, path): a BlockDevice (see block_device.hpp) that is a file, written in place.
//
//   perdure::file_blocks blocks(fs, "value");
//   perdure::twin_slot slot(blocks);
//
// Effects: who acquires it holds the kernel lock on "<path>.lock", which is never removed (who removes a lock file lets two in).
//   Where there is no file it is made by atomic_write, of zeros that are on the disk, so that a write and its sync change bytes
//   and nothing else. A file whose regions are all blank is made once more: whoever made it may not have lived to see its name
//   durable. It grows in place, by regions of twice the size behind the others, and is never replaced once it was written to.
// Failure: busy while another one holds the lock; unsupported where the Fs has no locks or no durability (see the options);
//   corrupt or version_unsupported where the file is not one of these; else those of atomic_write, and of reading and writing.
// Crash: as block_device.hpp has it. A temporary file may be left, see temp_sweep.hpp, and the lock file may be there or not.
// Not promised: anything about bytes that another process left in the cache after two of its syncs had failed, one after the
//   other: a later one succeeds and cannot tell (of those of one sync, which twin_slot copies, nothing is lost).
//   That a file whose end was cut off, by anything but a power cut, is told from one that had not grown yet: what is shown then
//   is the newest value from before it grew.
//   On a volume where a name may survive without its file (FAT, ext2), a cut while the file or the lock file is made may leave
//   such a name: that is an I/O error from then on, and no value is lost. Once they are there, values are as safe there as
//   anywhere.
//
// Format version 1, numbers with their lowest byte first. Regions of S bytes, then as many of 2 S, and so on to the end:
//
//    0   4  "PdBf"
//    4   1  format version
//    5   1  version of the oldest reader that understands it
//    6   2  zero
//    8   8  identity: another one for each file
//   16   8  S, a multiple of 4096
//   24   4  zero
//   28   4  CRC32C of the bytes 0 to 27
// 4096      three regions of S bytes, three of 2 S, ...

#include <cstddef>

#include <perdure/core/crc32c.hpp>
#include <perdure/core/detail/byte_order.hpp>
#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/file_lock.hpp>
#include <perdure/manifest/block_device.hpp>
#include <perdure/manifest/detail/owned_path.hpp>
#include <perdure/manifest/slot.hpp>

namespace perdure {
inline namespace v1 {

struct file_blocks_options {
  std::uint64_t region_size_bytes = 8192;  // of a file that is made; the next multiple of 4096
  enum writers writers = writers::any;
  enum durability at_least = durability::full;  // what the system must be able to give
  permissions mode = 0666;                      // of the file, less what the process masks out
};

#if PERDURE_HAS_NATIVE_FS
template <Fs F = native_fs>
#else
template <Fs F>
#endif
class file_blocks {
 public:
  using perdure_block_device = file_blocks;

  file_blocks(F& fs, path_view path, const file_blocks_options& options = {})
      : fs_(&fs), options_(options), path_(path, ""), lock_path_(path, ".lock") {}

  [[nodiscard]] result<void> acquire() {
    if (options_.writers == writers::any && !lock_) {
      lock_ = file_lock<F>::try_take(*fs_, lock_path_.view());
      if (!lock_) return lock_.error();
    }
    if (file_ && is_writable_) return {};
    auto opened = open(access::read_write);
    if (opened) {
      const auto blank = is_blank();
      if (!blank) return blank.error();
      if (!*blank) return {};
    } else if (opened.error().code() != code::not_found) {
      return opened;
    }
    file_ = closed();
    PERDURE_TRY(make());
    return open(access::read_write);
  }
  void release() noexcept {
    file_ = closed();
    lock_ = failure(code::busy, operation::lock);
  }

  [[nodiscard]] result<void> look() {
    if (file_) return measure();
    auto opened = open(access::read);
    if (opened || opened.error().code() != code::not_found) return opened;
    // In a directory that is not there a device cannot be missing.
    const auto directory = fs_->stat(split_path<F>(path_.view()).parent);
    return directory ? opened : about(failure(code::io, operation::stat));
  }
  [[nodiscard]] block_shape shape() const noexcept {
    return {3 * generations_, generations_ == 0 ? 0 : 3 * (generations_ - 1), identity_};
  }
  [[nodiscard]] std::uint64_t capacity(std::uint32_t region) const noexcept { return region_size_ << region / 3; }

  [[nodiscard]] result<void> read(std::uint32_t region, std::uint64_t offset, mutable_bytes into) {
    if (!file_) return file_.error();
    return read_whole(begin_of(region) + offset, into);
  }
  [[nodiscard]] result<void> write(std::uint32_t region, bytes head, bytes body) {
    if (!file_ || !is_writable_) return about(failure(code::invalid_argument, operation::write));
    const bytes parts[] = {head, body};
    const auto written = file_->write_at(begin_of(region), gather(parts, 2));
    if (written || written.error().doubt() != doubt::none) unsynced_ |= std::uint64_t{1} << region;
    return written ? written : about(written.error());
  }
  [[nodiscard]] result<void> sync() {
    if (!file_) return file_.error();
    const auto synced = file_->sync(sync_what::data);
    // What was written anew since an earlier failure is as good as any other.
    lost_ = synced ? lost_ & ~unsynced_ : lost_ | unsynced_;
    unsynced_ = 0;
    if (synced) return {};
    file_ = closed();  // another handle's syncs speak of what is written from now on
    return about(synced.error());
  }

  // A sync makes durable what every process wrote, but for what an earlier one has failed on.
  [[nodiscard]] result<bool> confirmed(std::uint32_t region) {
    PERDURE_TRY(sync());
    return (lost_ >> region & 1) == 0;
  }
  [[nodiscard]] result<void> confirm(std::uint32_t) noexcept { return {}; }

  // The sync that makes the first value in them durable covers their zeros and the size, too.
  [[nodiscard]] result<void> grow(std::uint64_t capacity) {
    if (!file_ || !is_writable_) return about(failure(code::invalid_argument, operation::write));
    std::uint32_t wanted = generations_;
    while (wanted < generations_max && region_size_ << (wanted - 1) < capacity) ++wanted;
    if (region_size_ << (wanted - 1) < capacity) return about(failure(code::too_large, operation::write));
    const std::uint64_t end = begin_of(3 * wanted);
    std::uint64_t at = begin_of(3 * generations_);
    const auto filled = fill(end - at, [&](gather piece) {
      auto put = file_->write_at(at, piece);
      at += piece.size();
      return put;
    });
    if (!filled) return about(filled.error().with(doubt::none));
    generations_ = wanted;
    return {};
  }

 private:
  static constexpr std::size_t page_size = 4096;
  static constexpr std::uint32_t generations_max = block_shape::regions_max / 3;
  static constexpr std::uint8_t version = 1;
  static constexpr std::byte zeros[page_size] = {};

  struct first_page {
    char magic[4] = {'P', 'd', 'B', 'f'};
    detail::little<std::uint8_t> version;
    detail::little<std::uint8_t> reader_version;
    detail::little<std::uint16_t> zero;
    detail::little<std::uint64_t> identity;
    detail::little<std::uint64_t> region_size_bytes;
    detail::little<std::uint32_t> more_zeros;
    detail::little<std::uint32_t> checksum;
  };
  static_assert(sizeof(first_page) == 32 && alignof(first_page) == 1 && offsetof(first_page, identity) == 8 &&
                offsetof(first_page, region_size_bytes) == 16 && offsetof(first_page, checksum) == 28);

  [[nodiscard]] static failure closed() noexcept { return failure(code::invalid_argument, operation::read); }
  [[nodiscard]] failure about(const failure& why) const noexcept {
    const path_view path = path_.view();
    return why.about({path.data(), path.size()});
  }
  [[nodiscard]] std::uint64_t begin_of(std::uint32_t region) const noexcept {
    const std::uint64_t before = (std::uint64_t{1} << region / 3) - 1;
    return page_size + region_size_ * (3 * before + (std::uint64_t{1} << region / 3) * (region % 3));
  }
  [[nodiscard]] result<void> read_whole(std::uint64_t offset, mutable_bytes into) {
    const auto got = file_->read_at(offset, into);
    if (!got) return about(got.error());
    if (*got != into.size()) return about(failure(code::corrupt, operation::read));
    return {};
  }
  [[nodiscard]] result<void> open(enum access access) {
    open_options how;
    how.access = access;
    file_ = fs_->open(path_.view(), how);
    if (!file_) return about(file_.error());
    is_writable_ = access != access::read;
    auto known = identify();
    if (!known) file_ = closed();
    return known;
  }
  [[nodiscard]] result<void> identify() {
    first_page page;
    PERDURE_TRY(read_whole(0, mutable_bytes(reinterpret_cast<std::byte*>(&page), sizeof(page))));
    const bool known = std::memcmp(page.magic, "PdBf", 4) == 0 && page.checksum == crc32c(detail::before_checksum(page));
    if (!known) return about(failure(code::corrupt, operation::read));
    if (page.reader_version > version) return about(failure(code::version_unsupported, operation::read));
    identity_ = page.identity;
    region_size_ = page.region_size_bytes;
    if (region_size_ == 0 || region_size_ % page_size != 0 || region_size_ > region_size_max)
      return about(failure(code::corrupt, operation::read));
    return measure();
  }
  // As many as are there from end to end: a cut may have left a part of some.
  [[nodiscard]] result<void> measure() {
    const auto size = file_->size();
    if (!size) return about(size.error());
    generations_ = 0;
    while (generations_ < generations_max && begin_of(3 * generations_ + 3) <= *size) ++generations_;
    if (generations_ == 0) return about(failure(code::corrupt, operation::read));
    return {};
  }
  [[nodiscard]] result<bool> is_blank() {
    for (std::uint32_t region = 0; region < 3 * generations_; ++region) {
      std::byte head[64];
      PERDURE_TRY(read(region, 0, head));
      if (std::memcmp(head, zeros, sizeof(head)) != 0) return false;
    }
    return true;
  }

  template <class Put>
  [[nodiscard]] static result<void> fill(std::uint64_t size_bytes, Put&& put) {
    constexpr std::size_t parts_max = 16;
    bytes parts[parts_max];
    for (bytes& part : parts) part = bytes(zeros, page_size);
    for (std::uint64_t pages = size_bytes / page_size; pages != 0;) {
      const std::size_t count = pages < parts_max ? static_cast<std::size_t>(pages) : parts_max;
      PERDURE_TRY(put(gather(parts, count)));
      pages -= count;
    }
    return {};
  }
  [[nodiscard]] result<void> make() {
    const std::uint64_t pages = (options_.region_size_bytes + page_size - 1) / page_size;
    region_size_ = (pages == 0 ? 1 : pages) * page_size;
    if (options_.region_size_bytes > region_size_max) return about(failure(code::too_large, operation::write));
    const nonce name = fs_->nonce();
    const std::uint64_t identity = std::uint64_t{crc32c(bytes_of(name))} << 32 | (name.serial & UINT32_MAX);
    first_page page;
    page.version = page.reader_version = version;
    page.identity = identity;
    page.region_size_bytes = region_size_;
    page.checksum = crc32c(detail::before_checksum(page));
    write_options how;
    // Whether the directory can be synced is seen when it is.
    if (options_.at_least != durability::none) how.at_least = durability::ordered;
    how.mode = options_.mode;
    auto writer = atomic_writer<F>::open(*fs_, path_.view(), how);
    if (!writer) return writer.error();
    const bytes start[] = {bytes(reinterpret_cast<const std::byte*>(&page), sizeof(page)),
                           bytes(zeros, page_size - sizeof(page))};
    PERDURE_TRY(writer->write(gather(start, 2)));
    PERDURE_TRY(fill(begin_of(3) - page_size, [&](gather piece) { return writer->write(piece); }));
    const auto made = writer->commit();
    if (!made) return made.error();
    return made->durability < options_.at_least ? about(failure(code::unsupported, operation::sync_dir)) : result<void>();
  }

  static constexpr std::uint64_t region_size_max = std::uint64_t{1} << 32;

  F* fs_;
  file_blocks_options options_;
  detail::owned_path path_;
  detail::owned_path lock_path_;
  result<file_lock<F>> lock_ = failure(code::busy, operation::lock);
  result<typename F::file> file_ = closed();
  bool is_writable_ = false;
  std::uint32_t generations_ = 0;
  std::uint64_t identity_ = 0;
  std::uint64_t region_size_ = page_size;
  std::uint64_t unsynced_ = 0;  // a bit for each region that was written since the last sync
  std::uint64_t lost_ = 0;      // and for each whose sync failed
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_FILE_BLOCKS_HPP
