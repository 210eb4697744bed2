// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_CRASH_PROGRAMS_HPP
#define TESTS_CRASH_PROGRAMS_HPP

// Small programs of every kind of operation, drawn by a seed, and all that can be seen of what they did.

#include <cstdint>
#include <string>
#include <vector>

#include <perdure/testing/explore.hpp>

namespace tests {

using namespace perdure;
using namespace perdure::testing;

class draw {
 public:
  explicit draw(std::uint64_t seed) : state_(seed) {}
  std::uint32_t below(std::uint32_t ways) {
    state_ = perdure::testing::detail::mixed(state_ + 0x9e3779b97f4a7c15U);
    return static_cast<std::uint32_t>((state_ >> 32) * ways >> 32);
  }

 private:
  std::uint64_t state_;
};

struct instruction {
  std::uint32_t what;
  std::string first;
  std::string second;
  std::uint64_t at;
  std::string bytes;
};

inline std::vector<instruction> program(std::uint64_t seed, std::uint32_t size) {
  const char* const names[] = {"a", "b", "d/a", "d/b"};
  const std::uint64_t places[] = {0, 3, 4090};
  const std::size_t lengths[] = {2, 12, 600};
  draw from(seed);
  std::vector<instruction> all;
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::string first = names[from.below(4)];
    const std::string second = names[from.below(4)];
    const std::uint64_t at = places[from.below(3)];
    all.push_back({from.below(14), first, second, at, std::string(lengths[from.below(3)], static_cast<char>('p' + i))});
  }
  return all;
}

// For people: "write 12 bytes at 4090 of d/a".
inline std::string told(const instruction& one) {
  const std::string at = std::to_string(one.at);
  switch (one.what) {
    case 0:
    case 1:
    case 2:
      return "write " + std::to_string(one.bytes.size()) + " bytes at " + at + " of " + one.first;
    case 3:
      return "truncate " + one.first + " to " + at;
    case 4:
      return "sync the data of " + one.first;
    case 5:
      return "sync " + one.first;
    case 6:
      return "order " + one.first;
    case 7:
      return std::string("sync directory ") + (one.at == 0 ? "." : "d");
    case 8:
    case 9:
      return "rename " + one.first + " to " + one.second;
    case 10:
      return "remove " + one.first;
    case 11:
      return "link " + one.first + " to " + one.second;
    case 12:
      return "mode " + std::to_string(one.bytes.size()) + " of " + one.first;
    default:
      return one.at == 0 ? "sync all" : "nothing";
  }
}
template <Fs F>
void run_one(F& fs, const instruction& one) {
  const auto file = [&](auto&& use) {
    auto open = fs.open(one.first, {.access = access::read_write, .creation = creation::create});
    if (open) use(*open);
  };
  switch (one.what) {
    case 0:
    case 1:
    case 2:
      file([&](auto& open) { (void)open.write_at(one.at, one.bytes); });
      break;
    case 3:
      file([&](auto& open) { (void)open.truncate(one.at); });
      break;
    case 4:
      file([&](auto& open) { (void)open.sync(sync_what::data); });
      break;
    case 5:
      file([&](auto& open) { (void)open.sync(sync_what::all); });
      break;
    case 6:
      file([&](auto& open) { (void)open.sync(sync_what::order); });
      break;
    case 7:
      (void)fs.sync_dir(one.at == 0 ? "." : "d");
      break;
    case 8:
    case 9:
      (void)fs.rename(one.first, one.second);
      break;
    case 10:
      (void)fs.remove(one.first);
      break;
    case 11:
      (void)perdure::link(fs, one.first, one.second);
      break;
    case 12:
      file([&](auto& open) {
        (void)set_attributes(open, {.mode = static_cast<permissions>(one.bytes.size())}, attribute_set::mode);
      });
      break;
    case 13:
      if (one.at == 0) (void)sync_all(fs, ".");
      break;
  }
}
template <Fs F>
void run(F& fs, const std::vector<instruction>& all) {
  for (const instruction& one : all) run_one(fs, one);
}
template <Fs F>
void make_files(F& fs) {
  (void)fs.make_dir("d");
  for (const char* name : {"a", "d/b"}) {
    auto file = fs.open(name, {.access = access::write, .creation = creation::create_new});
    if (file) (void)file->write_at(0, std::string("old bytes of ") + name);
  }
}
inline void set_up(world& world) { make_files(world.fs()); }

inline std::string shortened(const std::string& bytes) { return perdure::testing::detail::quoted(bytes) + ";"; }

// All that can be seen.
inline std::string everything(crash_fs& fs) {
  std::string all;
  for (const char* dir : {".", "d"}) {
    (void)fs.for_each_entry(dir, [&](const dir_entry& entry) {
      const std::string path = std::string(dir) + "/" + std::string(entry.name.data(), entry.name.size());
      all += path + " ";
      if (entry.kind == file_kind::directory) return visit::go_on;
      const auto text = read_text(fs, path);
      all += text ? shortened(*text) : "unreadable;";
      auto file = fs.open(path, {});
      if (file) all += std::to_string(get_attributes(*file).value_or(attributes{}).mode) + " ";
      return visit::go_on;
    });
  }
  return all;
}

}  // namespace tests

#endif  // TESTS_CRASH_PROGRAMS_HPP
