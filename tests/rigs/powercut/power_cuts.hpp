// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_RIGS_POWERCUT_POWER_CUTS_HPP
#define TESTS_RIGS_POWERCUT_POWER_CUTS_HPP

// power_cuts: of one recording, the images to be looked at, each once, with every moment at which it may have been left. Of few
// blocks between two flushes every subset; of many those in front, all but one, one alone, and some drawn by a seed.

#include <algorithm>
#include <unordered_map>

#include <perdure/testing/detail/lab_hash.hpp>

#include <tests/rigs/powercut/block_log.hpp>

namespace powercut {

struct cut_budget {
  std::size_t blocks_exhaustive = 6;  // so many blocks between two flushes survive in every combination
  std::size_t drawn = 12;             // of more, so many combinations at random
  std::size_t images_max = 60;        // of one recording, to be mounted
  std::size_t told_max = 2;           // and of its violations, to be printed
};

struct image {
  std::size_t epoch = 0;
  std::vector<bool> survives;
  std::uint32_t rank = 0;  // what is looked at first where there are too many
  std::set<progress> when;
};

class power_cuts {
 public:
  power_cuts(const disk_template& base, const block_log& log, const cut_budget& budget, std::uint64_t seed)
      : base_(base), log_(log), budget_(budget), state_(seed) {
    overlay disk = durable_at_first();
    for (const auto& [number, block] : disk) sum_ ^= hash(number, block) ^ hash(number, base.block(number));
    for (std::size_t i = 0; i < log.epochs().size(); ++i) {
      each_subset(log.epochs()[i].units.size(),
                  [&](const std::vector<bool>& survives, std::uint32_t rank) { note(disk, i, survives, rank); });
      for (const unit& one : log.epochs()[i].units) {
        sum_ ^= hash(one.block, base.block(disk, one.block));
        base.apply(disk, one);
        sum_ ^= hash(one.block, disk.at(one.block));
      }
    }
    found_ = images_.size();
    if (images_.size() <= budget.images_max) return;
    for (image& one : images_) one.rank = one.rank << 16 | below(1U << 16);
    std::sort(images_.begin(), images_.end(), [](const image& a, const image& b) { return a.rank < b.rank; });
    images_.resize(budget.images_max);
    std::sort(images_.begin(), images_.end(), [](const image& a, const image& b) { return a.epoch < b.epoch; });
  }

  [[nodiscard]] std::size_t found() const noexcept { return found_; }

  // Calls with each image and the blocks that differ from the template.
  template <class Use>
  void each(Use&& use) const {
    overlay disk = durable_at_first();
    std::size_t at = 0;
    for (const image& one : images_) {
      for (; at < one.epoch; ++at) {
        for (const unit& other : log_.epochs()[at].units) base_.apply(disk, other);
      }
      overlay left = disk;
      for (std::size_t i = 0; i < one.survives.size(); ++i) {
        if (one.survives[i]) base_.apply(left, log_.epochs()[at].units[i]);
      }
      use(one, left);
    }
  }

 private:
  [[nodiscard]] overlay durable_at_first() const {
    overlay disk;
    for (const unit& one : log_.setup()) base_.apply(disk, one);
    return disk;
  }
  [[nodiscard]] static std::uint64_t hash(std::uint64_t number, const std::string& block) {
    return perdure::testing::detail::mixed(perdure::testing::detail::hash_of(block.data(), block.size()), number);
  }
  [[nodiscard]] std::uint32_t below(std::uint32_t ways) {
    state_ = perdure::testing::detail::mixed(state_ + 0x9e3779b97f4a7c15U);
    return static_cast<std::uint32_t>((state_ >> 32) * ways >> 32);
  }

