// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/any_fs.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/manifest/file_blocks.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/manifest/flash_blocks.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/manifest/twin_slot.hpp>
#include <perdure/manifest/versioned_slot.hpp>
#include <perdure/store/fs_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/crash_fs.hpp>
#include <perdure/testing/fault_store.hpp>
#include <perdure/testing/flash_sim.hpp>
#include <perdure/testing/fs_archetypes.hpp>
#include <perdure/testing/natural_faults.hpp>
#include <perdure/testing/slot_archetypes.hpp>
#include <perdure/testing/slot_laws.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/temp_dir.hpp>

#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>

using namespace perdure;

namespace {

template <class Place>
void holds(const char* model, Place&& place, const testing::slot_law_options& options = {}) {
  const auto report = testing::check_slot_laws(place, options);
  std::printf("%-34s %s\n", model, report.text().c_str());
  INFO(report.text());
  CHECK(report.ok());
}

// Places in memory, made when they are asked for.
class memories {
 public:
  explicit memories(std::uint64_t size_bytes_max = 1 << 20) : size_bytes_max_(size_bytes_max) {}
  testing::slot_memory& at(std::uint32_t number) {
    const std::lock_guard<std::mutex> held(mutex_);
    while (all_.size() <= number) all_.push_back(std::make_unique<testing::slot_memory>(size_bytes_max_));
    return *all_[number];
  }

 private:
  std::mutex mutex_;
  std::uint64_t size_bytes_max_;
  std::deque<std::unique_ptr<testing::slot_memory>> all_;
};

// All that can go wrong with one call of a slot's, one after another: fs is a fault_fs or a fault_store.
template <class F>
testing::slot_law_options in_trouble(F& fs) {
  std::vector<testing::fault_rule> all;
  for (const auto called :
       {operation::open, operation::read, operation::size, operation::stat, operation::write, operation::truncate,
        operation::sync, operation::close, operation::lock, operation::rename, operation::remove, operation::list,
        operation::sync_dir, operation::get, operation::head, operation::put, operation::settle}) {
    for (const std::uint64_t nth : {1U, 2U, 3U}) {
      for (auto& rule : testing::natural_faults(called)) {
        rule.nth = nth;
        all.push_back(rule);
      }
    }
  }
  return {.sharing = testing::slot_sharing::several,
          .trouble =
              [=, &fs](std::uint32_t way) {
                if (way >= all.size()) return false;
                fs.plan().add(all[way]);
                return true;
              },
          .mend = [&fs] { fs.plan().clear(); }};
}
// The last byte of the file is another one.
template <class F>
void turn_a_bit(F& fs, const std::string& path) {
  auto file = fs.open(path, {.access = access::read_write});
  const auto size = file ? file->size() : result<std::uint64_t>(file.error());
  char last = 0;
  const bool done = size && *size != 0 && file->read_at(*size - 1, mutable_bytes(&last, 1)) &&
                    file->write_at(*size - 1, std::string(1, static_cast<char>(last ^ 4)));
  CHECK(done);
}

// Each place a directory below `root`.
template <class F>
auto versions_in(F& fs, const std::string& root, const versioned_slot_options& options = {}) {
  return [&fs, root, options](std::uint32_t number) {
    const std::string path = root + "/" + std::to_string(number);
    (void)fs.make_dir(path);
    return versioned_slot(fs, path, options);
  };
}
template <class F>
void versioned_slot_holds(const char* model, F& fs, const std::string& root, testing::slot_law_options options = {}) {
  options.damage = [&](std::uint32_t number) { turn_a_bit(fs, root + "/" + std::to_string(number) + "/current"); };
  holds(model, versions_in(fs, root), options);
}

// A device, and the slot on it.
template <BlockDevice D>
class twin_on {
 public:
  explicit twin_on(std::unique_ptr<D> device)
      : device_(std::move(device)),
        slot_(std::make_unique<twin_slot<D>>(*device_, twin_slot_options{.size_bytes_max = 1 << 20})) {}
  [[nodiscard]] explicit operator bool() const { return true; }
  [[nodiscard]] twin_slot<D>& operator*() { return *slot_; }

