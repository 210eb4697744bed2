// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_FAULT_FS_HPP
#define PERDURE_TESTING_FAULT_FS_HPP

// fault_fs<F>: any Fs, the real one included, on which calls go wrong as a fault_plan says. A model of Fs itself, with every
// optional operation that F has.
//
//   perdure::posix_fs disk;
//   perdure::testing::fault_fs fs(disk, "sync_dir ** nth 1 io");
//   const auto saved = perdure::atomic_write(fs, "cfg", "text");     // unknown, in doubt: durable
//
// Effects: asks the plan at every call but nonce, backend_id and writer, with the path as it was given (below a held directory
//   or behind a handle: as it would be without one). A failure before the call leaves F untouched; `after` and `lie` are what
//   they say. A write that fails short has put its first bytes. What `drop` undoes is what was written through this handle since
//   its last sync, as though the system had read the file back from a disk that never got it; other handles see it too. What
//   `clean` is said of is read as before, and the sync of another handle succeeds: that it wrote nothing shows only where the
//   power can go, on a crash_fs. After a sync that failed every later one of that handle fails with sync_lost, which is law L6,
//   not a second fault.
// capacity: what files grow by, as seen through this fault_fs; a removed or replaced name gives back the size of its file.
// flip and zero: reads and maps show the damage, the file has none. A clone of a damaged file is unsupported.
//
// It refers to `disk`, which must outlive it; a copy shares the plan. Not promised: that two names of one file count once.

#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <perdure/fs/fs_optional.hpp>
#include <perdure/testing/detail/fault_file.hpp>
#include <perdure/testing/fault_plan.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

template <Fs F>
class fault_fs {
 public:
  using perdure_fs = fault_fs;
  using file = detail::fault_file<typename F::file>;
  static constexpr std::size_t path_capacity = perdure::detail::path_capacity<F>();
  static constexpr bool is_separator(char c) noexcept { return perdure::detail::is_separator<F>(c); }

  explicit fault_fs(F& base, fault_plan plan = {}) : base_(std::shared_ptr<void>(), &base), plan_(std::move(plan)) {}

  [[nodiscard]] const fault_plan& plan() const noexcept { return plan_; }
  [[nodiscard]] fault_plan& plan() noexcept { return plan_; }