  template <class Use>
  void each_subset(std::size_t count, Use&& use) {
    std::vector<bool> all(count, false);
    use(all, 0U);
    for (std::size_t i = 0; i < count; ++i) {
      all[i] = true;
      use(all, 0U);
    }
    if (count <= budget_.blocks_exhaustive) {
      for (std::uint32_t some = 0; some < 1U << count; ++some) {
        for (std::size_t i = 0; i < count; ++i) all[i] = (some >> i & 1) != 0;
        use(all, 1U);
      }
      return;
    }
    for (std::size_t i = 0; i < count; ++i) {
      all.assign(count, true);
      all[i] = false;
      use(all, 1U);
      all.assign(count, false);
      all[i] = true;
      use(all, 1U);
    }
    for (std::size_t drawn = 0; drawn < budget_.drawn; ++drawn) {
      const std::uint32_t share = 1 + below(3);
      for (std::size_t i = 0; i < count; ++i) all[i] = below(4) < share;
      use(all, 1U);
    }
  }

  void note(const overlay& disk, std::size_t number, const std::vector<bool>& survives, std::uint32_t rank) {
    const epoch& now = log_.epochs()[number];
    std::size_t marks = now.marks_before;
    overlay changed;
    for (std::size_t i = 0; i < survives.size(); ++i) {
      if (!survives[i]) continue;
      const unit& one = now.units[i];
      marks = one.marks > marks ? one.marks : marks;
      const auto [at, is_new] = changed.try_emplace(one.block);
      if (is_new) at->second = base_.block(disk, one.block);
      std::memcpy(at->second.data() + one.from, one.data, one.size);
    }
    std::uint64_t sum = sum_;
    for (const auto& [block, is] : changed) sum ^= hash(block, is) ^ hash(block, base_.block(disk, block));
    const auto [known, is_new] = known_.try_emplace(sum, images_.size());
    if (is_new) images_.push_back({number, survives, rank, {}});
    image& one = images_[known->second];
    one.when.merge(log_.between(marks, now.marks_after));
    one.rank = rank < one.rank ? rank : one.rank;
  }

  const disk_template& base_;
  const block_log& log_;
  cut_budget budget_;
  std::uint64_t state_;
  std::uint64_t sum_ = 0;  // the hash of what was durable
  std::vector<image> images_;
  std::unordered_map<std::uint64_t, std::size_t> known_;
  std::size_t found_ = 0;
};

// A file that is made to hold one image after another, whatever a mount did to the one before.
class work_disk {
 public:
  work_disk(const disk_template& base, const std::string& path)
      : base_(base), file_(open_empty(path, base.size())), device_(path) {}
  work_disk(const work_disk&) = delete;
  work_disk& operator=(const work_disk&) = delete;
  ~work_disk() { ::close(file_); }

  [[nodiscard]] const loop_device& device() const noexcept { return device_; }

  void hold(const overlay& wanted) {
    std::string block(block_size, '\0');
    for (off_t at = 0; (at = ::lseek(file_, at, SEEK_DATA)) >= 0; at += static_cast<off_t>(block_size)) {
      at -= at % static_cast<off_t>(block_size);
      if (::pread(file_, block.data(), block_size, at) != static_cast<ssize_t>(block_size)) give_up("reading the work disk");
      const std::string& should = base_.block(wanted, static_cast<std::uint64_t>(at) / block_size);
      if (&should != &disk_template::zeros()) {
        if (block != should) put(at, should);
      } else if (::fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, static_cast<off_t>(block_size)) != 0) {
        give_up("clearing the work disk");
      }
    }
    // What had been a hole.
    for (const overlay* some : {&base_.blocks(), &wanted}) {
      for (const auto& [number, is] : *some) {
        const auto at = static_cast<off_t>(number * block_size);
        if (::lseek(file_, at, SEEK_DATA) != at) put(at, base_.block(wanted, number));
      }
    }
    device_.forget_cache();
  }

 private:
  [[nodiscard]] static int open_empty(const std::string& path, std::uint64_t size) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || ::ftruncate(file, static_cast<off_t>(size)) != 0) give_up(path);
    return file;
  }
  void put(off_t at, const std::string& block) const {
    if (::pwrite(file_, block.data(), block_size, at) != static_cast<ssize_t>(block_size)) give_up("writing the work disk");
  }

  const disk_template& base_;
  int file_;
  loop_device device_;
};

}  // namespace powercut

#endif  // TESTS_RIGS_POWERCUT_POWER_CUTS_HPP
