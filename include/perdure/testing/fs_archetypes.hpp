// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_FS_ARCHETYPES_HPP
#define PERDURE_TESTING_FS_ARCHETYPES_HPP

// poorest_fs, windows_like_fs: legal models of Fs that are as unhelpful as the law allows. An algorithm over Fs that is
// instantiated with both, and tested on both, needs no more than the concept gives.
//
//   perdure::mem_fs memory;
//   perdure::testing::poorest_fs device(memory);         // required operations alone, short paths, no times
//   perdure::testing::windows_like_fs windows(memory);   // open files cannot be renamed or removed, no sync_dir
//
// Both keep their files in the model they wrap, which must outlive them, and add no durability to it and take none away.
// Objects that wrap the same files know of each other's open files only when one is copied from the other.

#include <algorithm>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include <perdure/fs/fs_optional.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

enum class dir_sync : std::uint8_t {
  forwarded,    // as the wrapped model does it
  unsupported,  // always refused, as on a system that has no such call
};

// What a device without an operating system has: no links, no locks, no maps, no times, no kinds in a listing, paths of at
// most 96 bytes, and nonces without a writer's identity. Those are unique in one process alone, as a device has but one.
template <Fs Base, dir_sync DirSync = dir_sync::forwarded>
class poorest_fs {
 public:
  using perdure_fs = poorest_fs;
  static constexpr std::size_t path_capacity = 96;

  class file {
   public:
    [[nodiscard]] result<std::size_t> read_at(std::uint64_t offset, mutable_bytes into) const {
      return base_.read_at(offset, into);
    }
    [[nodiscard]] result<void> write_at(std::uint64_t offset, gather from) { return base_.write_at(offset, from); }
    [[nodiscard]] result<std::uint64_t> size() const { return base_.size(); }
    [[nodiscard]] result<void> truncate(std::uint64_t size_bytes) { return base_.truncate(size_bytes); }
    [[nodiscard]] result<void> sync(sync_what what) { return base_.sync(what); }
    [[nodiscard]] result<void> close() { return base_.close(); }

   private:
    friend poorest_fs;
    explicit file(typename Base::file base) noexcept : base_(std::move(base)) {}
    typename Base::file base_;
  };

  explicit poorest_fs(Base& base) noexcept : base_(&base) {}

  [[nodiscard]] result<file> open(path_view path, const open_options& options) {
    PERDURE_TRY(short_enough(operation::open, path));
    auto opened = base_->open(path, options);
    if (!opened) return opened.error();
    return file(std::move(*opened));
  }
  [[nodiscard]] result<file_info> stat(path_view path) {
    PERDURE_TRY(short_enough(operation::stat, path));
    result<file_info> info = base_->stat(path);
    if (info) info->modified_ns = time_unknown;
    return info;
  }
  [[nodiscard]] result<void> rename(path_view from, path_view to) {
    PERDURE_TRY(short_enough(operation::rename, from));
    PERDURE_TRY(short_enough(operation::rename, to));
    return base_->rename(from, to);
  }
  [[nodiscard]] result<void> remove(path_view path) {
    PERDURE_TRY(short_enough(operation::remove, path));
    return base_->remove(path);
  }
  [[nodiscard]] result<void> make_dir(path_view path) {
    PERDURE_TRY(short_enough(operation::make_dir, path));
    return base_->make_dir(path);
  }
  [[nodiscard]] result<void> remove_dir(path_view path) {
    PERDURE_TRY(short_enough(operation::remove_dir, path));
    return base_->remove_dir(path);
  }
  [[nodiscard]] result<void> for_each_entry(path_view path, entry_visitor visitor) {
    PERDURE_TRY(short_enough(operation::list, path));
    return base_->for_each_entry(path, [&](const dir_entry& entry) { return visitor({entry.name, file_kind::unknown}); });
  }
  [[nodiscard]] result<void> sync_dir(path_view path) {
    PERDURE_TRY(short_enough(operation::sync_dir, path));
    if constexpr (DirSync == dir_sync::unsupported) {
      return failure(code::unsupported, operation::sync_dir).about({path.data(), path.size()});
    } else {
      return base_->sync_dir(path);
    }
  }
  [[nodiscard]] struct nonce nonce() { return {.serial = base_->nonce().serial}; }

 private:
  static result<void> short_enough(enum operation operation, path_view path) {
    if (path.size() <= path_capacity) return {};
    return failure(code::too_large, operation).about({path.data(), path.size()});
  }

  Base* base_;
};