  [[nodiscard]] result<file> open(path_view path, const open_options& options) {
    return judged(operation::open, path, [&]() -> result<file> {
      open_options how = options;
      // What may have to be undone has to be read first; where it may not be, it is not undone.
      if (plan_.undoes() && how.access == access::write) how.access = access::read_write;
      auto opened = base_->open(path, how);
      if (!opened && how.access != options.access) opened = base_->open(path, options);
      if (!opened) return opened.error();
      return file(std::move(*opened), plan_, full(path), options.access != access::write);
    });
  }
  [[nodiscard]] result<file_info> stat(path_view path) {
    return judged(operation::stat, path, [&] { return base_->stat(path); });
  }
  [[nodiscard]] result<file_info> stat_link(path_view path) {
    return judged(operation::stat, path, [&] { return perdure::stat_link(*base_, path); });
  }
  [[nodiscard]] result<void> rename(path_view from, path_view to) {
    return judged(operation::rename, to, [&] { return freeing(to, [&] { return base_->rename(from, to); }); });
  }
  [[nodiscard]] result<void> rename_no_replace(path_view from, path_view to) {
    return judged(operation::rename, to, [&] { return perdure::rename_no_replace(*base_, from, to); });
  }
  [[nodiscard]] result<void> rename_to(path_view from, fault_fs& other, path_view to) {
    return other.judged(operation::rename, to,
                        [&] { return other.freeing(to, [&] { return perdure::rename_to(*base_, from, *other.base_, to); }); });
  }
  [[nodiscard]] result<void> link(path_view from, path_view to) {
    return judged(operation::link, to, [&] { return perdure::link(*base_, from, to); });
  }
  [[nodiscard]] result<void> link_to(path_view from, fault_fs& other, path_view to, links links = links::follow) {
    return other.judged(operation::link, to, [&] { return perdure::link_to(*base_, from, *other.base_, to, links); });
  }
  [[nodiscard]] result<void> make_link(path_view target, path_view path) {
    return judged(operation::make_link, path, [&] { return perdure::make_link(*base_, target, path); });
  }
  [[nodiscard]] result<std::size_t> read_link(path_view path, mutable_bytes buffer) {
    return judged(operation::read_link, path, [&] { return perdure::read_link(*base_, path, buffer); });
  }
  [[nodiscard]] result<void> remove(path_view path) {
    return judged(operation::remove, path, [&] { return freeing(path, [&] { return base_->remove(path); }); });
  }
  [[nodiscard]] result<void> make_dir(path_view path) {
    return judged(operation::make_dir, path, [&] { return base_->make_dir(path); });
  }
  [[nodiscard]] result<void> remove_dir(path_view path) {
    return judged(operation::remove_dir, path, [&] { return base_->remove_dir(path); });
  }
  [[nodiscard]] result<void> for_each_entry(path_view path, entry_visitor visitor) {
    return judged(operation::list, path, [&] { return base_->for_each_entry(path, visitor); });
  }
  [[nodiscard]] result<void> sync_dir(path_view path) {
    if (plan_.idle()) return base_->sync_dir(path);
    const fault_verdict verdict = plan_.judge(operation::sync_dir, full(path));
    if constexpr (requires(F& base) { base.mark_clean(path); }) {
      if (verdict.clean) base_->mark_clean(path);
    }
    return detail::carried_out(verdict, [&] { return base_->sync_dir(path); });
  }
  void mark_clean(path_view path)
    requires requires(F& base) { base.mark_clean(path); }
  {
    base_->mark_clean(path);
  }
  [[nodiscard]] result<void> sync_all(path_view path) {
    if (plan_.idle()) return perdure::sync_all(*base_, path);
    const fault_verdict verdict = plan_.judge(operation::sync_all, full(path));
    if constexpr (requires(F& base) { base.mark_all_clean(); }) {
      if (verdict.clean) base_->mark_all_clean();
    }
    return detail::carried_out(verdict, [&] { return perdure::sync_all(*base_, path); });
  }
  void mark_all_clean()
    requires requires(F& base) { base.mark_all_clean(); }
  {
    base_->mark_all_clean();
  }
  [[nodiscard]] auto open_dir(path_view path, links links = links::follow)
    requires can_open_dir<F>
  {
    using dir = typename decltype(perdure::open_dir(*base_, path, links))::value_type;
    return judged(operation::open_dir, path, [&]() -> result<fault_fs<dir>> {
      auto held = perdure::open_dir(*base_, path, links);
      if (!held) return held.error();
      return fault_fs<dir>(std::make_shared<dir>(std::move(*held)), plan_, full(path));
    });
  }

  [[nodiscard]] perdure::nonce nonce() { return base_->nonce(); }
  [[nodiscard]] result<struct backend_id> backend_id() { return perdure::backend_id_of(*base_); }
  [[nodiscard]] writer_state writer(const perdure::nonce& name) { return perdure::writer(*base_, name); }

 protected:
  fault_fs(std::shared_ptr<F> held, fault_plan plan, std::string directory)
      : base_(std::move(held)), plan_(std::move(plan)), directory_(std::move(directory)) {}

 private:
  template <Fs>
  friend class fault_fs;

  // The path as it would be without a held directory.
  [[nodiscard]] std::string full(path_view path) const {
    const std::string text(path.data(), path.size());
    if (directory_.empty() || (!text.empty() && is_separator(text[0]))) return text;
    return text == "." ? directory_ : directory_ + "/" + text;
  }
  template <class Call>
  [[nodiscard]] auto judged(enum operation called, path_view path, Call&& call) -> decltype(call()) {
    if (plan_.idle()) return call();
    return detail::judged_call(plan_, called, full(path), call);
  }
  // What a name held is room again, once it is gone.
  template <class Call>
  [[nodiscard]] result<void> freeing(path_view path, Call&& call) {
    if (!plan_.has_capacity()) return call();
    const auto there = perdure::stat_link(*base_, path);
    const auto seen = there || there.error().code() != code::unsupported ? there : base_->stat(path);
    auto done = call();
    if (done && seen && seen->kind == file_kind::file) plan_.give_room(seen->size_bytes);
    return done;
  }

  std::shared_ptr<F> base_;
  fault_plan plan_;
  std::string directory_;
};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_FAULT_FS_HPP
