// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Compiled for other systems and never run: every function that differs between systems, and the verbs that call them.

#include <perdure/core/crc32c.hpp>
#include <perdure/core/describe.hpp>
#include <perdure/core/native_clock.hpp>
#include <perdure/core/native_sync.hpp>
#include <perdure/core/pthread_jobs.hpp>
#include <perdure/core/sha256.hpp>
#include <perdure/fs/any_fs.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/create_new.hpp>
#include <perdure/fs/file_lock.hpp>
#include <perdure/fs/link_or_copy.hpp>
#include <perdure/fs/make_dirs.hpp>
#include <perdure/fs/native_fs.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/fs/temp_sweep.hpp>

#if defined(__APPLE__)
#if !defined(PERDURE_OS_DARWIN) || defined(PERDURE_OS_LINUX) || defined(PERDURE_OS_BSD) || defined(PERDURE_OS_NONE)
#error "macOS is taken for another system"
#endif
#else
#if !defined(PERDURE_OS_BSD) || defined(PERDURE_OS_LINUX) || defined(PERDURE_OS_DARWIN) || defined(PERDURE_OS_NONE)
#error "FreeBSD is taken for another system"
#endif
#endif
static_assert(PERDURE_HAS_POSIX && PERDURE_HAS_NATIVE_FS);

// With every member, whether or not a verb calls it.
template class perdure::detail::posix_operations<perdure::posix_fs>;
template class perdure::detail::posix_operations<perdure::posix_dir>;

namespace {

bool answered(const auto& result) { return static_cast<bool>(result); }

}  // namespace

int uses(perdure::path_view path, perdure::bytes content, perdure::mutable_bytes buffer) {
  using namespace perdure;
  int done = 0;
  done += answered(atomic_write(path, content, {.durability = durability::full, .parents = parents::make}));
  done += answered(create_new(path, content));
  done += answered(make_dirs(path));
  done += answered(read_file(path, buffer));
  done += answered(link_or_copy(path, path));
  done += answered(temp_sweep(path));
  done += answered(file_lock<>::try_take(path));
  auto writer = atomic_writer<>::open(path);
  done += answered(writer) && answered(writer->write(content)) && answered(writer->commit());
  posix_fs fs;
  any_fs some(fs);
  done += answered(atomic_write(some, path, content));
  done += answered(link_or_copy(some, path, some, path));
  native_clock clock;
  clock.sleep_ns(clock.elapsed_ns() - clock.unix_ns());
  native_sync::mutex mutex;
  native_sync::condition condition;
  mutex.lock();
  condition.wait(mutex);
  condition.notify_all();
  mutex.unlock();
  digest digests[2];
  const bytes inputs[2] = {content, content};
  sha256_of_many(inputs, digests, 2);
  return done + (crc32c(content) == 0) + (digests[0] == sha256_of(content));
}
