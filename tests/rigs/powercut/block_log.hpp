// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_RIGS_POWERCUT_BLOCK_LOG_HPP
#define TESTS_RIGS_POWERCUT_BLOCK_LOG_HPP

// block_log: what reached the disk, and which images of it a power cut may leave: all that was there at the last flush, and any
// of what was written since, block by block.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <tests/rigs/powercut/block_record.hpp>
#include <tests/rigs/powercut/machine.hpp>

namespace powercut {

inline constexpr std::size_t block_size = 4096;

[[nodiscard]] inline std::string whole_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat about = {};
  if (file < 0 || ::fstat(file, &about) != 0) give_up(path);
  std::string text(static_cast<std::size_t>(about.st_size), '\0');
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t got = ::pread(file, text.data() + at, text.size() - at, static_cast<off_t>(at));
    if (got <= 0) give_up(path);
    at += static_cast<std::size_t>(got);
  }
  ::close(file);
  return text;
}

// How far the program was: how many steps had been acknowledged, and how many had begun.
struct progress {
  std::size_t acknowledged = 0;
  std::size_t begun = 0;
  friend auto operator<=>(const progress&, const progress&) = default;
};

// A piece of one write within one block.
struct unit {
  std::uint64_t block;
  std::size_t from;
  std::size_t size;
  const char* data;
  std::size_t marks;  // how many had been made before it
};

// What was written between two flushes.
struct epoch {
  std::vector<unit> units;
  std::size_t marks_before = 0;
  std::size_t marks_after = 0;
};

class block_log {
 public:
  // A mark 'S' ends the setup; before it nothing is cut. 'B' begins a step, 'D' acknowledges it.
  explicit block_log(const std::string& path) : text_(whole_file(path)) {
    epoch now;
    for (std::size_t at = 0; at < text_.size();) {
      block_record head{};
      std::memcpy(&head, text_.data() + at, sizeof head);
      at += sizeof head;
      const char* const data = text_.data() + at;
      at += static_cast<std::size_t>(head.size);
      switch (head.kind) {
        case block_record_kind::write:
          split(now, head.offset, data, static_cast<std::size_t>(head.size));
          break;
        case block_record_kind::flush:
          ++flushes_;
          end(now);
          break;
        case block_record_kind::mark:
          mark(now, data[0]);
          break;
      }
    }
    end(now);
  }

  [[nodiscard]] const std::vector<unit>& setup() const noexcept { return setup_; }
  [[nodiscard]] const std::vector<epoch>& epochs() const noexcept { return epochs_; }
  [[nodiscard]] std::size_t flushes() const noexcept { return flushes_; }
  // How far the program may have been when the power went, somewhere between these two.
  [[nodiscard]] std::set<progress> between(std::size_t marks_from, std::size_t marks_to) const {
    return {progress_.begin() + static_cast<std::ptrdiff_t>(marks_from),
            progress_.begin() + static_cast<std::ptrdiff_t>(marks_to) + 1};
  }

 private:
  void split(epoch& now, std::uint64_t offset, const char* data, std::size_t size) {
    while (size != 0) {
      const auto in_block = static_cast<std::size_t>(offset % block_size);
      const std::size_t piece = size < block_size - in_block ? size : block_size - in_block;
      now.units.push_back({offset / block_size, in_block, piece, data, progress_.size() - 1});
      offset += piece;
      data += piece;
      size -= piece;
    }
  }
  void end(epoch& now) {
    if (begun_) {
      now.marks_after = progress_.size() - 1;
      epochs_.push_back(now);
    } else {
      setup_.insert(setup_.end(), now.units.begin(), now.units.end());
    }
    now = {};
    now.marks_before = progress_.size() - 1;
  }
  void mark(epoch& now, char what) {
    if (what == 'S') {
      end(now);
      begun_ = true;
      return;
    }
    progress next = progress_.back();
    (what == 'B' ? next.begun : next.acknowledged) += 1;
    progress_.push_back(next);
  }

  std::string text_;
  std::vector<unit> setup_;
  std::vector<epoch> epochs_;
  std::vector<progress> progress_{{}};
  std::size_t flushes_ = 0;
  bool begun_ = false;
};

// Blocks that differ from the template.
using overlay = std::map<std::uint64_t, std::string>;

// The disk before the recording: the blocks of it that are not zeros.
class disk_template {
 public:
  explicit disk_template(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat about = {};
    if (file < 0 || ::fstat(file, &about) != 0) give_up(path);
    size_ = static_cast<std::uint64_t>(about.st_size);
    for (off_t at = 0; (at = ::lseek(file, at, SEEK_DATA)) >= 0; at += static_cast<off_t>(block_size)) {
      at -= at % static_cast<off_t>(block_size);
      std::string block(block_size, '\0');
      if (::pread(file, block.data(), block_size, at) != static_cast<ssize_t>(block_size)) give_up(path);
      if (block != zeros()) blocks_.emplace(static_cast<std::uint64_t>(at) / block_size, std::move(block));
    }
    ::close(file);
  }
  [[nodiscard]] static const std::string& zeros() {
    static const std::string all(block_size, '\0');
    return all;
  }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] const overlay& blocks() const noexcept { return blocks_; }
  [[nodiscard]] const std::string& block(std::uint64_t number) const {
    const auto at = blocks_.find(number);
    return at == blocks_.end() ? zeros() : at->second;
  }
  [[nodiscard]] const std::string& block(const overlay& over, std::uint64_t number) const {
    const auto at = over.find(number);
    return at == over.end() ? block(number) : at->second;
  }
  void apply(overlay& to, const unit& one) const {
    const auto [at, is_new] = to.try_emplace(one.block);
    if (is_new) at->second = block(one.block);
    std::memcpy(at->second.data() + one.from, one.data, one.size);
  }

 private:
  std::uint64_t size_ = 0;
  overlay blocks_;
};

}  // namespace powercut

#endif  // TESTS_RIGS_POWERCUT_BLOCK_LOG_HPP