 private:
  std::unique_ptr<D> device_;
  std::unique_ptr<twin_slot<D>> slot_;
};
template <class F>
auto twins_in(F& fs, const std::string& root) {
  return [&fs, root](std::uint32_t number) {
    return twin_on(std::make_unique<file_blocks<F>>(fs, root + "/" + std::to_string(number)));
  };
}

}  // namespace

TEST_CASE("slot_laws: every model keeps them") {
  {
    memories all(9000);
    holds("poorest_slot", [&](std::uint32_t number) { return testing::poorest_slot(all.at(number)); }, {.size_bytes_max = 9000});
  }
  {
    memories all;
    testing::slot_memory* last = nullptr;
    const auto trouble = [&](std::uint32_t way) {
      if (way == 6) return false;
      const doubt doubts[] = {doubt::none, doubt::visible, doubt::durable};
      last->fail_next(failure(code::io, operation::write).with(doubts[way % 3]), way >= 3);
      return true;
    };
    holds("poorest_slot, in trouble", [&](std::uint32_t number) { return testing::poorest_slot(*(last = &all.at(number))); },
          {.sharing = testing::slot_sharing::several,
           .trouble = trouble,
           .mend = [] {},
           .damage = [&](std::uint32_t number) { all.at(number).damage(); }});
  }
}

TEST_CASE("slot_laws: file_slot keeps them, whatever call goes wrong") {
  mem_fs memory;
  testing::fault_fs<mem_fs> failing(memory);
  const auto file = [&](const char* prefix, const file_slot_options& options = {}) {
    return [&failing, prefix, options](std::uint32_t number) {
      return file_slot(failing, prefix + std::to_string(number), options);
    };
  };
  holds("file_slot, mem_fs", file("m"));
  holds("file_slot, with a limit", file("l", {.size_bytes_max = 9000}), {.size_bytes_max = 9000});
  holds("file_slot, in trouble", file("t"), in_trouble(failing));
  auto alone = in_trouble(failing);
  alone.sharing = testing::slot_sharing::one_at_a_time;
  holds("file_slot, alone in trouble", file("a", {.writers = writers::only_this}), alone);
  const tests::temp_dir dir;
  posix_fs disk;
  holds("file_slot, posix_fs", [&](std::uint32_t number) { return file_slot(disk, dir / std::to_string(number)); });
}

TEST_CASE("slot_laws: twin_slot keeps them, whatever call goes wrong") {
  using blocks = file_blocks<testing::fault_fs<mem_fs>>;
  struct on_a_file {
    std::unique_ptr<blocks> device;
    std::unique_ptr<twin_slot<blocks>> slot;
    explicit operator bool() const { return slot != nullptr; }
    twin_slot<blocks>& operator*() { return *slot; }
  };
  mem_fs memory;
  testing::fault_fs<mem_fs> failing(memory);
  const auto place = [&](std::uint32_t number) {
    on_a_file made{std::make_unique<blocks>(failing, "t" + std::to_string(number)), nullptr};
    made.slot = std::make_unique<twin_slot<blocks>>(*made.device);
    return made;
  };
  holds("twin_slot, a file", [&](std::uint32_t number) { return place(number + 1'000'000); },
        {.sharing = testing::slot_sharing::one_at_a_time});
  auto troubled = in_trouble(failing);
  troubled.sharing = testing::slot_sharing::one_at_a_time;
  holds("twin_slot, in trouble", place, troubled);
}

