// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_DETAIL_PLACING_WINDOW_HPP
#define PERDURE_ENGINE_DETAIL_PLACING_WINDOW_HPP

// placing_window: files that wait to be placed together, each a job (jobs.hpp), whatever Fs they come from. It keeps their paths,
// which whoever names them need not.

#include <new>

#include <perdure/core/detail/byte_buffer.hpp>
#include <perdure/core/jobs.hpp>
#include <perdure/engine/detail/checkpoint_file.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <Fs To>
class placing_window {
 public:
  struct slot {
    placing what;
    path_view name;
    unsigned flags = 0;  // as the list will have them
    void* from_fs = nullptr;
    result<void> (*run)(void* from_fs, To& fs, placing& what) = nullptr;
    result<void> done;
    byte_buffer text;
  };

  // So many at a time for each worker that none waits for the slowest one for long.
  explicit placing_window(std::size_t workers) noexcept
      : capacity_(workers < 2             ? 1
                  : workers < workers_max ? workers * 8
                                          : workers_max * 8) {}
  placing_window(const placing_window&) = delete;
  placing_window& operator=(const placing_window&) = delete;
  ~placing_window() { delete[] slots_; }

  // Not so: whoever has one at a time places it at once.
  [[nodiscard]] bool is_wanted() const noexcept { return capacity_ != 1; }
  [[nodiscard]] bool is_full() const noexcept { return size_ == capacity_; }
  [[nodiscard]] slot* begin() noexcept { return slots_; }
  [[nodiscard]] slot* end() noexcept { return slots_ + size_; }
  void clear() noexcept { size_ = 0; }

  template <Fs From>
  [[nodiscard]] result<void> add(From& from_fs, const placing& what, path_view name, unsigned flags) {
    if (slots_ == nullptr) slots_ = new (std::nothrow) slot[capacity_];
    if (slots_ == nullptr) return failure(code::no_space, operation::none).about({name.data(), name.size()});
    slot& one = slots_[size_++];
    one.what = what;
    one.flags = flags;
    one.from_fs = &from_fs;
    one.run = [](void* from, To& fs, placing& file) { return file_placement(*static_cast<From*>(from), fs, file).run(); };
    one.text.clear();
    const path_view texts[] = {what.from, what.to, what.previous, name};
    for (const path_view text : texts) one.text.append(bytes(text.data(), text.size()));
    const auto* at = reinterpret_cast<const char*>(one.text.data());
    const auto kept = [&](path_view text) { return path_view(exchanged(at, at + text.size()), text.size()); };
    one.what.from = kept(what.from);
    one.what.to = kept(what.to);
    one.what.previous = kept(what.previous);
    one.name = kept(name);
    return {};
  }
  void run(To& fs, job_runner jobs) {
    const auto each = [&](std::size_t i) { slots_[i].done = slots_[i].run(slots_[i].from_fs, fs, slots_[i].what); };
    if (size_ != 0) jobs(size_, each);
  }

 private:
  static constexpr std::size_t workers_max = 32;

  std::size_t capacity_;
  std::size_t size_ = 0;
  slot* slots_ = nullptr;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_DETAIL_PLACING_WINDOW_HPP
