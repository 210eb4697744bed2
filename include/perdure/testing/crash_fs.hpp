// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_CRASH_FS_HPP
#define PERDURE_TESTING_CRASH_FS_HPP

// crash_fs: files in memory that remember what of them is durable. A model of Fs (fs.hpp) with every optional operation, and what
// explore() hands to a workload; by itself it is a file system like any other.
//
// A copy is the same files. Relative paths start at the root, or at the directory that open_dir() held. Each belongs to the
// process that it was made for (those of world::processes() to one each): when explore() kills that, its locks are free, its
// handles are dead, and everything it still calls fails with io and changes nothing, for without exceptions nobody can stop it.
//
// What survives a power cut is decided by the profile that explore() was given. Beside the model that every profile has in
// common: a time of modification that no set_attributes() gave is that of the file's creation; a file that nobody names any more
// is gone. It is a fault_fs, too: plan() takes rules by which calls fail, and has none to begin with.
//
// Failure: too_large for a write behind 16 GiB.
// Not promised: that permissions, which are kept, are enforced.

#include <memory>
#include <utility>

#include <perdure/testing/detail/bare_crash_fs.hpp>
#include <perdure/testing/fault_fs.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

class crash_fs : public fault_fs<detail::bare_crash_fs> {
 public:
  using perdure_fs = crash_fs;

  crash_fs() : crash_fs(std::make_shared<detail::disk>()) {}
  // As the process that now runs on this disk.
  explicit crash_fs(std::shared_ptr<detail::disk> disk)
      : fault_fs(std::make_shared<detail::bare_crash_fs>(std::move(disk)), {}, {}) {}
  // As another one.
  crash_fs(std::shared_ptr<detail::disk> disk, std::uint32_t process)
      : fault_fs(std::make_shared<detail::bare_crash_fs>(std::move(disk), detail::root_inode, process), {}, {}) {}
};

static_assert(Fs<crash_fs>);

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_CRASH_FS_HPP
