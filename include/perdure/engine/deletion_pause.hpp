// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_DELETION_PAUSE_HPP
#define PERDURE_ENGINE_DELETION_PAUSE_HPP

// deletion_pause: deletes that wait until nobody needs the files any more.
//
//   perdure::deletion_pause<> deletions;        // of an engine; each of its deletes goes through it
//   deletions.remove(fs, "7.table");            // at once, or when the last pause ends
//   {
//     const auto pause = deletions.hold();      // as many at a time as one likes
//     ...                                       // what a pin names in here stays
//   }
//
// Effects: remove() removes the file at once where no pause is held, else it keeps the path. The end of the last pause removes
//   what was kept until then, in that order, on its own thread and outside of the lock; what is kept by a pause that begins
//   meanwhile waits for that one. A delete that fails does not stop the others.
// Success: of remove(), whether it is done or waits. Of a pause's end(), how many it removed, and how many it could not remove; a
//   pause that goes out of scope ends in silence. A file that is gone already is removed, at once as well as later.
// Failure: of remove(), the Fs's own; busy, where there is no memory to keep the path.
// Crash: what waits, and what could not be removed, is an orphan, which the next open of the engine sweeps. Nothing is synced.
// Not promised: that nothing is removed between hold() and the pin, unless the engine publishes a version before it removes what
//   that version does without, under a mutex that pinning takes, too: then what is removed by then is in no pin to come.
//
// Threads: any. Without a pause, remove() costs one atomic load over the Fs's own. The Fs must outlive the pauses.

#include <new>

#include <perdure/core/native_sync.hpp>
#include <perdure/fs/fs.hpp>

namespace perdure {
inline namespace v1 {

enum class deletion : std::uint8_t {
  removed,
  waits,  // for the end of the last pause
};

struct deletions_report {
  std::uint64_t removed = 0;
  std::uint64_t failed = 0;
  result<void> first_failure;
};

#if PERDURE_HAS_POSIX || !defined(_WIN32)
template <Sync S = native_sync>
#else
template <Sync S>
#endif
class deletion_pause {
 public:
  class [[nodiscard]] pause {
   public:
    pause(pause&& other) noexcept : of_(detail::exchanged(other.of_, nullptr)) {}
    pause& operator=(pause&& other) noexcept {
      detail::swapped(of_, other.of_);
      return *this;
    }
    ~pause() { (void)end(); }

    // The second time, and of one that was moved from, it does nothing.
    deletions_report end() {
      deletion_pause* const of = detail::exchanged(of_, nullptr);
      return of != nullptr ? of->end_one() : deletions_report();
    }

   private:
    friend deletion_pause;
    explicit pause(deletion_pause* of) noexcept : of_(of) {}
    deletion_pause* of_;
  };

  deletion_pause() = default;
  deletion_pause(const deletion_pause&) = delete;
  deletion_pause& operator=(const deletion_pause&) = delete;
  ~deletion_pause() { PERDURE_ASSERT(held_ == 0, "deletion_pause: a pause outlives it"); }

  pause hold() {
    const scoped_lock<typename S::mutex> lock(mutex_);
    set(held_ + 1);
    return pause(this);
  }

  template <Fs F>
  [[nodiscard]] result<deletion> remove(F& fs, path_view path) {
    if (__atomic_load_n(&held_, __ATOMIC_SEQ_CST) != 0) {
      const scoped_lock<typename S::mutex> lock(mutex_);
      if (held_ != 0) return keep(fs, path);
    }
    const auto removed = fs.remove(path);
    return is_gone(removed) ? result<deletion>(deletion::removed) : removed.error();
  }

  [[nodiscard]] bool is_held() const noexcept { return __atomic_load_n(&held_, __ATOMIC_SEQ_CST) != 0; }

 private:
  // The path's characters follow it.
  struct waiting {
    waiting* next;
    void* fs;
    result<void> (*remove)(void* fs, path_view path);
    std::size_t size;
    [[nodiscard]] char* text() noexcept { return reinterpret_cast<char*>(this + 1); }
  };

  [[nodiscard]] static bool is_gone(const result<void>& removed) noexcept {
    return removed || removed.error().code() == code::not_found;
  }
  void set(std::uint32_t held) noexcept { __atomic_store_n(&held_, held, __ATOMIC_SEQ_CST); }

  template <Fs F>
  [[nodiscard]] result<deletion> keep(F& fs, path_view path) {
    void* const memory = ::operator new(sizeof(waiting) + path.size(), std::nothrow);
    if (memory == nullptr) return failure(code::busy, operation::remove).about({path.data(), path.size()});
    const auto remove = [](void* of, path_view name) { return static_cast<F*>(of)->remove(name); };
    auto* const one = ::new (memory) waiting{nullptr, &fs, remove, path.size()};
    if (!path.empty()) std::memcpy(one->text(), path.data(), path.size());
    *end_ = one;
    end_ = &one->next;
    return deletion::waits;
  }

  deletions_report end_one() {
    waiting* all = nullptr;
    {
      const scoped_lock<typename S::mutex> lock(mutex_);
      set(held_ - 1);
      if (held_ != 0) return {};
      // Taken with the count: from here on the list belongs to the pauses to come.
      all = detail::exchanged(first_, nullptr);
      end_ = &first_;
    }
    deletions_report report;
    while (all != nullptr) {
      waiting* const one = detail::exchanged(all, all->next);
      const auto removed = one->remove(one->fs, {one->text(), one->size});
      const bool gone = is_gone(removed);
      ++(gone ? report.removed : report.failed);
      if (!gone && report.first_failure) report.first_failure = removed;
      ::operator delete(one);
    }
    return report;
  }

  typename S::mutex mutex_;
  std::uint32_t held_ = 0;  // written under the mutex
  waiting* first_ = nullptr;
  waiting** end_ = &first_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_DELETION_PAUSE_HPP
