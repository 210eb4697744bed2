// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_MEM_FS_HPP
#define PERDURE_FS_MEM_FS_HPP

// mem_fs: files in memory, and a model of Fs (fs.hpp) with every optional operation. For tests, and as the ephemeral mode of a
// program that keeps nothing.
//
//   perdure::mem_fs fs;                         // empty; gone with the last copy of it and the last handle
//   perdure::mem_fs small({.capacity_bytes = 1 << 20});
//
// A copy is the same files. Relative paths start at the root, or at the directory that open_dir() held: such an object is a
// mem_fs whose "." is that directory. Syncs succeed at once: there is no crash that this outlives. One lock guards all of it, for
// a call here is a memcpy; a visitor is called without it. Locks come by the Sync policy, times by the clock that is given.
//
// Failure: no_space where capacity_bytes, or the memory itself, is full.
// Not promised: that permissions, which are kept, are enforced.

#include <perdure/core/native_sync.hpp>
#include <perdure/fs/detail/mem_file.hpp>

namespace perdure {
inline namespace v1 {

template <Sync S = native_sync>
class basic_mem_fs {
 public:
  using perdure_fs = basic_mem_fs;
  using file = basic_mem_file<S>;

  explicit basic_mem_fs(const mem_fs_options& options = {})
      : core_(new detail::mem_core<S>(options)), start_(core_->tree.root()) {}
  basic_mem_fs(const basic_mem_fs&) noexcept = default;
  basic_mem_fs(basic_mem_fs&&) noexcept = default;
  // What this one held goes as in a destructor: the directory before the files that count what it holds.
  basic_mem_fs& operator=(basic_mem_fs other) noexcept {
    detail::swapped(core_, other.core_);
    detail::swapped(start_, other.start_);
    return *this;
  }
  ~basic_mem_fs() = default;

  [[nodiscard]] std::uint64_t used_bytes() const {
    const scoped_lock lock(core_->mutex);
    return core_->tree.used_bytes();
  }

  [[nodiscard]] result<file> open(path_view path, const open_options& options) {
    const scoped_lock lock(core_->mutex);
    // An exclusive creation never follows: a link is a name that is taken.
    const bool follow = options.links == links::follow && options.creation != creation::create_new;
    auto at = find(path, follow ? links::follow : links::refuse, operation::open);
    if (!at) return at.error();
    if (at->node != nullptr) {
      if (options.creation == creation::create_new) return no(code::already_exists, operation::open, path);
      if (at->node->kind == file_kind::link) return no(code::invalid_argument, operation::open, path);
      if (at->node->kind == file_kind::directory) return no(code::is_a_directory, operation::open, path);
      return file(core_, at->node, options.access);
    }
    if (options.creation == creation::must_exist) return no(code::not_found, operation::open, path);
    if (at->as_directory) return no(code::is_a_directory, operation::open, path);
    if (at->parent->removed) return no(code::not_found, operation::open, path);
    auto made = core_->tree.make(file_kind::file, options.mode & 07777);
    if (made != nullptr) made->about.modified_ns = core_->now();
    PERDURE_TRY(put(*at, made, operation::open, path));
    return file(core_, detail::moved(made), options.access);
  }

  [[nodiscard]] result<file_info> stat(path_view path) const { return stat_by(path, links::follow); }
  [[nodiscard]] result<file_info> stat_link(path_view path) const { return stat_by(path, links::refuse); }

  [[nodiscard]] result<void> rename(path_view from, path_view to) { return rename_to(from, *this, to); }
  [[nodiscard]] result<void> rename_to(path_view from, const basic_mem_fs& other, path_view to) {
    return move(from, other, to, existing_name::replace);
  }
  [[nodiscard]] result<void> rename_no_replace(path_view from, path_view to) {
    return move(from, *this, to, existing_name::refuse);
  }

  [[nodiscard]] result<void> link(path_view from, path_view to) { return link_to(from, *this, to); }
  [[nodiscard]] result<void> link_to(path_view from, const basic_mem_fs& other, path_view to, links links = links::follow) {
    if (other.core_ != core_) return no(code::unsupported, operation::link, to);
    const scoped_lock lock(core_->mutex);
    const auto source = find(from, links, operation::link);
    if (!source) return source.error();
    if (source->node == nullptr) return no(code::not_found, operation::link, from);
    if (source->node->kind == file_kind::link) return no(code::invalid_argument, operation::link, from);
    auto target = other.free_place(to, operation::link);
    if (!target) return target.error();
    if (source->node->kind == file_kind::directory) return no(code::unsupported, operation::link, to);
    if (target->as_directory) return no(code::not_found, operation::link, to);
    return put(*target, source->node, operation::link, to);
  }

  [[nodiscard]] result<void> make_link(path_view target, path_view path) {
    if (target.empty() || std::memchr(target.data(), '\0', target.size()) != nullptr)
      return no(code::invalid_argument, operation::make_link, target);
    const scoped_lock lock(core_->mutex);
    auto at = free_place(path, operation::make_link);
    if (!at) return at.error();
    if (at->as_directory) return no(code::not_found, operation::make_link, path);
    auto made = core_->tree.make(file_kind::link, 0777);
    if (made != nullptr && !made->content.resize(target.size())) made = nullptr;
    if (made != nullptr) std::memcpy(made->content.data(), target.data(), target.size());
    return put(*at, detail::moved(made), operation::make_link, path);
  }
  [[nodiscard]] result<std::size_t> read_link(path_view path, mutable_bytes buffer) const {
    const scoped_lock lock(core_->mutex);
    const auto at = find(path, links::refuse, operation::read_link);
    if (!at) return at.error();
    if (at->node == nullptr) return no(code::not_found, operation::read_link, path);
    if (at->node->kind != file_kind::link) return no(code::invalid_argument, operation::read_link, path);
    const detail::mem_content& target = at->node->content;
    if (target.size() > buffer.size()) return no(code::too_large, operation::read_link, path);
    std::memcpy(buffer.data(), target.data(), target.size());
    return target.size();
  }

  [[nodiscard]] result<void> remove(path_view path) {
    const scoped_lock lock(core_->mutex);
    const auto at = find(path, links::refuse, operation::remove);
    if (!at) return at.error();
    if (at->node == nullptr) return no(code::not_found, operation::remove, path);
    if (at->node->kind == file_kind::directory) return no(code::is_a_directory, operation::remove, path);
    at->parent->entries.erase(at->name);
    return {};
  }
  [[nodiscard]] result<void> make_dir(path_view path) {
    const scoped_lock lock(core_->mutex);
    auto at = free_place(path, operation::make_dir);
    if (!at) return at.error();
    auto made = core_->tree.make(file_kind::directory, 0777);
    if (made != nullptr) made->parent = at->parent.get();
    return put(*at, detail::moved(made), operation::make_dir, path);
  }
  [[nodiscard]] result<void> remove_dir(path_view path) {
    const scoped_lock lock(core_->mutex);
    const auto at = find(path, links::refuse, operation::remove_dir);
    if (!at) return at.error();
    if (at->node == nullptr) return no(code::not_found, operation::remove_dir, path);
    if (at->node->kind != file_kind::directory) return no(code::not_a_directory, operation::remove_dir, path);
    if (!at->node->entries.empty()) return no(code::not_empty, operation::remove_dir, path);
    if (at->name.size() == 0) return no(code::invalid_argument, operation::remove_dir, path);  // the root, "." or ".."
    detach(*at->node);
    at->parent->entries.erase(at->name);
    return {};
  }

  [[nodiscard]] result<void> for_each_entry(path_view path, entry_visitor visitor) const {
    detail::mem_node at;
    {
      const scoped_lock lock(core_->mutex);
      auto found = directory(path, links::follow, operation::list);
      if (!found) return found.error();
      at = detail::moved(*found);
    }
    // The visitor is called without the lock, and the next name is looked for after it.
    for (path_buffer<255> name;;) {
      file_kind kind = file_kind::unknown;
      {
        const scoped_lock lock(core_->mutex);
        const auto* const next = at->entries.after(name);
        if (next == nullptr) return {};
        name.clear();
        name.append(next->name());
        kind = next->value->kind;
      }
      if (visitor({name, kind}) == visit::stop) return {};
    }
  }

  [[nodiscard]] result<void> sync_dir(path_view path) const {
    const scoped_lock lock(core_->mutex);
    const auto at = directory(path, links::follow, operation::sync_dir);
    if (!at) return at.error();
    return {};
  }
  [[nodiscard]] result<void> sync_all(path_view path) const {
    const auto there = stat(path);
    if (!there) return there.error();
    return {};
  }

  [[nodiscard]] result<basic_mem_fs> open_dir(path_view path, links links = links::follow) const {
    const scoped_lock lock(core_->mutex);
    const auto at = directory(path, links, operation::open_dir);
    if (!at) return at.error();
    return basic_mem_fs(core_, *at);
  }

  [[nodiscard]] struct backend_id backend_id() const noexcept { return {0x6d656d, core_->instance}; }
  [[nodiscard]] struct nonce nonce() {
    const scoped_lock lock(core_->mutex);
    return {core_->instance, 1, 1, ++core_->serial};
  }
  // Whoever writes here lives: the files end with the process.
  [[nodiscard]] writer_state writer(const struct nonce& name) const noexcept {
    return name.place == core_->instance ? writer_state::alive : writer_state::unknown;
  }

 private:
  enum class existing_name : std::uint8_t { replace, refuse };

  basic_mem_fs(detail::mem_ref<detail::mem_core<S>> core, detail::mem_node start) noexcept
      : core_(detail::moved(core)), start_(detail::moved(start)) {}

  [[nodiscard]] static failure no(enum code code, enum operation operation, path_view path) noexcept {
    return failure(code, operation).about({path.data(), path.size()});
  }
  [[nodiscard]] result<detail::mem_place> find(path_view path, links links, enum operation operation) const {
    return core_->tree.find(start_, path, links, operation);
  }
  // Where a new name can go: nothing is there, and its directory is.
  [[nodiscard]] result<detail::mem_place> free_place(path_view path, enum operation operation) const {
    auto at = find(path, links::refuse, operation);
    if (!at) return at;
    if (at->node != nullptr) return no(code::already_exists, operation, path);
    if (at->parent->removed) return no(code::not_found, operation, path);
    return at;
  }
  [[nodiscard]] static result<void> put(const detail::mem_place& at, detail::mem_node node, enum operation operation,
                                        path_view path) {
    if (node != nullptr && at.parent->entries.insert(at.name, detail::moved(node))) return {};
    return no(code::no_space, operation, path);
  }
  static void detach(detail::mem_inode& directory) noexcept {
    directory.removed = true;
    directory.parent = nullptr;
  }
  [[nodiscard]] result<detail::mem_node> directory(path_view path, links links, enum operation operation) const {
    const auto at = find(path, links, operation);
    if (!at) return at.error();
    if (at->node == nullptr) return no(code::not_found, operation, path);
    if (at->node->kind == file_kind::link) return no(code::invalid_argument, operation, path);
    if (at->node->kind != file_kind::directory) return no(code::not_a_directory, operation, path);
    return at->node;
  }
  [[nodiscard]] result<file_info> stat_by(path_view path, links links) const {
    const scoped_lock lock(core_->mutex);
    const auto at = find(path, links, operation::stat);
    if (!at) return at.error();
    if (at->node == nullptr) return no(code::not_found, operation::stat, path);
    const detail::mem_inode& node = *at->node;
    return file_info{node.kind, node.content.size(), node.about.modified_ns};
  }

  [[nodiscard]] result<void> move(path_view from, const basic_mem_fs& other, path_view to, existing_name existing) {
    if (other.core_ != core_) return no(code::unsupported, operation::rename, to);
    const scoped_lock lock(core_->mutex);
    const auto source = find(from, links::refuse, operation::rename);
    if (!source) return source.error();
    const auto target = other.find(to, links::refuse, operation::rename);
    if (!target) return target.error();
    if (source->node == nullptr) return no(code::not_found, operation::rename, from);
    if (source->name.size() == 0 || (target->node != nullptr && target->name.size() == 0))
      return no(code::busy, operation::rename, to);
    if (target->parent->removed) return no(code::not_found, operation::rename, to);
    const bool moves_directory = source->node->kind == file_kind::directory;
    if (target->node != nullptr) {
      if (existing == existing_name::refuse) return no(code::already_exists, operation::rename, to);
      if (target->node == source->node) return {};
      const bool onto_directory = target->node->kind == file_kind::directory;
      if (!moves_directory && onto_directory) return no(code::is_a_directory, operation::rename, to);
      if (moves_directory && !onto_directory) return no(code::not_a_directory, operation::rename, to);
      if (onto_directory && !target->node->entries.empty()) return no(code::not_empty, operation::rename, to);
    }
    if (!moves_directory && target->as_directory) return no(code::not_a_directory, operation::rename, to);
    if (moves_directory && detail::mem_tree::is_within(target->parent.get(), source->node.get()))
      return no(code::invalid_argument, operation::rename, to);
    const detail::mem_node moved = source->node;
    if (target->node == nullptr) {
      PERDURE_TRY(put(*target, moved, operation::rename, to));
    } else {
      if (target->node->kind == file_kind::directory) detach(*target->node);
      target->parent->entries.find(target->name)->value = moved;
    }
    source->parent->entries.erase(source->name);
    if (moves_directory) moved->parent = target->parent.get();
    return {};
  }

  detail::mem_ref<detail::mem_core<S>> core_;
  detail::mem_node start_;
};

#if PERDURE_HAS_POSIX || !defined(_WIN32)
using mem_fs = basic_mem_fs<>;
static_assert(Fs<mem_fs>);
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_MEM_FS_HPP
