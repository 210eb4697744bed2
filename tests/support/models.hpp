// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_MODELS_HPP
#define PERDURE_TESTS_SUPPORT_MODELS_HPP

// for_each_model(body): runs a body on an empty directory of every model of Fs, and tells it what that model can do.

#include <perdure/fs/any_fs.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/testing/fs_archetypes.hpp>

#include <tests/support/temp_dir.hpp>

#include <set>
#include <string>

namespace tests {

struct model {
  const char* name;
  bool links = true;     // and a rename that replaces nothing
  bool symlinks = true;  // links of the symbolic kind
  bool locks = true;
  bool writers = true;  // says whose a temporary file is, and when it was written to
  perdure::durability best = perdure::durability::full;
};

// The two ends are there as they are: the one that can do everything, and the one that can do nothing but what is required. The
// others stand behind any_fs, so that a body is compiled three times and not for each of them.
template <class Body>
void for_each_model(Body body) {
  using perdure::any_fs;
  using perdure::durability;
  namespace archetypes = perdure::testing;
  const auto behind_any = [&](auto& fs, const std::string& root, const model& what) {
    any_fs any(fs);
    body(any, root, what);
  };
  const temp_dir disk_dir;
  perdure::posix_fs disk;
  body(disk, disk_dir.path(), model{"posix_fs"});
  const temp_dir held_dir;
  auto held = disk.open_dir(held_dir.path());
  if (held) behind_any(*held, ".", model{"posix_dir"});
  const temp_dir any_dir;
  behind_any(disk, any_dir.path(), model{"any_fs of posix_fs"});

  perdure::mem_fs memory;
  behind_any(memory, ".", model{"mem_fs"});

  const model poorest{"poorest_fs", false, false, false, false, durability::full};
  perdure::mem_fs memory_of_poorest;
  archetypes::poorest_fs device(memory_of_poorest);
  body(device, std::string("."), poorest);
  perdure::mem_fs memory_without_sync;
  archetypes::poorest_fs<perdure::mem_fs, archetypes::dir_sync::unsupported> without_sync(memory_without_sync);
  behind_any(without_sync, ".", model{"poorest_fs, no sync_dir", false, false, false, false, durability::ordered});
  perdure::mem_fs memory_of_any_poorest;
  archetypes::poorest_fs device_of_any(memory_of_any_poorest);
  behind_any(device_of_any, ".", model{"any_fs of poorest_fs", false, false, false, false, durability::full});

  perdure::mem_fs memory_of_windows;
  archetypes::windows_like_fs windows(memory_of_windows);
  behind_any(windows, ".", model{"windows_like_fs", true, false, true, false, durability::ordered});
}

template <perdure::Fs F>
std::string get_from(F& fs, const std::string& path) {
  std::string text;
  return perdure::read_file(fs, path, text, 1 << 24) ? text : "(nothing)";
}

// Without the library's own protocol.
template <perdure::Fs F>
bool put_into(F& fs, const std::string& path, const std::string& text) {
  auto file = fs.open(path, {.access = perdure::access::write, .creation = perdure::creation::create});
  return file && file->truncate(0) && file->write_at(0, text) && file->close();
}

template <perdure::Fs F>
std::set<std::string> names_of(F& fs, const std::string& path) {
  std::set<std::string> names;
  (void)fs.for_each_entry(path, [&](const perdure::dir_entry& entry) {
    names.emplace(entry.name.data(), entry.name.size());
    return perdure::visit::go_on;
  });
  return names;
}

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_MODELS_HPP