// What differs on Windows, as far as a program that runs elsewhere can be shown it: a file that is open can be neither removed,
// renamed nor renamed over, nor can a directory be renamed in which one is open: `busy`. There is no sync_dir, no symbolic link,
// no owner and no held directory. '\\' separates, too.
template <Fs Base>
class windows_like_fs {
  // Which files are open, by their path, and the lock that makes looking and acting one step.
  struct shared_state {
    std::mutex mutex;
    std::multiset<std::string> open;
  };

 public:
  using perdure_fs = windows_like_fs;
  static constexpr std::size_t path_capacity = perdure::detail::path_capacity<Base>();
  static constexpr bool is_separator(char c) noexcept { return c == '\\' || perdure::detail::is_separator<Base>(c); }

  class file {
   public:
    file(file&&) noexcept = default;
    file& operator=(file&& other) noexcept {
      (void)close();
      base_ = std::move(other.base_);
      state_ = std::move(other.state_);
      path_ = std::move(other.path_);
      return *this;
    }
    ~file() { (void)close(); }

    [[nodiscard]] result<std::size_t> read_at(std::uint64_t offset, mutable_bytes into) const {
      return base_.read_at(offset, into);
    }
    [[nodiscard]] result<void> write_at(std::uint64_t offset, gather from) { return base_.write_at(offset, from); }
    [[nodiscard]] result<std::uint64_t> size() const { return base_.size(); }
    [[nodiscard]] result<void> truncate(std::uint64_t size_bytes) { return base_.truncate(size_bytes); }
    [[nodiscard]] result<void> sync(sync_what what) { return base_.sync(what); }
    [[nodiscard]] result<void> close() {
      const result<void> closed = base_.close();
      if (const auto state = std::exchange(state_, nullptr)) {
        const std::lock_guard lock(state->mutex);
        state->open.erase(state->open.find(path_));
      }
      return closed;
    }
    [[nodiscard]] result<void> try_lock(lock_mode mode) { return perdure::try_lock(base_, mode); }
    [[nodiscard]] result<mapping> map() const { return perdure::map(base_); }

   private:
    friend windows_like_fs;
    file(typename Base::file base, std::shared_ptr<shared_state> state, std::string path)
        : base_(std::move(base)), state_(std::move(state)), path_(std::move(path)) {}

    typename Base::file base_;
    std::shared_ptr<shared_state> state_;
    std::string path_;
  };

  explicit windows_like_fs(Base& base) : base_(&base), state_(std::make_shared<shared_state>()) {}

  [[nodiscard]] result<file> open(path_view path, const open_options& options) {
    const std::lock_guard lock(state_->mutex);
    const std::string name = plain(path);
    auto opened = base_->open(name, options);
    if (!opened) return opened.error();
    state_->open.insert(name);
    return file(std::move(*opened), state_, name);
  }
  [[nodiscard]] result<file_info> stat(path_view path) { return base_->stat(plain(path)); }
  [[nodiscard]] result<void> rename(path_view from, path_view to) {
    return unless_open(operation::rename, plain(from), plain(to), [&] { return base_->rename(plain(from), plain(to)); });
  }
  [[nodiscard]] result<void> rename_no_replace(path_view from, path_view to) {
    return unless_open(operation::rename, plain(from), plain(from),
                       [&] { return perdure::rename_no_replace(*base_, plain(from), plain(to)); });
  }
  [[nodiscard]] result<void> link(path_view from, path_view to) { return perdure::link(*base_, plain(from), plain(to)); }
  [[nodiscard]] result<void> remove(path_view path) {
    return unless_open(operation::remove, plain(path), plain(path), [&] { return base_->remove(plain(path)); });
  }
  [[nodiscard]] result<void> make_dir(path_view path) { return base_->make_dir(plain(path)); }
  [[nodiscard]] result<void> remove_dir(path_view path) { return base_->remove_dir(plain(path)); }
  [[nodiscard]] result<void> for_each_entry(path_view path, entry_visitor visitor) {
    return base_->for_each_entry(plain(path), visitor);
  }
  [[nodiscard]] result<void> sync_dir(path_view path) {
    return failure(code::unsupported, operation::sync_dir).about({path.data(), path.size()});
  }
  [[nodiscard]] struct nonce nonce() { return base_->nonce(); }

 private:
  static std::string plain(path_view path) {
    std::string text(path.data(), path.size());
    std::replace(text.begin(), text.end(), '\\', '/');
    return text;
  }
  template <class Call>
  result<void> unless_open(enum operation operation, const std::string& one, const std::string& other, Call&& call) {
    const std::lock_guard lock(state_->mutex);
    for (const std::string& name : state_->open) {
      if (name == one || name == other || name.rfind(one + "/", 0) == 0) return failure(code::busy, operation).about(name);
    }
    return call();
  }

  Base* base_;
  std::shared_ptr<shared_state> state_;
};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_FS_ARCHETYPES_HPP
