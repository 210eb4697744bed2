// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_CRASH_LITMUS_HPP
#define TESTS_CRASH_LITMUS_HPP

// Programs that tell one kind of disk from another by what a power cut leaves of them. For the lab, and for real kernels.

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <perdure/fs/any_fs.hpp>

namespace tests {

using namespace perdure;

using fs_step = std::function<void(any_fs&)>;

// A list of operations, on files of one letter for each byte.
class shell {
 public:
  shell& write(const std::string& path, std::uint64_t at, char letter, std::size_t size) {
    return add([=](any_fs& fs) {
      auto file = fs.open(path, {.access = access::write, .creation = creation::create});
      if (file) (void)file->write_at(at, std::string(size, letter));
    });
  }
  shell& sync(const std::string& path, sync_what what = sync_what::all) {
    return add([=](any_fs& fs) {
      auto file = fs.open(path, {});
      if (file) (void)file->sync(what);
    });
  }
  shell& sync_dir(const std::string& path) {
    return add([=](any_fs& fs) { (void)fs.sync_dir(path); });
  }
  shell& truncate(const std::string& path, std::uint64_t size) {
    return add([=](any_fs& fs) {
      auto file = fs.open(path, {.access = access::write});
      if (file) (void)file->truncate(size);
    });
  }
  shell& rename(const std::string& from, const std::string& to) {
    renames_.emplace_back(from, to);
    return add([=](any_fs& fs) { (void)fs.rename(from, to); });
  }
  shell& link(const std::string& from, const std::string& to) {
    return add([=](any_fs& fs) { (void)fs.link(from, to); });
  }
  shell& remove(const std::string& path) {
    return add([=](any_fs& fs) { (void)fs.remove(path); });
  }
  shell& make_dir(const std::string& path) {
    return add([=](any_fs& fs) { (void)fs.make_dir(path); });
  }
  // Through a handle that was opened before.
  shell& remove_and_write(const std::string& path, char letter, std::size_t size) {
    return add([=](any_fs& fs) {
      auto file = fs.open(path, {.access = access::write});
      (void)fs.remove(path);
      if (file) (void)file->write_at(0, std::string(size, letter));
    });
  }

  [[nodiscard]] const std::vector<fs_step>& steps() const noexcept { return steps_; }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& renames() const noexcept { return renames_; }

 private:
  shell& add(fs_step step) {
    steps_.push_back(std::move(step));
    return *this;
  }
  std::vector<fs_step> steps_;
  std::vector<std::pair<std::string, std::string>> renames_;
};

struct litmus {
  std::string name;
  shell setup;
  shell work;
  std::set<std::string> looks_at;
};

// Files before their first sync, written over, appended to and renamed.
inline const litmus replace_unsynced{
    "replace", shell().write("f", 0, 'o', 9000), shell().write("t", 0, 'n', 9000).rename("t", "f"), {"f"}};
inline const litmus replace_sync_dir{"replace, sync_dir",
                                     shell().write("f", 0, 'o', 9000),
                                     shell().write("t", 0, 'n', 9000).rename("t", "f").sync_dir("."),
                                     {"f"}};
inline const litmus create_by_rename{
    "create by rename", shell(), shell().write("t", 0, 'n', 20000).rename("t", "f").write("u", 0, 'u', 1).sync("u"), {"f"}};
inline const litmus append_within{"append", shell().write("f", 0, 'a', 2500), shell().write("f", 2500, 'b', 2500), {"f"}};
inline const litmus append_pages{"append pages", shell().write("f", 0, 'a', 2500), shell().write("f", 2500, 'b', 30000), {"f"}};
inline const litmus overwrite_pages{"overwrite", shell().write("f", 0, 'o', 12288), shell().write("f", 0, 'n', 12288), {"f"}};
inline const litmus write_unlinked{
    "unlinked", shell().write("f", 0, 'o', 12288), shell().remove_and_write("f", 'n', 12288), {"f"}};
inline const litmus shrink{"shrink", shell().write("f", 0, 'o', 9000), shell().truncate("f", 5000), {"f"}};

// What a sync brings along.
inline const litmus recycle{"recycle",
                            shell().write("old", 0, 'o', 5000),
                            shell().rename("old", "new").write("new", 0, 'n', 5000).sync("new", sync_what::data),
                            {"new", "old"}};
inline const litmus rename_grown{
    "rename what has grown", shell(), shell().write("t", 0, 'n', 5000).rename("t", "f").sync("f", sync_what::data), {"f", "t"}};
inline const litmus replace_synced{"replace what was synced",
                                   shell().write("t", 0, 'n', 10),
                                   shell().write("f", 0, 'o', 10).sync("f").rename("t", "f"),
                                   {"f", "t"}};
inline const litmus replace_across{"replace what was synced with its directory, from another one",
                                   shell().make_dir("d").write("d/t", 0, 'n', 10),
                                   shell().write("f", 0, 'o', 10).sync("f").sync_dir(".").rename("d/t", "f"),
                                   {"d/t", "f"}};
inline const litmus replace_in_place{"replace what was synced with its directory, in the same one",
                                     shell().write("t", 0, 'n', 10),
                                     shell().write("f", 0, 'o', 10).sync("f").sync_dir(".").rename("t", "f"),
                                     {"f", "t"}};
inline const litmus across_sync_to{"across, to",
                                   shell().make_dir("d").make_dir("e").write("d/f", 0, 'o', 10),
                                   shell().rename("d/f", "e/f").sync_dir("e"),
                                   {"d/f", "e/f"}};
inline const litmus across_sync_from{"across, from",
                                     shell().make_dir("d").make_dir("e").write("d/f", 0, 'o', 10),
                                     shell().rename("d/f", "e/f").sync_dir("d"),
                                     {"d/f", "e/f"}};
inline const litmus create_in_new_dirs{"create in new directories",
                                       shell(),
                                       shell().make_dir("d").make_dir("d/d").write("d/d/f", 0, 'n', 10).sync("d/d/f"),
                                       {"d/d/f"}};
inline const litmus link_and_sync{
    "link", shell().make_dir("d").write("a", 0, 'o', 10), shell().link("a", "d/b").sync("a"), {"d/b"}};
inline const litmus sync_of_two{"two", shell(), shell().write("a", 0, 'a', 5000).write("b", 0, 'b', 5000).sync("b"), {"a", "b"}};
inline const litmus resurrection{"resurrection",
                                 shell().write("f", 0, 'o', 10).write("g", 0, 'o', 10),
                                 shell().remove("f").write("g", 0, 'n', 10).sync("g", sync_what::data),
                                 {"f", "g"}};
inline const litmus pointer{
    "pointer",
    shell().write("current", 0, '1', 1).write("m1", 0, '1', 10),
    shell().write("t", 0, '2', 1).sync("t", sync_what::data).rename("t", "current").remove("m1").write("u", 0, 'u', 1).sync("u"),
    {"current", "m1"}};

inline const litmus* const every_litmus[] = {&replace_unsynced, &replace_sync_dir, &create_by_rename, &append_within,
                                             &append_pages,     &overwrite_pages,  &write_unlinked,   &shrink,
                                             &recycle,          &rename_grown,     &replace_synced,   &replace_across,
                                             &replace_in_place, &across_sync_to,   &across_sync_from, &create_in_new_dirs,
                                             &link_and_sync,    &sync_of_two,      &resurrection,     &pointer};

}  // namespace tests

#endif  // TESTS_CRASH_LITMUS_HPP
