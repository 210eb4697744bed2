// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_FILE_LOCK_HPP
#define PERDURE_FS_FILE_LOCK_HPP

// file_lock: only one of several processes, or threads, at a time. Kept by the kernel, so that a crash never leaves it held.
//
//   auto lock = perdure::file_lock<>::try_take("data/lock");
//   if (!lock) return lock.error();                            // busy: somebody else has it
//
// Effects: creates the lock file where it is missing, locks it, and holds it until release() or the end of the object. The file
//   is never removed, for a lock on a removed file excludes nobody who comes later. What it holds is not looked at.
// Success: no other handle, of any process, holds the lock in a mode that excludes this one's.
// Failure: busy while it is held (try_take), timed_out (take); unsupported where the Fs has no locks; else as open.
// Crash: the lock is free. The file may be there or not, and means nothing.
// Not promised: anything against a program that does not ask for the lock; fairness; a child made by fork while the lock is
//   held shares it until it ends or execs; a network volume may keep it among one machine's processes alone.

#include <perdure/core/clock.hpp>
#include <perdure/fs/fs_optional.hpp>
#include <perdure/fs/native_fs.hpp>

namespace perdure {
inline namespace v1 {

// Of what several processes may write, under a lock.
enum class writers : std::uint8_t {
  any,       // of any process: the lock keeps them apart
  only_this  // its user says that nobody else writes: no lock is taken, as where the Fs has none
};

#if PERDURE_HAS_NATIVE_FS
template <Fs F = native_fs>
#else
template <Fs F>
#endif
class file_lock {
 public:
  [[nodiscard]] static result<file_lock> try_take(F& fs, path_view path, lock_mode mode = lock_mode::exclusive) {
    auto file = open(fs, path);
    if (!file) return file.error();
    const auto locked = try_lock(*file, mode);
    if (!locked) return locked.error().about({path.data(), path.size()});
    return file_lock(detail::moved(*file));
  }

  // Asks again, ever less often, until timeout_ns have passed on the clock that is given.
  template <Clock C>
  [[nodiscard]] static result<file_lock> take(F& fs, path_view path, C& clock, std::int64_t timeout_ns,
                                              lock_mode mode = lock_mode::exclusive) {
    auto file = open(fs, path);
    if (!file) return file.error();
    const std::int64_t start_ns = clock.elapsed_ns();
    if (timeout_ns < 0) timeout_ns = 0;
    std::int64_t pause_ns = 100'000;
    for (;;) {
      const auto locked = try_lock(*file, mode);
      if (locked) return file_lock(detail::moved(*file));
      if (locked.error().code() != code::busy) return locked.error().about({path.data(), path.size()});
      const std::int64_t left_ns = timeout_ns - (clock.elapsed_ns() - start_ns);
      if (left_ns <= 0) return failure(code::timed_out, operation::lock).about({path.data(), path.size()});
      clock.sleep_ns(pause_ns < left_ns ? pause_ns : left_ns);
      if (pause_ns < 20'000'000) pause_ns *= 2;
    }
  }

#if PERDURE_HAS_NATIVE_FS
  [[nodiscard]] static result<file_lock> try_take(path_view path, lock_mode mode = lock_mode::exclusive)
    requires detail::is_same<F, native_fs>
  {
    native_fs fs;
    return try_take(fs, path, mode);
  }
#endif

  // What is in it means nothing to the lock.
  [[nodiscard]] typename F::file& file() noexcept { return file_; }

  // The lock is free afterwards, whatever closing the file answers.
  void release() noexcept { (void)file_.close(); }

 private:
  explicit file_lock(typename F::file&& file) noexcept : file_(detail::moved(file)) {}

  // A handle that may write where it can be had: some network volumes give no exclusive lock to a reader.
  [[nodiscard]] static result<typename F::file> open(F& fs, path_view path) {
    open_options how;
    how.access = access::read_write;
    how.creation = creation::create;
    auto file = fs.open(path, how);
    if (file || file.error().code() != code::permission) return file;
    auto read_only = fs.open(path, {});
    // That there is none, in a directory that takes no new one, is a matter of permission all the same.
    if (!read_only && read_only.error().code() == code::not_found) return file;
    return read_only;
  }

  typename F::file file_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_FILE_LOCK_HPP