TEST_CASE("slot_laws: versioned_slot keeps them, on every Fs that has what it needs") {
  mem_fs memory;
  REQUIRE(memory.make_dir("m"));
  versioned_slot_holds("versioned_slot, mem_fs", memory, "m");
  REQUIRE(memory.make_dir("small"));
  holds("versioned_slot, with a limit", versions_in(memory, "small", {.keep = 1, .size_bytes_max = 9000}),
        {.size_bytes_max = 9000, .damage = [&](std::uint32_t number) {
           // No version but the newest is kept, and that one is gone.
           const std::string path = "small/" + std::to_string(number);
           REQUIRE(memory.remove(path + "/v3"));
         }});
  const tests::temp_dir dir;
  posix_fs disk;
  versioned_slot_holds("versioned_slot, posix_fs", disk, dir.path());
  testing::crash_fs crashable;
  REQUIRE(crashable.make_dir("c"));
  versioned_slot_holds("versioned_slot, crash_fs", crashable, "c", {.sharing = testing::slot_sharing::several});
  any_fs any_memory(memory);
  REQUIRE(memory.make_dir("any"));
  versioned_slot_holds("versioned_slot, any_fs", any_memory, "any");
  testing::poorest_fs<mem_fs> device(memory);
  REQUIRE(memory.make_dir("poor"));
  holds("versioned_slot, poorest_fs", versions_in(device, "poor", {.writers = writers::only_this}),
        {.sharing = testing::slot_sharing::one_at_a_time});
}

TEST_CASE("slot_laws: versioned_slot keeps them, whatever call goes wrong") {
  mem_fs memory;
  testing::fault_fs<mem_fs> failing(memory);
  REQUIRE(memory.make_dir("m"));
  const auto options = in_trouble(failing);
  versioned_slot_holds("versioned_slot, in trouble", failing, "m", options);
  auto alone = options;
  alone.sharing = testing::slot_sharing::one_at_a_time;
  REQUIRE(memory.make_dir("alone"));
  holds("versioned_slot, alone in trouble", versions_in(failing, "alone", {.writers = writers::only_this}), alone);
}

TEST_CASE("slot_laws: twin_slot, which holds its lock for as long as it is open, keeps those of one at a time") {
  testing::slot_law_options one_at_a_time{.sharing = testing::slot_sharing::one_at_a_time, .size_bytes_max = 1 << 20};
  {
    mem_fs fs;
    holds("twin_slot, mem_fs", twins_in(fs, "."), one_at_a_time);
  }
  {
    tests::temp_dir root;
    posix_fs fs;
    holds("twin_slot, posix_fs", twins_in(fs, root.path()), one_at_a_time);
  }
  {
    mem_fs memory;
    testing::fault_fs fs(memory, "");
    auto in_any = in_trouble(fs);
    in_any.sharing = one_at_a_time.sharing;
    in_any.size_bytes_max = one_at_a_time.size_bytes_max;
    holds("twin_slot, in trouble", twins_in(fs, "."), in_any);
  }
  {
    using chip = testing::flash_sim<4096, 8>;
    std::deque<chip> all;
    const auto place = [&](std::uint32_t number) {
      while (all.size() <= number) all.emplace_back(3 * 300);
      return twin_on(
          std::make_unique<flash_blocks<chip>>(all[number], flash_blocks_options{.sectors = 3 * 300, .sectors_per_region = 300}));
    };
    holds("twin_slot, flash", place, one_at_a_time);
  }
}

TEST_CASE("slot_laws: object_slot keeps them, over memory and files, whatever call goes wrong") {
  mem_store memory;
  testing::fault_store<mem_store> failing(memory);
  const auto object = [&](const char* prefix, const object_slot_options& options = {}) {
    return [&failing, prefix, options](std::uint32_t number) {
      return object_slot(failing, prefix + std::to_string(number), options);
    };
  };
  holds("object_slot, mem_store", object("m"));
  auto limited = in_trouble(failing);
  limited.size_bytes_max = 9000;
  limited.damage = [&](std::uint32_t number) {
    CHECK(memory.put("t" + std::to_string(number), "PdSo and more", precondition::any));
  };
  holds("object_slot, in trouble", object("t", {.size_bytes_max = 9000}), limited);
  const tests::temp_dir dir;
  posix_fs disk;
  fs_store files(disk, dir.path());
  holds("object_slot, fs_store", [&](std::uint32_t number) { return object_slot(files, "head" + std::to_string(number)); });
}
