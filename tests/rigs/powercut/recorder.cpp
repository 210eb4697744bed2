// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// recorder TEMPLATE LOG MOUNTPOINT: two files, until they are unmounted. `image` is a disk that starts as the template, which is
// not changed; every write and every flush that reaches it is appended to the log. What is written to `marks` is logged among
// them.
//
// One request at a time, and no cache of the kernel's in front: the order of the log is the order in which things were done. What
// is not answered here (discards, zeroing a range) comes again as plain writes.

#define FUSE_USE_VERSION 31
#include <fuse3/fuse.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <tests/rigs/powercut/block_record.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace {

char* disk = nullptr;
std::uint64_t disk_size = 0;
int log_file = -1;

enum class served { none, root, image, marks };

served which(const char* path) {
  if (std::strcmp(path, "/") == 0) return served::root;
  if (std::strcmp(path, "/image") == 0) return served::image;
  return std::strcmp(path, "/marks") == 0 ? served::marks : served::none;
}

int append(block_record_kind kind, std::uint64_t offset, const char* data, std::size_t size) {
  block_record head{kind, offset, size};
  iovec parts[] = {{&head, sizeof head}, {const_cast<char*>(data), size}};
  const ssize_t done = ::writev(log_file, parts, 2);
  return done == static_cast<ssize_t>(sizeof head + size) ? 0 : -EIO;
}

int get_attributes(const char* path, struct stat* about, fuse_file_info*) {
  *about = {};
  const served what = which(path);
  if (what == served::none) return -ENOENT;
  about->st_mode = what == served::root ? S_IFDIR | 0700 : S_IFREG | 0600;
  about->st_nlink = 1;
  if (what == served::image) about->st_size = static_cast<off_t>(disk_size);
  return 0;
}

int open_file(const char* path, fuse_file_info* file) {
  if (which(path) == served::none) return -ENOENT;
  file->direct_io = 1;
  return 0;
}

int read_file(const char* path, char* into, std::size_t size, off_t from, fuse_file_info*) {
  const auto offset = static_cast<std::uint64_t>(from);
  if (which(path) != served::image || offset >= disk_size) return 0;
  if (size > disk_size - offset) size = disk_size - offset;
  std::memcpy(into, disk + offset, size);
  return static_cast<int>(size);
}

int write_file(const char* path, const char* data, std::size_t size, off_t to, fuse_file_info*) {
  const auto offset = static_cast<std::uint64_t>(to);
  const bool is_mark = which(path) == served::marks;
  if (!is_mark && (offset > disk_size || size > disk_size - offset)) return -ENOSPC;
  const int failed = append(is_mark ? block_record_kind::mark : block_record_kind::write, is_mark ? 0 : offset, data, size);
  if (failed != 0) return failed;
  if (!is_mark) std::memcpy(disk + offset, data, size);
  return static_cast<int>(size);
}

int flush_file(const char* path, int, fuse_file_info*) {
  return which(path) == served::image ? append(block_record_kind::flush, 0, nullptr, 0) : 0;
}

int truncate_file(const char*, off_t, fuse_file_info*) { return 0; }

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 2;
  const int base = ::open(arguments[1], O_RDONLY | O_CLOEXEC);
  struct stat about = {};
  if (base < 0 || ::fstat(base, &about) != 0) return std::perror(arguments[1]), 2;
  disk_size = static_cast<std::uint64_t>(about.st_size);
  void* const mapped = ::mmap(nullptr, disk_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, base, 0);
  if (mapped == MAP_FAILED) return std::perror("mmap"), 2;
  disk = static_cast<char*>(mapped);
  log_file = ::open(arguments[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (log_file < 0) return std::perror(arguments[2]), 2;

  fuse_operations answers = {};
  answers.getattr = get_attributes;
  answers.open = open_file;
  answers.read = read_file;
  answers.write = write_file;
  answers.fsync = flush_file;
  answers.truncate = truncate_file;
  char foreground[] = "-f";
  char one_thread[] = "-s";
  char* options[] = {arguments[0], foreground, one_thread, arguments[3], nullptr};
  return fuse_main(4, options, &answers, nullptr);
}
